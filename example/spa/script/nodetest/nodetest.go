// Package nodetest runs tests of page scripts in Node.
package nodetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Run runs the test in a file. The test finds the scripts in the same directory, by names
// such as "session.js". Without Node the test is skipped, but it fails in CI.
func Run(t *testing.T, test string, scripts map[string][]byte, env ...string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("the scripts of pages are tested in Node, which is not installed")
	}
	require.NoError(t, err, "the scripts of pages are tested in Node: install it")

	dir := t.TempDir()
	write := func(name string, content []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	for name, code := range scripts {
		write(name, code)
	}
	source, err := os.ReadFile(test)
	require.NoError(t, err)
	write("package.json", []byte(`{"type":"module"}`))
	write("test.mjs", source)

	command := exec.CommandContext(t.Context(), node, "--test-reporter=tap", "--test", "test.mjs")
	command.Dir = dir
	command.Env = append(os.Environ(), env...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Contains(t, string(output), "\n# pass ")
	require.NotContains(t, string(output), "\n# pass 0\n")
}
