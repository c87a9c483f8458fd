// Package shape tests that the code fits docs/architecture.md: which packages a package may
// import, how long files and functions may be, and which files of the root may need each
// other.
package shape

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/gin-jwt-extended/ginjwt"

// mayImport are the arrows of the drawing: the packages of this module that a package may
// import. The root is "".
var mayImport = map[string][]string{
	"internal/base64url":  {},
	"internal/strictjson": {},
	"internal/spelling":   {},
	"internal/wellknown":  {},
	"internal/oddtext":    {},
	"internal/untrusted":  {},
	"internal/idset":      {},
	"internal/replica":    {"internal/idset", "store"},
	"store":               {"internal/idset"},
	"keys":                {"internal/base64url", "internal/oddtext", "internal/strictjson", "internal/wellknown"},
	"":                    {"internal/base64url", "internal/oddtext", "internal/spelling", "internal/strictjson", "internal/untrusted", "keys", "store"},
	"doctor":              {"", "internal/oddtext", "internal/wellknown", "keys", "store"},
	"jwks":                {"internal/untrusted", "keys"},
	"internal/redisdb":    {"internal/idset", "internal/replica"},
	"internal/schema":     {},
	"redisstore":          {"internal/redisdb", "internal/replica", "internal/schema", "store"},
	"internal/sqldb":      {"internal/idset", "internal/replica", "internal/schema"},
	"sqlstore":            {"internal/replica", "internal/sqldb", "store"},
	"storetest":           {"", "jwttest", "store"},
	"jwttest":             {"", "store"},
	"cmd/ginjwt":          {"", "doctor", "internal/oddtext", "internal/spelling", "internal/wellknown", "keys"},
	"internal/keytest":    {},
	"internal/otherday":   {},
}

// withGin are the packages that need Gin. No other package may import it, even indirectly.
var withGin = []string{"", "doctor", "storetest", "jwttest", "cmd/ginjwt"}

const (
	maxFile     = 400 // lines
	maxFunction = 60  // lines
	maxCycle    = 2   // files of the root that need each other
)

// listed is the output of go list for a package.
type listed struct {
	ImportPath string
	Dir        string
	Export     string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// list returns packages of the module, without tests, by their path in it.
func list(t *testing.T, args ...string) map[string]listed {
	t.Helper()
	command := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Export,GoFiles,Imports,Deps"}, args...)...)
	command.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	packages := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			require.NoError(t, err)
		}
		packages[p.ImportPath] = p
	}
}

// short returns the path of a package in the module.
func short(importPath string) (path string, ours bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func TestPackagesImportByTheDrawing(t *testing.T) {
	t.Parallel()
	for importPath, p := range list(t, "./...") {
		if len(p.GoFiles) == 0 {
			continue // only tests
		}
		name, _ := short(importPath)
		allowed, drawn := mayImport[name]
		assert.True(t, drawn, "package %q is not in the drawing: add it here and in docs/architecture.md", name)
		for _, imported := range p.Imports {
			if to, ours := short(imported); ours {
				assert.True(t, slices.Contains(allowed, to), "package %q must not import %q", name, to)
			}
		}
		if !slices.Contains(withGin, name) {
			assert.False(t, slices.Contains(p.Deps, "github.com/gin-gonic/gin"), "package %q reaches Gin", name)
		}
	}
}

// The table in docs/architecture.md has all packages; the table in README.md has those that
// others may import.
func TestTheTablesOfPackagesAreWhole(t *testing.T) {
	t.Parallel()
	for name := range mayImport {
		pages := []string{"docs/architecture.md", "README.md"}
		if strings.HasPrefix(name, "internal/") {
			pages = pages[:1]
		}
		for _, page := range pages {
			text, err := os.ReadFile(filepath.Join("..", "..", page))
			require.NoError(t, err)
			row := regexp.MustCompile("(?m)^\\| [^|]*`" + cmp.Or(name, "ginjwt") + "`[^|]*\\| ")
			assert.True(t, row.Match(text), "%s has no row for %q", page, name)
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			lines := files.File(file.Pos()).LineCount()
			assert.LessOrEqual(t, lines, maxFile, "%s is two concepts", name)
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					length := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1
					assert.LessOrEqual(t, length, maxFunction, "%s in %s has steps that want names", f.Name, name)
				}
			}
		}
	}
}
