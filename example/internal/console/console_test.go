package console

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStepsOf(t *testing.T) {
	t.Parallel()
	page := "text\n```sh\n$ no\n```\n```console\n# Note.\n$ a \\\n    b\n1\n\n2\n# 15 minutes later\n$ c\n```\nmore\n" +
		"```console\n$ export A=1\n$ go run ./example\n```\n```console\n$ d\n$ curl localhost/…\n1\n```\n" +
		"```console\n$ sleep 11; e\n# 1 hour later, after dinner:\n```\n"
	assert.Equal(t, []step{
		{command: "a \\\n    b\n", output: "1\n\n2\n"},
		{later: 15 * time.Minute},
		{command: "c\n"},
		{later: 11 * time.Second},
		{command: "e\n"},
		{later: time.Hour},
	}, stepsOf(page))
}

func TestPattern(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, step{output: "a … (c)\nd\n"}.pattern(), "a b b (c)\nd")
	assert.NotRegexp(t, step{output: "a … c\n"}.pattern(), "a b\nc\n")
	assert.NotRegexp(t, step{output: "a\n"}.pattern(), "a\nb\n")
	assert.NotRegexp(t, step{}.pattern(), "a\n")
	assert.NotRegexp(t, step{output: "a\nb\n"}.pattern(), "a\n\nb\n")
}

func TestAlike(t *testing.T) {
	t.Parallel()
	shown := "Date: Sat, 21 Nov 2026 00:55:57 GMT\nSet-Cookie: csrf=a33ef6ad-6214-4722-ad0f-d735b70238fd; Path=/\n\n{\"kid\":\"HBKNjYbXASHip89bcgYtUicK5Fe1cGXd1_vNlhkN2qw\"}"
	for old, other := range map[string]string{
		"\n":                        "\r\n",
		"Sat, 21 Nov 2026 00:55:57": "Sun, 01 Feb 2032 10:00:00",
		"a33ef6ad":                  "00000000",
		"HBKN":                      "----",
	} {
		assert.Equal(t, alike(shown), alike(strings.ReplaceAll(shown, old, other)), old)
	}
	for old, other := range map[string]string{"Date": "Expires", "csrf": "access", "-ad0f-": "-ad0-", "HBKN": "HBK", "kid": "x"} {
		assert.NotEqual(t, alike(shown), alike(strings.ReplaceAll(shown, old, other)), old)
	}
}

// TestAllPagesAreTyped finds pages with commands that no test types.
func TestAllPagesAreTyped(t *testing.T) {
	t.Parallel()
	typed := map[string]bool{"cli.md": true} // by cmd/ginjwt
	named := regexp.MustCompile(`console\.Session\{\s*Page: +"([^"]+)"`)
	readAll(t, filepath.Join("..", ".."), "_test.go", func(_, text string) {
		for _, page := range named.FindAllStringSubmatch(text, -1) {
			typed[page[1]] = true
		}
	})
	require.Greater(t, len(typed), 20, "the tests are not found")
	readAll(t, filepath.Join("..", "..", "..", "docs"), ".md", func(page, text string) {
		assert.True(t, typed[page] || len(stepsOf(text)) == 0, "no test types the commands of docs/%s", page)
	})
}

// readAll calls read for each file below dir whose name has the ending.
func readAll(t *testing.T, dir, ending string, read func(path, text string)) {
	t.Helper()
	tree := os.DirFS(dir)
	require.NoError(t, fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ending) {
			return err
		}
		text, err := fs.ReadFile(tree, path)
		read(path, string(text))
		return err
	}))
}

func TestWithoutSettings(t *testing.T) {
	t.Parallel()
	environ := []string{"A=1", "JWT_SECRET_KEY=x", "https_proxy=x", "HTTP_PROXY=x", "B=JWT_"}
	assert.Equal(t, []string{"A=1", "B=JWT_"}, WithoutSettings(environ))
}
