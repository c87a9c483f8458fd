package main

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSafe(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ünïcödé 漢字 🙂":      "Ünïcödé 漢字 🙂",
		"\x1b[31mred\x07":   `\u001b[31mred\u0007`,
		"a\nb\tc\r":         `a\u000ab\u0009c\u000d`,
		"\u009b31m":         `\u009b31m`,
		"abc\u202edcba":     `abc\u202edcba`,
		"zero\u200bwidth":   `zero\u200bwidth`,
		"\xff\xfe":          `\ufffd\ufffd`,
		"\ufffd":            "\ufffd",
		"\U000e0041 tagged": `\udb40\udc41 tagged`,
		"\x7f":              `\u007f`,
	} {
		assert.Equal(t, want, safe(text), "%q", text)
	}
}

func TestPrinterMakesTextSafe(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := &printer{w: &b, color: true}
	p.line("%s %s %d", p.red("%s!", "\x1b[0m"), "a\x1bb", 3)
	assert.Equal(t, "\x1b[1;31m\\u001b[0m!\x1b[0m a\\u001bb 3\n", b.String())
}

func TestColors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env, args string
		color     bool
	}{
		{"", "", false}, // not a terminal
		{"", "--color=always", true},
		{"NO_COLOR=1", "--color=always", true},
		{"CLICOLOR_FORCE=1", "", true},
		{"CLICOLOR_FORCE=0", "", false},
		{"CLICOLOR_FORCE=1 NO_COLOR=1", "", false},
		{"CLICOLOR_FORCE=1", "--color=never", false},
		{"CLICOLOR_FORCE=1", "--color=auto", true},
	} {
		u := newUser(t, strings.Fields(test.env)...)
		r := u.run(forged(`{"alg":"HS256"}`, `{}`), append([]string{"inspect"}, strings.Fields(test.args)...)...)
		assert.Equal(t, test.color, strings.Contains(r.out, "\x1b["), "%s %s", test.env, test.args)
	}
}

// On a terminal the output has colours, and a token cannot send control characters.
func TestTerminal(t *testing.T) {
	t.Parallel()
	token := forged(`{"alg":"HS256"}`, `{"sub":"\u001b[2J\u009b2J"}`)
	for _, test := range []struct {
		env   []string
		color bool
	}{
		{[]string{"TERM=xterm"}, true},
		{[]string{"TERM=dumb"}, false},
		{[]string{"TERM=xterm", "NO_COLOR=1"}, false},
	} {
		c := newUser(t, test.env...).program("inspect", token)
		terminal, err := pty.Start(c)
		require.NoError(t, err)
		var out bytes.Buffer
		_, _ = out.ReadFrom(terminal) // ends with an error when the terminal closes
		require.NoError(t, c.Wait())
		assert.Equal(t, test.color, strings.Contains(out.String(), "\x1b[1mHeader\x1b[0m"), "%v", test.env)
		assert.Contains(t, out.String(), `"\u001b[2J\u009b2J"`)
		assert.NotContains(t, out.String(), "\x1b[2J")
		assert.Contains(t, out.String(), "your shell keeps the token in its history")
	}
}

// On a terminal inspect asks for the token, and reads one line.
func TestPastedToken(t *testing.T) {
	t.Parallel()
	c := newUser(t, "NO_COLOR=1").program("inspect")
	terminal, err := pty.Start(c)
	require.NoError(t, err)
	_, err = terminal.WriteString("Bearer " + forged(`{"alg":"HS256"}`, `{"sub":"alice"}`) + "\n")
	require.NoError(t, err)
	var out bytes.Buffer
	_, _ = out.ReadFrom(terminal)
	require.NoError(t, c.Wait())
	assert.Contains(t, out.String(), "Paste the token, then press Enter:")
	assert.Contains(t, out.String(), `sub  "alice"`)
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	(&printer{w: &b}).table([][]string{{"A", "LONGER", "C"}, {"ünï", "x", ""}, {"\x1b", "y", "z"}})
	assert.Equal(t, "A       LONGER  C\nünï     x\n\\u001b  y       z\n", b.String())
}

// fullDisk accepts some bytes, then fails.
type fullDisk struct{ left int }

func (d *fullDisk) Write(b []byte) (int, error) {
	n := min(d.left, len(b))
	d.left -= n
	if n < len(b) {
		return n, &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
	}
	return n, nil
}

// Output that could not be written changes the exit status.
func TestLostOutput(t *testing.T) {
	t.Parallel()
	u := newUser(t, "JWT_SECRET_KEY="+testSecret)
	u.ok("key", "new", "--out", "./key.json")
	for _, args := range []string{
		"secret", "secret --format env", "secret --json", "key new", "key list ./key.json", "key list ./key.json --json", "key public ./key.json", "jwks ./key.json",
		"mint -s alice", "verify " + aliceToken, "inspect " + aliceToken, "doctor", "doctor --json", "version", "--help", "help key", "completion bash",
	} {
		for _, left := range []int{0, 10} {
			var stderr bytes.Buffer
			args := strings.Fields(strings.ReplaceAll(args, "./", u.dir+"/"))
			status := run(args, strings.NewReader(""), &fullDisk{left}, &stderr, u.env, func() time.Time { return noon })
			assert.Equal(t, 3, status, "%v", args)
			assert.True(t, strings.HasSuffix(stderr.String(), "ginjwt: standard output: no space left on device; the output is incomplete\n"), "%v: %s", args, stderr.String())
		}
	}
	assert.Equal(t, 0, run([]string{"verify", "-q", u.ok("mint", "-s", "alice")}, strings.NewReader(""), &fullDisk{}, &fullDisk{100}, u.env, func() time.Time { return noon }), "there is no output to lose")
}
