package shape

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A figure says nothing without the least that the work can cost. An attacker chooses the most
// expensive input. So each public package has a benchmark with both.
func TestPublicPackagesHaveABenchmarkWithFloorAndHostileInput(t *testing.T) {
	t.Parallel()
	for name := range mayImport {
		if !strings.HasPrefix(name, "internal/") {
			assert.True(t, hasBenchmark(t, name), "package %q has no benchmark with the sub-benchmarks floor/… and hostile/…", name)
		}
	}
}

// hasBenchmark reports whether a benchmark of the package has names that begin with floor/ and
// with hostile/.
func hasBenchmark(t *testing.T, name string) bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(name), "*_test.go"))
	require.NoError(t, err)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && strings.HasPrefix(f.Name.Name, "Benchmark") && hasText(f, `"floor/`) && hasText(f, `"hostile/`) {
				return true
			}
		}
	}
	return false
}

// hasText reports whether a string in f begins with prefix.
func hasText(f *ast.FuncDecl, prefix string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		text, ok := n.(*ast.BasicLit)
		found = found || ok && strings.HasPrefix(text.Value, prefix)
		return true
	})
	return found
}
