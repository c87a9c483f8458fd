package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noon is the time of the tests.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const testSecret = "Hq4vTz8sWn1yKb6pXe3dRj9mUf2cLa7g"

// user has a directory, an environment and a clock.
type user struct {
	t   *testing.T
	dir string
	env []string
	now time.Time
}

func newUser(t *testing.T, env ...string) *user {
	t.Helper()
	return &user{t: t, dir: t.TempDir(), env: env, now: noon}
}

// result is the exit status and the output of a command.
type result struct {
	status   int
	out, err string
}

// run runs a command. An argument that begins with "./" is a file in the user's
// directory. The output does not contain the directory.
func (u *user) run(stdin string, args ...string) result {
	u.t.Helper()
	args = append([]string{}, args...)
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "./", u.dir+"/")
	}
	var out, err bytes.Buffer
	status := run(args, strings.NewReader(stdin), &out, &err, u.env, func() time.Time { return u.now })
	return result{status, u.shown(out.String()), u.shown(err.String())}
}

func (u *user) shown(text string) string { return strings.ReplaceAll(text, u.dir+"/", "") }

// ok runs a command that must succeed, and returns its output.
func (u *user) ok(args ...string) string {
	u.t.Helper()
	r := u.run("", args...)
	require.Equal(u.t, result{0, r.out, ""}, r, "%v", args)
	return r.out
}

func (u *user) write(name, text string) {
	u.t.Helper()
	require.NoError(u.t, os.WriteFile(filepath.Join(u.dir, name), []byte(text), 0o600))
}

func (u *user) read(name string) string {
	u.t.Helper()
	text, err := os.ReadFile(filepath.Join(u.dir, name))
	require.NoError(u.t, err)
	return string(text)
}

// readJSON reads the output of --json.
func readJSON[T any](t *testing.T, text string) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	require.NoError(t, d.Decode(&v), "%s", text)
	require.False(t, d.More(), "%s", text)
	return v
}

// forged returns a token with any header and payload, signed with testSecret.
func forged(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	mac := hmac.New(sha256.New, []byte(testSecret))
	mac.Write([]byte(signed))
	return signed + "." + encode(mac.Sum(nil))
}

// clockVariable makes the test binary run as ginjwt, at the time of its value.
const clockVariable = "TEST_CLOCK"

// TestMain lets the test binary run as ginjwt with the clock of the user. A binary of go
// build has the clock of the machine.
func TestMain(m *testing.M) {
	if text, ok := os.LookupEnv(clockVariable); ok {
		now, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			panic(err)
		}
		start(func() time.Time { return now })
	}
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

// program runs ginjwt as a separate process with the user's clock.
func (u *user) program(args ...string) *exec.Cmd {
	u.t.Helper()
	path, err := os.Executable()
	require.NoError(u.t, err)
	return u.atTheirTime(exec.Command(path, args...))
}

// shell runs a command line with ginjwt in the PATH. Without bash the test is skipped, but
// it fails in CI.
func (u *user) shell(line string) *exec.Cmd {
	u.t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil && os.Getenv("CI") == "" {
		u.t.Skip("bash is not installed; on Debian it is in the package bash")
	}
	require.NoError(u.t, err)
	path, err := os.Executable()
	require.NoError(u.t, err)
	bin := u.t.TempDir()
	require.NoError(u.t, os.Symlink(path, filepath.Join(bin, "ginjwt")))
	c := u.atTheirTime(exec.Command(bash, "-c", line))
	c.Env = append(c.Env, "PATH="+bin+":/usr/bin:/bin")
	return c
}

func (u *user) atTheirTime(c *exec.Cmd) *exec.Cmd {
	c.Dir = u.dir
	c.Env = append([]string{clockVariable + "=" + u.now.Format(time.RFC3339Nano)}, u.env...)
	return c
}

// The program exits with the status of run.
func TestStatusOfTheProgram(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args   []string
		stdin  string
		status int
	}{
		{[]string{"version"}, "", 0},
		{[]string{"verify", "-"}, "a.b.c", 1},
		{[]string{"doctor"}, "", 2},
		{[]string{"key", "list", "missing.json"}, "", 3},
		{[]string{"vrsion"}, "", 64},
	} {
		u := newUser(t)
		if test.args[0] == "verify" {
			u.env = []string{"JWT_SECRET_KEY=" + testSecret}
		}
		c := u.program(test.args...)
		c.Stdin = strings.NewReader(test.stdin)
		_, _ = c.CombinedOutput()
		assert.Equal(t, test.status, c.ProcessState.ExitCode(), "%v", test.args)
	}
}
