package main

import (
	"archive/zip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small is a module without requirements that passes the whole rehearsal.
func small() tree {
	return good().
		with("README.md", "# Small\n\n```go\npackage main\n"+smallProgram+"```\n\nAnd then:\n\n```text\n"+smallSession+"```\n").
		with("cmd/ginjwt/main.go", smallCommand).
		with("internal/hidden/hidden.go", "package hidden\n\nfunc Hidden() {}\n").
		with("threats/doc.go", "package threats\n").
		with("extra/extra.go", "package extra\n\nconst Extra = 1\n").
		with(consumersDir+"/good/main.go", "package main\n\nimport \"example.com/good\"\n\nfunc main() { good.Good() }\n").
		with(consumersDir+"/extra/main_test.go", "package main\n\nimport (\n\t\"testing\"\n\n\t\"example.com/good/extra\"\n)\n\nfunc TestExtra(t *testing.T) { t.Log(extra.Extra) }\n").
		with("integration/go.mod", "module example.com/good/integration\n")
}

const smallProgram = `
import (
	"fmt"
	"net/http"
	"os"

	"example.com/good"
)

func main() {
	good.Good()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "You are at", r.URL.Path) })
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
`

const smallSession = `$ WHERE=here

$ curl -s localhost:8080/$WHERE
You are at /here
`

const smallCommand = `package main

import (
	"fmt"
	"runtime/debug"
)

func main() {
	info, _ := debug.ReadBuildInfo()
	fmt.Println("ginjwt", info.Main.Version)
}
`

// offline forbids downloads of anything but the module itself.
func offline(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOSUMDB", "off")
}

func TestRehearsal(t *testing.T) {
	offline(t)
	var out strings.Builder
	require.NoError(t, rehearse(t.Context(), small().commit(t), "v0.1.0", &out))
	assert.Contains(t, out.String(), "example.com/good@v0.1.0: 8 files")
	assert.Contains(t, out.String(), "2 commands of its session follow")
	assert.Contains(t, out.String(), "it says: ginjwt v0.1.0")
	assert.Contains(t, out.String(), "good: go.mod 1 direct + 0 indirect, go.sum 1 modules, compiled 1 packages of 1 modules, without Gin")
	assert.Contains(t, out.String(), "extra: go.mod 1 direct + 0 indirect, go.sum 1 modules, compiled 1 packages of 1 modules, without Gin")
}

func TestRehearsalFails(t *testing.T) {
	offline(t)
	readme := small()["README.md"]
	for want, files := range map[string]tree{
		"cannot check what would be released: LICENSE is missing":         small().without("LICENSE"),
		"cannot follow the README: README.md neither has":                 small().with("README.md", "# Small\n"),
		"cannot follow the README: go build":                              small().with("README.md", strings.Replace(readme, "good.Good", "good.Better", 1)),
		"cannot follow the README: README.md shows another answer":        small().with("README.md", strings.Replace(readme, "at /here", "at /there", 1)),
		"cannot follow the README: the program of the README ended":       small().with("README.md", strings.Replace(readme, "good.Good()", "panic(good.Good)", 1)),
		"cannot install the command line: ginjwt version says \"ginjwt":   small().with("cmd/ginjwt/main.go", strings.Replace(smallCommand, "info.Main.Version", "info.GoVersion", 1)),
		"package more has no consumer: write " + consumersDir + "/more":   small().with("more/more.go", "package more\n\ntype More int\n"),
		consumersDir + "/extra is a consumer of a package that is not in": small().with("extra/go.mod", "module example.com/good/extra\n"),
		"consumer of good: go build":                                      small().with("good.go", "package good\n\nfunc Good(int) {}\n").with("README.md", strings.Replace(readme, "good.Good()", "good.Good(1)", 1)),
	} {
		assert.ErrorContains(t, rehearse(t.Context(), files.commit(t), "v0.1.0", &strings.Builder{}), want)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	require.Error(t, rehearse(t.Context(), good().without("LICENSE").commit(t), "v0.1.0", &strings.Builder{}))
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	assert.Empty(t, slices.DeleteFunc(left, func(e os.DirEntry) bool { return !strings.HasPrefix(e.Name(), "release") }))
}

func TestZipHasNoNestedModule(t *testing.T) {
	t.Parallel()
	s, err := commitOf(t.Context(), good().commit(t), filepath.Join(t.TempDir(), "source"))
	require.NoError(t, err)
	proxy := t.TempDir()
	_, _, err = writeProxy(proxy, s, "example.com/good", "v0.1.0")
	require.NoError(t, err)

	archive, err := zip.OpenReader(filepath.Join(proxy, "example.com/good/@v/v0.1.0.zip"))
	require.NoError(t, err)
	defer func() { _ = archive.Close() }()
	var names []string
	for _, file := range archive.File {
		names = append(names, strings.TrimPrefix(file.Name, "example.com/good@v0.1.0/"))
	}
	slices.Sort(names)
	assert.Equal(t, []string{"LICENSE", "go.mod", "good.go"}, names)
}

func TestLinkedProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "hello"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hello", "main.go"), []byte("package main\n"), 0o644))
	readme := "```go\nfunc main() {}\n```\nAll of it is in [hello](hello/main.go).\n```console\n$ curl -s localhost:8080\nhi\n```\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte(readme), 0o644))
	screen, err := readFirstScreen(dir)
	require.NoError(t, err)
	assert.Equal(t, firstScreen{"package main\n", []answer{{"curl -s localhost:8080", "hi\n"}}}, screen)
}

func TestForbiddenModules(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		cost cost
		want string
	}{
		{"ginjwt", cost{direct: []string{gin}, modules: []string{gin}}, ""},
		{"ginjwt", cost{indirect: []string{cobra}}, "the consumer of ginjwt has " + cobra + " in its go.mod"},
		{"sqlstore", cost{direct: []string{gin}}, "the consumer of sqlstore has " + gin + " in its go.mod"},
		{"ginjwt", cost{checksums: []string{goRedis}}, "the consumer of ginjwt has " + goRedis + " in its go.sum"},
		{"sqlstore", cost{modules: []string{gin}}, "the consumer of sqlstore compiles " + gin},
		{"redisstore", cost{direct: []string{goRedis}, modules: []string{goRedis}}, ""},
	} {
		assert.Equal(t, row.want, errorText(row.cost.check(row.name)), fmt.Sprint(row))
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
