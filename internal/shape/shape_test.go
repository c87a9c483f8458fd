// Package shape tests the rules of docs/architecture.md: which packages a package may
// import, how long files and functions may be, and which files of the root package may
// use each other's names.
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

// mayImport has the packages of this module that each package may import, as in the table
// of docs/architecture.md. The root package is "".
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
	"internal/gintree":    {},
	"":                    {"internal/base64url", "internal/gintree", "internal/oddtext", "internal/spelling", "internal/strictjson", "internal/untrusted", "keys", "store"},
	"doctor":              {"", "internal/oddtext", "internal/wellknown", "keys", "store"},
	"jwks":                {"internal/untrusted", "keys"},
	"internal/redisdb":    {"internal/idset", "internal/replica"},
	"internal/schema":     {},
	"redisstore":          {"internal/redisdb", "internal/replica", "internal/schema", "store"},
	"internal/sqldb":      {"internal/idset", "internal/replica", "internal/schema"},
	"sqlstore":            {"internal/replica", "internal/sqldb", "store"},
	"storetest":           {"", "jwttest", "store"},
	"jwttest":             {"", "keys"},
	"cmd/ginjwt":          {"", "doctor", "internal/oddtext", "internal/spelling", "internal/wellknown", "keys"},
	"internal/keytest":    {},
	"internal/otherday":   {},
}

// withGin are the packages that import Gin, directly or through another package. No other
// package does.
var withGin = []string{"", "internal/gintree", "doctor", "storetest", "jwttest", "cmd/ginjwt"}

const (
	maxFile     = 400 // lines
	maxFunction = 60  // lines
	maxCycle    = 2   // files of the root package that use each other's names
)

// listed is the output of go list for one package.
type listed struct {
	ImportPath string
	Dir        string
	Export     string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// list returns the packages that args select, without tests, by their import path.
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

// short returns the path of a package inside the module; ours is false for other modules.
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
		assert.True(t, drawn, "package %q is not in mayImport: add it there and to the table in docs/architecture.md", name)
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

// The table of docs/architecture.md has every package. The table of the README has the
// packages that others import.
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
			row := regexp.MustCompile("(?m)^\\| [^|]*" + inTable(name) + "[^|]*\\| ")
			assert.True(t, row.Match(text), "%s has no row for %q", page, name)
		}
	}
}

// inTable returns a package as it is written in the tables.
func inTable(name string) string { return "`" + cmp.Or(name, "ginjwt") + "`" }

func TestTheTableHasTheImports(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "architecture.md"))
	require.NoError(t, err)
	for name, imports := range mayImport {
		var want []string
		for _, imported := range imports {
			want = append(want, inTable(imported))
		}
		row := regexp.MustCompile("(?m)^\\| " + inTable(name) + " \\| [^|]* \\|(.*)\\|$").FindSubmatch(text)
		require.NotNil(t, row, "the table has no row for %q alone", name)
		assert.Equal(t, strings.Join(want, ", "), strings.TrimSpace(string(row[1])), "the imports of %q", name)
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
			assert.LessOrEqual(t, lines, maxFile, "%s is too long: split it by concept", name)
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					length := files.Position(f.End()).Line - files.Position(f.Pos()).Line + 1
					assert.LessOrEqual(t, length, maxFunction, "%s in %s is too long: give its steps names", f.Name, name)
				}
			}
		}
	}
}
