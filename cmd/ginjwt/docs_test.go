package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type step struct{ command, output string }

// sessionOf returns the commands of a page and their output.
func sessionOf(page string) (steps []step) {
	inside := false
	for line := range strings.Lines(page) {
		switch command, isCommand := strings.CutPrefix(line, "$ "); {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console\n"
		case inside && isCommand:
			steps = append(steps, step{command: command})
		case inside:
			steps[len(steps)-1].output += line
		}
	}
	return steps
}

// patternOf returns a pattern for an output: … matches any text of one line, and a line
// that is only … matches any lines.
func patternOf(output string) *regexp.Regexp {
	var pattern strings.Builder
	for line := range strings.Lines(output) {
		if line == "…\n" {
			pattern.WriteString(`(.+\n)+`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".+"))
	}
	return regexp.MustCompile("^" + pattern.String() + "$")
}

// TestSessionInDocs types the commands of docs/cli.md and compares every output.
func TestSessionInDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	require.NoError(t, err)
	steps := sessionOf(string(page))
	require.Greater(t, len(steps), 20, "the session is gone, or is not read as it should be")

	u := newUser(t)
	for _, step := range steps {
		output, _ := u.shell(step.command).CombinedOutput()
		require.Regexp(t, patternOf(step.output), string(output), "the page shows another answer to:\n$ %s", step.command)
	}
}

// changing is what differs from run to run: the ID of a key, and a time.
var changing = regexp.MustCompile(`[\w-]{43}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)

// TestKeysInDocs types the commands with keys on other pages. Each "key new" begins in an empty
// directory.
func TestKeysInDocs(t *testing.T) {
	t.Parallel()
	for name, commands := range map[string]int{"keys.md": 6, "providers.md": 1} {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		require.NoError(t, err)
		var u *user
		for _, step := range sessionOf(string(page)) {
			if !strings.HasPrefix(step.command, "ginjwt ") {
				continue
			}
			if strings.HasPrefix(step.command, "ginjwt key new ") {
				u = newUser(t)
			}
			output, _ := u.shell(step.command).CombinedOutput()
			shown := patternOf(changing.ReplaceAllString(step.output, "…"))
			require.Regexp(t, shown, string(output), "%s shows another answer to:\n$ %s", name, step.command)
			commands--
		}
		assert.Zero(t, commands, "the commands of %s are gone, or are not read as they should be", name)
	}
}

func TestPatternOf(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, patternOf("a … (c)\n…\nd\n"), "a b b (c)\n1\n2\nd\n")
	assert.NotRegexp(t, patternOf("a … c\n"), "a b\nc\n")
	assert.NotRegexp(t, patternOf("a\n"), "a\nb\n")
	assert.NotRegexp(t, patternOf(""), "a\n")
}

// The page has every command.
func TestDocsNameEveryCommand(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	require.NoError(t, err)
	a := &app{out: &printer{}, err: &printer{}}
	for _, c := range a.rootCommand().Commands() {
		assert.True(t, strings.Contains(string(page), "`"+c.Name()), c.Name())
		for _, sub := range c.Commands() {
			assert.True(t, regexp.MustCompile("`(key )?"+sub.Name()+"`").Match(page), sub.CommandPath())
		}
	}
}

// The page has the code of every warning.
func TestDocsNameEveryWarning(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	require.NoError(t, err)
	source, err := os.ReadFile("cautions.go")
	require.NoError(t, err)
	codes := regexp.MustCompile(`i\.warn\("(\w+)"`).FindAllStringSubmatch(string(source), -1)
	require.Greater(t, len(codes), 10)
	for _, code := range codes {
		assert.True(t, strings.Contains(string(page), "`"+code[1]+"`"), code[1])
	}
}
