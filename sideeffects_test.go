package ginjwt

import (
	"go/ast"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sideEffects are calls that start goroutines, write files or logs, or reach the network,
// by the path of their package. An empty list stands for all functions.
var sideEffects = map[string][]string{
	"time":     {"AfterFunc"},
	"context":  {"AfterFunc"},
	"os":       {"Create", "CreateTemp", "WriteFile", "OpenFile", "NewFile", "Mkdir", "MkdirAll", "MkdirTemp", "Remove", "RemoveAll", "Rename", "Stdout", "Stderr", "StartProcess"},
	"os/exec":  {},
	"net":      {"Dial", "DialTimeout", "Dialer", "Listen", "LookupHost", "LookupIP", "Resolver", "DefaultResolver"},
	"net/http": {"Get", "Head", "Post", "PostForm", "Client", "DefaultClient", "Transport", "DefaultTransport", "NewRequest", "NewRequestWithContext"},
	"log":      {},
	"log/slog": {"Debug", "Info", "Warn", "Error", "Log", "LogAttrs", "Default", "DebugContext", "InfoContext", "WarnContext", "ErrorContext"},
	"fmt":      {"Print", "Printf", "Println"},
}

// What docs/security.md says about goroutines, files and logs is all that there is.
func TestWhatTheRootDoesBesideRequests(t *testing.T) {
	t.Parallel()
	var found []string
	for _, dir := range []string{".", "keys", "store", "internal/idset", "internal/strictjson", "internal/base64url", "internal/wellknown", "internal/oddtext", "internal/untrusted"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, dir)
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				found = append(found, sideEffectsOf(parsedFile(t, name), name)...)
			}
		}
	}
	assert.ElementsMatch(t, []string{
		"body.go os.CreateTemp", "body.go os.Remove", "body.go os.Remove", "body.go context.AfterFunc", // of a large form
		"contextclocks.go go", "contextset.go go", "contextset.go context.AfterFunc", "contextwatch.go time.AfterFunc", // SessionContext
		"resolver.go go", "resolver.go time.AfterFunc", "resolver.go time.AfterFunc", // IssuerResolver
		"manager.go log/slog.Warn", // settings
		"slogobserver.go log/slog.Default",
	}, found)
}

// sideEffectsOf returns the go statements of a file, and its uses of sideEffects.
func sideEffectsOf(file *ast.File, name string) (found []string) {
	paths := map[string]string{} // of packages, by the names that the file has for them
	for _, spec := range file.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		local := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			local = spec.Name.Name
		}
		paths[local] = path
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, name+" go")
		case *ast.SelectorExpr:
			of, _ := n.X.(*ast.Ident)
			if of == nil {
				return true
			}
			path := paths[of.Name]
			names, isOne := sideEffects[path]
			if isOne && (len(names) == 0 || slices.Contains(names, n.Sel.Name)) {
				found = append(found, name+" "+path+"."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}
