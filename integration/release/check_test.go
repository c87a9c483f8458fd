package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tree has the contents of a repository by file name.
type tree map[string]string

// good is a module that can be released.
func good() tree {
	return tree{
		"go.mod":         "module example.com/good\n\ngo 1.26\n",
		"LICENSE":        "Do what you like.\n",
		"good.go":        "package good\n\nfunc Good() {}\n",
		"nested/go.mod":  "module example.com/good/nested\n\ngo 1.26\n\nreplace example.com/good => ../\n",
		"nested/main.go": "package main\n\nfunc main() {}\n",
	}
}

// with returns the tree with a changed file.
func (files tree) with(name, text string) tree {
	files[name] = text
	return files
}

func (files tree) without(name string) tree {
	delete(files, name)
	return files
}

// commit makes a repository with the files.
func (files tree) commit(t *testing.T) (repo string) {
	t.Helper()
	repo = t.TempDir()
	for name, text := range files {
		name = filepath.Join(repo, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	git(t, repo, "init", "--quiet")
	git(t, repo, "add", "--all", "--force")
	git(t, repo, "commit", "--quiet", "--allow-empty", "--message", "All")
	return repo
}

func git(t *testing.T, repo string, args ...string) {
	t.Helper()
	author := []string{"-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"}
	cmd := exec.Command("git", append(author, args...)...)
	cmd.Dir = repo
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %v: %s", args, out)
}

// check checks the last commit, as the rehearsal does.
func check(t *testing.T, repo, version string) error {
	t.Helper()
	s, err := commitOf(t.Context(), repo, filepath.Join(t.TempDir(), "source"))
	require.NoError(t, err)
	return s.check(t.Context(), version)
}

func TestGoodTreeMayBeReleased(t *testing.T) {
	t.Parallel()
	require.NoError(t, check(t, good().commit(t), "v0.1.0"))
	require.NoError(t, check(t, good().commit(t), "v1.2.3-rc.1"))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	goMod := good()["go.mod"]
	for what, row := range map[string]struct {
		files tree
		want  string
	}{
		"no go.mod":        {good().without("go.mod"), "there is no go.mod"},
		"replace":          {good().with("go.mod", goMod+"\nreplace example.com/other => ../other\n"), "go.mod replaces example.com/other"},
		"exclude":          {good().with("go.mod", goMod+"\nexclude example.com/other v1.0.0\n"), "go.mod excludes example.com/other@v1.0.0"},
		"nested required":  {good().with("go.mod", goMod+"\nrequire example.com/good/nested v0.1.0\n"), "go.mod requires example.com/good/nested, a module of this repository"},
		"not tidy":         {good().with("go.sum", "example.com/other v1.0.0/go.mod h1:"+strings.Repeat("A", 43)+"=\n"), "go.mod or go.sum is not tidy; run go mod tidy"},
		"no license":       {good().without("LICENSE"), "LICENSE is missing or empty in the commit"},
		"empty license":    {good().with("LICENSE", "\n"), "LICENSE is missing or empty in the commit"},
		"endless license":  {good().with("LICENSE", strings.Repeat("All rights reserved. ", 1<<20)), "module proxies would not serve LICENSE: LICENSE file too large"},
		"name of a device": {good().with("testdata/aux.txt", ""), "module proxies would not serve testdata/aux.txt"},
		"names alike":      {good().with("Good.go", "package good\n"), "case-insensitive file name collision"},
		"vendored":         {good().with("vendor/example.com/other/other.go", "package other\n"), "file is in vendor directory"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, check(t, row.files.commit(t), "v0.1.0"), row.want)
		})
	}
}

func TestSymbolicLinksAreRefused(t *testing.T) {
	t.Parallel()
	repo := good().commit(t)
	require.NoError(t, os.Symlink("good.go", filepath.Join(repo, "link.go")))
	git(t, repo, "add", "link.go")
	git(t, repo, "commit", "--quiet", "--message", "Link")
	require.ErrorContains(t, check(t, repo, "v0.1.0"), "module proxies would not serve link.go: not a regular file")
}

func TestAllRefusalsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	files := good().without("LICENSE").with("testdata/aux.txt", "")
	err := check(t, files.commit(t), "1.0")
	require.ErrorContains(t, err, "LICENSE is missing")
	require.ErrorContains(t, err, "testdata/aux.txt")
	require.ErrorContains(t, err, `the version "1.0" is not like v1.2.3`)
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for version, good := range map[string]bool{
		"v0.1.0": true, "v1.0.0": true, "v0.1.0-rehearsal": true,
		"0.1.0": false, "v0.1": false, "latest": false, "": false, "v0.1.0+build": false,
		"v2.0.0":                             false, // the module path would have to end in /v2
		"v0.0.0-20260101000000-0123456789ab": false, // the version of another commit
	} {
		assert.Equal(t, good, checkVersion("example.com/good", version) == nil, version)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"v0.0.9":          "",
		"v0.1.0":          "the tag v0.1.0 exists and is another commit",
		"nested/v0.1.0":   "the tag nested/v0.1.0 is a release of the nested module nested",
		"elsewhere/notes": "",
	} {
		for _, kind := range []string{"--no-sign", "--annotate"} {
			repo := good().commit(t)
			git(t, repo, "tag", kind, "--message=Tag", tag)
			git(t, repo, "commit", "--quiet", "--allow-empty", "--message", "Later")
			err := check(t, repo, "v0.1.0")
			if want == "" {
				assert.NoError(t, err, tag)
			} else {
				assert.ErrorContains(t, err, want, tag)
			}
		}
	}
}

// The rehearsal still works after the tag was made.
func TestTagOfThisCommit(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"tag", "v0.1.0"}, {"tag", "--message=Tag", "v0.1.0"}} {
		repo := good().commit(t)
		git(t, repo, args...)
		assert.NoError(t, check(t, repo, "v0.1.0"))
	}
}

func TestOnlyWhatIsCommittedCounts(t *testing.T) {
	t.Parallel()
	repo := good().without("LICENSE").commit(t)
	require.NoError(t, os.WriteFile(filepath.Join(repo, "LICENSE"), []byte("Mine.\n"), 0o644))
	s, err := commitOf(context.Background(), repo, filepath.Join(t.TempDir(), "source"))
	require.NoError(t, err)
	assert.Equal(t, "?? LICENSE\n", s.changed)
	assert.ErrorContains(t, s.check(t.Context(), "v0.1.0"), "LICENSE is missing or empty in the commit")
}
