package shape

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Files that use each other's names form a cycle: you cannot understand or change one of them
// without the others.
func TestFilesOfTheRootFormNoLargeCycle(t *testing.T) {
	t.Parallel()
	for _, cycle := range cycles(references(t)) {
		t.Log(cycle)
		assert.LessOrEqual(t, len(cycle), maxCycle, "these files need each other: %v", cycle)
	}
}

// references returns for each file of the root package the other files whose names it uses,
// including methods and fields.
func references(t *testing.T) map[string][]string {
	t.Helper()
	packages := list(t, "-export", "-deps", ".")
	root := packages[module]
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range root.GoFiles {
		file, err := parser.ParseFile(files, filepath.Join(root.Dir, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		parsed = append(parsed, file)
	}
	lookup := func(path string) (io.ReadCloser, error) { return os.Open(packages[path].Export) }
	config := types.Config{Importer: importer.ForCompiler(files, "gc", lookup)}
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	checked, err := config.Check(module, files, parsed, &info)
	require.NoError(t, err)

	uses := map[string][]string{}
	for identifier, object := range info.Uses {
		if object.Pkg() != checked || !object.Pos().IsValid() {
			continue
		}
		from, to := filepath.Base(files.Position(identifier.Pos()).Filename), filepath.Base(files.Position(object.Pos()).Filename)
		if from != to && !slices.Contains(uses[from], to) {
			uses[from] = append(uses[from], to)
		}
	}
	return uses
}

// cycles returns the strongly connected components with more than one file (Tarjan's
// algorithm).
func cycles(uses map[string][]string) (found [][]string) {
	index, low, onStack := map[string]int{}, map[string]int{}, map[string]bool{}
	var stack []string
	var visit func(file string)
	visit = func(file string) {
		index[file], low[file] = len(index)+1, len(index)+1
		stack = append(stack, file)
		onStack[file] = true
		for _, next := range uses[file] {
			if index[next] == 0 {
				visit(next)
				low[file] = min(low[file], low[next])
			} else if onStack[next] {
				low[file] = min(low[file], index[next])
			}
		}
		if low[file] != index[file] {
			return
		}
		start := slices.Index(stack, file)
		component := slices.Clone(stack[start:])
		for _, member := range component {
			onStack[member] = false
		}
		stack = stack[:start]
		if len(component) > 1 {
			slices.Sort(component)
			found = append(found, component)
		}
	}
	for file := range uses {
		if index[file] == 0 {
			visit(file)
		}
	}
	return found
}

func TestCyclesAreFound(t *testing.T) {
	t.Parallel()
	assert.Empty(t, cycles(map[string][]string{"a": {"b"}, "b": {"c"}}))
	assert.Equal(t, [][]string{{"a", "b", "c"}}, cycles(map[string][]string{"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}}))
}
