package console

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestStepsOf(t *testing.T) {
	t.Parallel()
	page := "text\n```sh\n$ no\n```\n```console\n# Note.\n$ a \\\n    b\n1\n2\n\n# 15 minutes later\n$ c\n```\nmore\n```console\n# 1 hour later, after dinner:\n```\n"
	assert.Equal(t, []step{
		{command: "a \\\n    b\n", output: "1\n2\n"},
		{later: 15 * time.Minute},
		{command: "c\n"},
		{later: time.Hour},
	}, stepsOf(page))
}

func TestPattern(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, step{output: "a … (c)\nd\n"}.pattern(), "a b b (c)\nd")
	assert.NotRegexp(t, step{output: "a … c\n"}.pattern(), "a b\nc\n")
	assert.NotRegexp(t, step{output: "a\n"}.pattern(), "a\nb\n")
	assert.NotRegexp(t, step{}.pattern(), "a\n")
}

func TestWithoutSettings(t *testing.T) {
	t.Parallel()
	environ := []string{"A=1", "JWT_SECRET_KEY=x", "https_proxy=x", "HTTP_PROXY=x", "B=JWT_"}
	assert.Equal(t, []string{"A=1", "B=JWT_"}, withoutSettings(environ))
}
