package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/example/internal/console"
)

// TestREADMESession starts the real program, types what the README shows, and
// compares every answer with the one there.
func TestREADMESession(t *testing.T) {
	t.Parallel()
	console.Needs(t, "bash", "curl", "cut", "awk")
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	steps := parseSession(consoleBlock(t, string(readme)))
	require.Greater(t, len(steps), 20, "the session in the README is gone, or is not read as it should be")

	addr := startExample(t)
	shell := console.StartShell(t, t.TempDir(), "")
	for _, step := range steps {
		command := strings.ReplaceAll(step.command, "localhost:8080", addr)
		require.Equal(t, step.output, shell.Run(t, command),
			"the README shows another answer to:\n$ %s", step.command)
	}
}

// TestPrintedCommands types what the program prints, all at once.
func TestPrintedCommands(t *testing.T) {
	t.Parallel()
	console.Needs(t, "bash", "curl", "cut")
	addr := startExample(t)
	printed := &strings.Builder{}
	welcome(printed, "http://"+addr, "data")
	_, commands, _ := strings.Cut(printed.String(), " Try:\n")
	commands, _, _ = strings.Cut(commands, "Or open")

	output := console.StartShell(t, t.TempDir(), "").Run(t, commands)
	for what, pattern := range map[string]string{
		"TOKEN":  `[\w-]{20,}\.[\w-]+\.[\w-]+`,
		"ID":     `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
		"TIME":   `\d{4}-\d\d-\d\dT[\d:.]+Z`,
		"curl/8": `curl/[\d.]+`,
	} {
		output = regexp.MustCompile(pattern).ReplaceAllString(output, what)
	}
	require.Equal(t, `{"id":1,"name":"alice","admin":true}
{"id":1,"name":"alice","admin":true}
{"sessions":[{"id":"ID","device":"curl/8","created_at":"TIME","last_used_at":"TIME","expires_at":"TIME","current":true}]}
{"access_token":"TOKEN","token_type":"Bearer","expires_in":900,"refresh_token":"TOKEN"}
{"msg":"Token has been revoked"}
{"msg":"Token has been revoked"}
`, output)
}

func TestParseSession(t *testing.T) {
	t.Parallel()
	steps := parseSession("# Note.\n$ A=1\n$ echo $A |\n>   cat\n1\n2\n\n$ true\n")
	assert.Equal(t, []step{{"A=1", ""}, {"echo $A |\n  cat", "1\n2\n"}, {"true", ""}}, steps)
}

// step is a command, and what it writes.
type step struct{ command, output string }

// consoleBlock returns the one block of the README that is a session.
func consoleBlock(t *testing.T, markdown string) string {
	t.Helper()
	blocks := regexp.MustCompile("(?ms)^```console\n(.*?)^```$").FindAllStringSubmatch(markdown, -1)
	require.Len(t, blocks, 1, "README.md must have one ```console block")
	return blocks[0][1]
}

// parseSession reads lines of "$ command", "> more of it" and output. Empty
// lines and those with a "# remark" are for the reader.
func parseSession(text string) (steps []step) {
	for line := range strings.Lines(text) {
		last := len(steps) - 1
		switch command, typed := strings.CutPrefix(line, "$ "); {
		case typed:
			steps = append(steps, step{command: strings.TrimSuffix(command, "\n")})
		case line == "\n" || strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "> "):
			steps[last].command += "\n" + strings.TrimSuffix(line[2:], "\n")
		default:
			steps[last].output += line
		}
	}
	return steps
}

// startExample builds and starts this program on a free port, and stops it
// when the test ends. It returns the address.
func startExample(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "example")
	built, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "go build: %s", built)

	dir := filepath.Join(t.TempDir(), "data")
	server := exec.Command(binary, "-addr", "127.0.0.1:0", "-data", dir)
	server.Env = console.WithoutSettings(os.Environ())
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	server.Stderr = log
	stdout, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		assert.NoError(t, server.Process.Signal(syscall.SIGTERM))
		_, _ = io.Copy(io.Discard, stdout)
		assert.NoError(t, server.Wait(), "the program must end well after SIGTERM")
		lines, err := os.ReadFile(log.Name())
		assert.NoError(t, errors.Join(err, log.Close()))
		if t.Failed() {
			t.Logf("the log of the program:\n%s", lines)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "the program ended at once")
	match := regexp.MustCompile(`^Listening on http://(127\.0\.0\.1:\d+), `).FindStringSubmatch(line)
	require.NotNil(t, match, "the program printed %q", line)
	return match[1]
}
