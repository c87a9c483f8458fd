// Package console types the commands that a page of docs/basics shows, and compares the
// answers with the page.
package console

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Session types the commands of one page.
type Session struct {
	Page    string            // its name in docs/basics, such as "claims.md"
	Servers map[string]string // where the servers listen, by the address on the page
	Clock   *jwttest.Clock    // the clock of the servers: "# 15 minutes later" moves it
	Dir     string            // where the shell runs; empty: an empty directory
	Path    string            // a directory with more programs; empty: none
}

// Run types all commands of the page, and fails if the page shows another answer. On the
// page, … is any text of one line. Without bash and curl the test is skipped, but it fails in CI.
func (s Session) Run(t *testing.T) {
	t.Helper()
	for _, program := range []string{"bash", "curl", "cut"} {
		_, err := exec.LookPath(program)
		if err != nil && os.Getenv("CI") == "" {
			t.Skip(program + " is not installed")
		}
		require.NoError(t, err)
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "basics", s.Page))
	require.NoError(t, err)
	steps := stepsOf(string(page))
	require.Greater(t, len(steps), 2, "the commands are gone, or are not read as they should be")
	shell := s.start(t)
	for _, step := range steps {
		if step.later > 0 {
			s.Clock.Advance(step.later)
			continue
		}
		command := step.command
		for shown, real := range s.Servers {
			command = strings.ReplaceAll(command, shown, real)
		}
		require.Regexp(t, step.pattern(), shell.run(t, command), "%s shows another answer to:\n$ %s", s.Page, step.command)
	}
}

// step is a command and what it answers, or a time that passes.
type step struct {
	command, output string
	later           time.Duration
}

var (
	passes = regexp.MustCompile(`^# (\d+) (second|minute|hour)s? later`)
	units  = map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}
)

// stepsOf returns what the ```console blocks of a page show. A line that ends in a
// backslash goes on in the next line. Empty lines and other remarks are for the reader.
func stepsOf(page string) (steps []step) {
	inside, more := false, false
	for line := range strings.Lines(page) {
		last := len(steps) - 1
		command, typed := strings.CutPrefix(line, "$ ")
		later := passes.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console\n"
		case !inside || line == "\n":
		case typed:
			steps = append(steps, step{command: command})
			more = strings.HasSuffix(line, "\\\n")
		case more:
			steps[last].command += line
			more = strings.HasSuffix(line, "\\\n")
		case later != nil:
			n, _ := strconv.Atoi(later[1])
			steps = append(steps, step{later: time.Duration(n) * units[later[2]]})
		case !strings.HasPrefix(line, "#"):
			steps[last].output += line
		}
	}
	return steps
}

// pattern matches the output of a step. An answer need not end with a line break.
func (s step) pattern() *regexp.Regexp {
	text := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(s.output)), "…", ".+")
	return regexp.MustCompile("^" + text + `\s*$`)
}

// shell is one bash that keeps its variables from command to command.
type shell struct {
	in  io.Writer
	out *bufio.Reader
}

func (s Session) start(t *testing.T) shell {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	bash := exec.CommandContext(ctx, "bash", "--noprofile", "--norc")
	bash.Dir = s.Dir
	if bash.Dir == "" {
		bash.Dir = t.TempDir()
	}
	bash.Env = append(withoutSettings(os.Environ()), "HOME="+bash.Dir, "CURL_HOME="+bash.Dir, "LC_ALL=C")
	if s.Path != "" {
		bash.Env = append(bash.Env, "PATH="+s.Path+string(os.PathListSeparator)+os.Getenv("PATH"))
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
	return shell{in, bufio.NewReader(out)}
}

// withoutSettings returns an environment without settings and proxies.
func withoutSettings(environ []string) []string {
	return slices.DeleteFunc(environ, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.HasPrefix(name, "JWT_") || strings.HasSuffix(strings.ToLower(name), "_proxy")
	})
}

// endOfOutput is no character of any output.
const endOfOutput = '\x04'

// run types a command and returns what it writes.
func (s shell) run(t *testing.T, command string) string {
	t.Helper()
	_, err := io.WriteString(s.in, command+"\nprintf '\\004'\n")
	require.NoError(t, err)
	output, err := s.out.ReadString(endOfOutput)
	require.NoError(t, err, "the shell ended, or did not answer in time, at:\n$ %s\n%s", command, output)
	return strings.TrimSuffix(output, string(endOfOutput))
}
