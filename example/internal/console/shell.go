package console

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Needs skips a test that types commands if one of the programs is not installed. In CI the test
// fails.
func Needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		_, err := exec.LookPath(program)
		if err != nil && os.Getenv("CI") == "" {
			t.Skip(program + " is not installed")
		}
		require.NoError(t, err)
	}
}

// Shell is one bash that keeps its variables from command to command.
type Shell struct {
	in  io.Writer
	out *bufio.Reader
}

// StartShell starts a shell in a directory, until the test ends. If path is not empty, it is a
// directory with more programs.
func StartShell(t *testing.T, dir, path string) Shell {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	bash := exec.CommandContext(ctx, "bash", "--noprofile", "--norc")
	bash.Dir = dir
	bash.Env = append(WithoutSettings(os.Environ()), "HOME="+dir, "CURL_HOME="+dir, "TMPDIR="+dir, "LC_ALL=C")
	if path != "" {
		bash.Env = append(bash.Env, "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	in, err := bash.StdinPipe()
	require.NoError(t, err)
	out, err := bash.StdoutPipe()
	require.NoError(t, err)
	bash.Stderr = bash.Stdout // what a terminal would show
	require.NoError(t, bash.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = bash.Wait()
		stop()
	})
	_, err = io.WriteString(in, showNoProgress)
	require.NoError(t, err)
	return Shell{in, bufio.NewReader(out)}
}

// WithoutSettings returns an environment in which nothing is configured.
func WithoutSettings(environ []string) []string {
	return slices.DeleteFunc(environ, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.HasPrefix(name, "JWT_") || strings.HasSuffix(strings.ToLower(name), "_proxy") ||
			slices.Contains([]string{"GIN_MODE", "DATABASE_URL", "REDIS_URL"}, name)
	})
}

// showNoProgress makes curl write what it would write to a terminal.
const showNoProgress = `curl() { command curl --no-progress-meter "$@"; }` + "\n"

// endOfOutput is no character of any output.
const endOfOutput = '\x04'

// Run types a command and returns what it writes.
func (s Shell) Run(t *testing.T, command string) string {
	t.Helper()
	_, err := io.WriteString(s.in, command+"\nprintf '\\004'\n")
	require.NoError(t, err)
	output, err := s.out.ReadString(endOfOutput)
	require.NoError(t, err, "the shell ended, or did not answer in time, at:\n$ %s\n%s", command, output)
	return strings.TrimSuffix(output, string(endOfOutput))
}
