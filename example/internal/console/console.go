// Package console types the commands that a page of the documentation shows, and compares the
// answers with the page.
package console

import (
	"net/http"
	"net/http/httptest"
	"os"
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
	Page    string            // its path below docs, such as "basics/claims.md"
	From    string            // the heading where the commands begin; empty: the top of the page
	Servers map[string]string // where the servers listen, by the address on the page
	Clock   *jwttest.Clock    // the clock of the servers: "# 15 minutes later" moves it
	Dir     string            // where the shell runs; empty: an empty directory
	Path    string            // a directory with more programs; empty: none
}

// RunOn calls Run while handler listens in place of localhost:8080.
func (s Session) RunOn(t *testing.T, handler http.Handler) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.Servers = map[string]string{"localhost:8080": server.Listener.Addr().String()}
	s.Run(t)
}

// Run types all commands of the page, and fails if the page shows another answer. On the
// page, … is any text of one line. Without the programs that pages use the test is skipped,
// but it fails in CI.
func (s Session) Run(t *testing.T) {
	t.Helper()
	Needs(t, "bash", "curl", "cut", "awk")
	steps := stepsOf(s.read(t))
	require.NotEmpty(t, steps, "the commands are gone, or are not read as they should be")
	dir := s.Dir
	if dir == "" {
		dir = t.TempDir()
	}
	shell := StartShell(t, dir, s.Path)
	for _, step := range steps {
		if step.later > 0 {
			s.Clock.Advance(step.later)
			continue
		}
		command := step.command
		for shown, real := range s.Servers {
			command = strings.ReplaceAll(command, shown, real)
		}
		output := shell.Run(t, command)
		for shown, real := range s.Servers {
			output = strings.ReplaceAll(output, real, shown)
		}
		require.Regexp(t, step.pattern(), alike(output), "%s shows another answer to:\n$ %s", s.Page, step.command)
	}
}

// read returns the page from s.From on. A test runs in the directory of its program, which is
// two or three directories below the top.
func (s Session) read(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", s.Page))
	if os.IsNotExist(err) {
		page, err = os.ReadFile(filepath.Join("..", "..", "..", "docs", s.Page))
	}
	require.NoError(t, err)
	_, text, found := strings.Cut(string(page), s.From)
	require.True(t, found, "%s has no heading %s", s.Page, s.From)
	return text
}

// step is a command and what it answers, or a time that passes.
type step struct {
	command, output string
	later           time.Duration
}

var (
	blocks = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
	passes = regexp.MustCompile(`^# (\d+) (second|minute|hour)s? later`)
	sleeps = regexp.MustCompile(`^\$ sleep (\d+); `)
	units  = map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour}
)

// stepsOf returns what the ```console blocks of a page show. Some blocks are only for the
// reader: a block that starts a program, which the test has done, and a block with … in a
// command.
func stepsOf(page string) (steps []step) {
	for _, block := range blocks.FindAllStringSubmatch(page, -1) {
		inBlock := stepsIn(block[1])
		if !slices.ContainsFunc(inBlock, step.isForTheReader) {
			steps = append(steps, inBlock...)
		}
	}
	return steps
}

func (s step) isForTheReader() bool {
	return strings.Contains(s.command, "go run ") || strings.Contains(s.command, "…")
}

// stepsIn returns what one block shows. A line that ends in a backslash goes on in the next
// line. "sleep 5; " before a command moves the clock. Remarks are for the reader.
func stepsIn(block string) (steps []step) {
	more := false
	for line := range strings.Lines(block) {
		if wait := sleeps.FindStringSubmatch(line); wait != nil {
			steps = append(steps, later(wait[1], "second"))
			line = "$ " + line[len(wait[0]):]
		}
		command, typed := strings.CutPrefix(line, "$ ")
		passed := passes.FindStringSubmatch(line)
		last := len(steps) - 1
		switch {
		case typed:
			steps = append(steps, step{command: command})
			more = strings.HasSuffix(line, "\\\n")
		case more:
			steps[last].command += line
			more = strings.HasSuffix(line, "\\\n")
		case passed != nil:
			steps = append(steps, later(passed[1], passed[2]))
		case !strings.HasPrefix(line, "#"):
			steps[last].output += line
		}
	}
	return steps
}

func later(number, unit string) step {
	n, _ := strconv.Atoi(number)
	return step{later: time.Duration(n) * units[unit]}
}

// pattern matches the output of a step. An answer need not end with a line break.
func (s step) pattern() *regexp.Regexp {
	text := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(alike(s.output))), "…", ".+")
	return regexp.MustCompile("^" + text + `\s*$`)
}

// changing is what differs from run to run: the header Date, a UUID, and a JSON string of 32
// random bytes in base64url, such as a key.
var changing = regexp.MustCompile(`Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT` +
	`|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}` + `|"[\w-]{43}"`)

// alike returns output without what changes and without the carriage returns of HTTP headers.
func alike(output string) string {
	return changing.ReplaceAllString(strings.ReplaceAll(output, "\r\n", "\n"), `"(changes)"`)
}
