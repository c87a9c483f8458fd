package ginjwt_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// promisePages are pages on which every promise has a bound and names a test.
var promisePages = []string{"docs/revocation.md", "docs/sessions.md", "docs/running-many-instances.md", "docs/scale.md", "docs/tickets.md", "docs/purpose-tokens.md", "docs/security.md", "docs/tenants.md"}

// A promise stands in a table whose last column has the tests that fail if it is
// broken. No cell is empty, and there are no promises beside the tables.
func TestEveryPromiseNamesATest(t *testing.T) {
	t.Parallel()
	for _, page := range promisePages {
		rows, strays := docPromises(docRead(t, page))
		assert.NotEmpty(t, rows, page)
		assert.Empty(t, strays, "%s: these lines are in no table", page)
		for _, row := range rows {
			assert.NotContains(t, row.cells, "", "%s:%d", page, row.line)
			assert.NotEmpty(t, docTests(row.cells[len(row.cells)-1]), "%s:%d names no test", page, row.line)
		}
	}
}

// Every test that a page names is there.
func TestTestsInDocsExist(t *testing.T) {
	t.Parallel()
	known := map[string]*sourceFolder{}
	for _, page := range docPages(t) {
		for _, named := range docTests(docRead(t, page)) {
			if known[named.dir] == nil {
				known[named.dir] = readFolder(t, named.dir)
			}
			assert.NoError(t, known[named.dir].check(named), page)
		}
	}
}

// promise is a row of a table of promises.
type promise struct {
	line  int
	cells []string
}

const (
	promiseSection = "## What you can rely on"
	testColumn     = "test" // the head of the last column of a table of promises
)

// docPromises returns the rows of all tables of promises of a page, and the items of
// lists where only such a table may be.
func docPromises(page string) (rows []promise, strays []string) {
	inTable, inSection := false, false
	for i, line := range strings.Split(page, "\n") {
		cells := docCells(line)
		switch {
		case strings.HasPrefix(line, "## "):
			inTable, inSection = false, line == promiseSection
		case cells == nil:
			inTable = false
			if inSection && (strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ")) {
				strays = append(strays, line)
			}
		case inTable && strings.Trim(cells[0], "-:") == "" && cells[0] != "": // the line below the head
		case inTable:
			rows = append(rows, promise{i + 1, cells})
		default:
			inTable = cells[len(cells)-1] == testColumn
		}
	}
	return rows, strays
}

// docCells returns the cells of a line of a table.
func docCells(line string) (cells []string) {
	inner, isRow := strings.CutPrefix(line, "|")
	if inner = strings.TrimSuffix(inner, "|"); !isRow {
		return nil
	}
	for cell := range strings.SplitSeq(inner, "|") {
		cells = append(cells, strings.TrimSpace(cell))
	}
	return cells
}

// namedTest is a test as pages name it, such as integration/sqlstore.TestFaults/paused.
type namedTest struct {
	dir, name string
	subtests  []string
}

var docTest = regexp.MustCompile("`([a-z][a-z0-9/]*)\\.(Test[A-Z]\\w*)(/[^`\n]+)?`")

func docTests(text string) (tests []namedTest) {
	for _, found := range docTest.FindAllStringSubmatch(text, -1) {
		named := namedTest{dir: found[1], name: found[2]}
		if found[3] != "" {
			named.subtests = strings.Split(found[3][1:], "/")
		}
		tests = append(tests, named)
	}
	return tests
}

// sourceFolder is what the Go files of a folder have.
type sourceFolder struct {
	tests []string // functions
	texts []string // strings, one of which may be the name of a subtest
}

// readFolder reads the Go files of a package; ginjwt is the root.
func readFolder(t *testing.T, dir string) *sourceFolder {
	t.Helper()
	if dir == "ginjwt" {
		dir = "."
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	folder := &sourceFolder{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && strings.HasPrefix(n.Name.Name, "Test") && strings.HasSuffix(path, "_test.go") {
					folder.tests = append(folder.tests, n.Name.Name)
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
					folder.texts = append(folder.texts, text)
				}
			}
			return true
		})
	}
	return folder
}

func (f *sourceFolder) check(named namedTest) error {
	if !slices.Contains(f.tests, named.name) {
		return fmt.Errorf("%s has no %s", named.dir, named.name)
	}
	for _, name := range named.subtests {
		if !slices.Contains(f.texts, name) {
			return fmt.Errorf("%s: no subtest of %s has the name %q", named.dir, named.name, name)
		}
	}
	return nil
}

func TestDocPromises(t *testing.T) {
	t.Parallel()
	page := "| a | b |\n|---|---|\n| no | promise |\n\n| it holds | after | test |\n|---|---|---|\n| one | | `ginjwt.TestA` |\n" +
		"- fine here\n" + promiseSection + "\n- a stray\n\n| promise | bound | test |\n|---|---:|---|\n| two | 5 s | none |\n## Next\n* fine, too\n"
	rows, strays := docPromises(page)
	assert.Equal(t, []promise{{7, []string{"one", "", "`ginjwt.TestA`"}}, {14, []string{"two", "5 s", "none"}}}, rows)
	assert.Equal(t, []string{"- a stray"}, strays)

	assert.Empty(t, docTests("TestA, `TestA`, `ginjwt.testA`, `ginjwt.Tested`, `x.TestA"))
	assert.Equal(t, []namedTest{{"ginjwt", "TestA", nil}, {"a/b", "TestB", []string{"c, d", "e"}}}, docTests("`ginjwt.TestA`, `a/b.TestB/c, d/e`"))

	folder := readFolder(t, "ginjwt")
	require.NoError(t, folder.check(namedTest{"ginjwt", "TestDocPromises", []string{"- a stray"}}))
	require.Error(t, folder.check(namedTest{"ginjwt", "docTests", nil}))
	require.Error(t, folder.check(namedTest{"ginjwt", "TestDocPromises", []string{"no such" + " subtest"}}))
}
