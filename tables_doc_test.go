package ginjwt_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var (
	docHead   = regexp.MustCompile(`^-+:?$`)
	docSymbol = regexp.MustCompile("`(?:ginjwt\\.|jwt\\.)?(\\w+)")
)

// docColumn returns the names in backquotes, without what follows them, in a column of
// the table whose head begins with these cells.
func docColumn(t *testing.T, page string, column int, head ...string) (names []string) {
	t.Helper()
	inTable := false
	for line := range strings.SplitSeq(docRead(t, page), "\n") {
		cells := docCells(line)
		switch {
		case len(cells) < len(head):
			inTable = false
		case slices.Equal(cells[:len(head)], head):
			inTable = true
		case inTable && !docHead.MatchString(cells[0]):
			for _, found := range docSymbol.FindAllStringSubmatch(cells[column], -1) {
				names = append(names, found[1])
			}
		}
	}
	require.NotEmpty(t, names, "%s has no such table: %v", page, head)
	return names
}

// exported returns the functions of a folder that others see, by their first result.
func exported(t *testing.T, dir string) map[string][]string {
	t.Helper()
	names := map[string][]string{}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.IsExported() {
				names[resultOf(f)] = append(names[resultOf(f)], f.Name.Name)
			}
		}
	}
	return names
}

// resultOf returns the type of the first result, if that is a name.
func resultOf(f *ast.FuncDecl) string {
	if f.Type.Results != nil {
		if name, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok {
			return name.Name
		}
	}
	return ""
}

func fieldsOf(kind reflect.Type) (names []string) {
	for _, field := range reflect.VisibleFields(kind) {
		if field.IsExported() {
			names = append(names, field.Name)
		}
	}
	return names
}

func methodsEndingIn(suffix string) (names []string) {
	for method := range reflect.TypeFor[*ginjwt.JWTManager]().Methods() {
		if strings.HasSuffix(method.Name, suffix) {
			names = append(names, method.Name)
		}
	}
	return names
}

// The tables that list what the code has list all of it, and nothing else.
func TestTablesInTheDocsAreWhole(t *testing.T) {
	t.Parallel()
	without := func(names []string, others ...string) []string {
		return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(others, name) })
	}
	for name, test := range map[string]struct{ code, docs []string }{
		"helpers for tests":  {append(slices.Concat(slices.Collect(maps.Values(exported(t, "jwttest")))...), "Clock"), docColumn(t, "docs/testing.md", 0, "function", "what it does")},
		"fields of a key":    {without(fieldsOf(reflect.TypeFor[keys.Key]()), "Sign", "Verify"), docColumn(t, "docs/keys.md", 0, "field", "in a JWK")},
		"fields of an error": {fieldsOf(reflect.TypeFor[ginjwt.Error]()), docColumn(t, "docs/custom-errors.md", 0, "field", "what it is")},
		"fields of a status": {fieldsOf(reflect.TypeFor[store.ListStatus]()), docColumn(t, "docs/revocation.md", 0, "field", "what it tells")},
		"handlers": {without(methodsEndingIn("Handler"), "HTTPHandler"),
			append(docColumn(t, "docs/sessions.md", 0, "handler", "route"), "TicketHandler", "JWKSHandler", "MetadataHandler", "ResourceMetadataHandler")},
		"loaders": {without(methodsEndingIn("Loader"), "InsufficientScopeLoader", "ErrorLoader"), docColumn(t, "docs/from-flask.md", 1, "Python", "Go", "what the result means")},
	} {
		docs := slices.Compact(slices.Sorted(slices.Values(test.docs)))
		assert.ElementsMatch(t, test.code, docs, name)
	}
}

func TestEveryOptionIsInTheDocs(t *testing.T) {
	t.Parallel()
	all := ""
	for _, page := range docPages(t) {
		if page != "CHANGELOG.md" {
			all += docRead(t, page)
		}
	}
	for kind, names := range exported(t, ".") {
		for _, name := range names {
			if strings.HasSuffix(kind, "Option") {
				assert.True(t, regexp.MustCompile(`\b`+name+`\b`).MatchString(all), "no page names %s", name)
			}
		}
	}
}

// The numbers of things that the pages tell.
func TestNumbersInTheDocs(t *testing.T) {
	t.Parallel()
	cases, _ := loadParity(t)
	responding := 0
	for method := range reflect.TypeFor[*ginjwt.JWTManager]().Methods() {
		if method.Type.NumIn() == 2 && method.Type.In(1) == reflect.TypeFor[ginjwt.ErrorHandler]() && method.Name != "ErrorLoader" {
			responding++
		}
	}
	original := len(methodsEndingIn("Loader")) - 2 // without InsufficientScopeLoader and ErrorLoader
	words := map[int]string{8: "Eight", 17: "Seventeen"}
	for _, said := range []struct{ page, text string }{
		{"README.md", "**" + words[original+2] + " callbacks**"},
		{"README.md", fmt.Sprintf("%d cases recorded", len(cases))},
		{"CHANGELOG.md", fmt.Sprintf("All %d loaders of Flask-JWT-Extended, `InsufficientScopeLoader`, and `ErrorLoader`", original)},
		{"docs/custom-errors.md", words[responding] + " loaders each respond to one or a few kinds of refusals."},
	} {
		assert.Contains(t, docRead(t, said.page), said.text, said.page)
	}
}
