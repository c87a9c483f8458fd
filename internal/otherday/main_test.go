package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAheadOf(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 23, 59, 59, 5e8, time.UTC)
	for day, want := range map[string]time.Time{
		"2028-02-29":                time.Date(2028, 2, 29, 23, 59, 59, 5e8, time.UTC),
		"1999-12-31":                time.Date(1999, 12, 31, 23, 59, 59, 5e8, time.UTC),
		"2026-11-29":                now,
		"2028-12-31T23:59:50Z":      time.Date(2028, 12, 31, 23, 59, 50, 5e8, time.UTC),
		"2028-12-31T23:59:50+01:00": time.Date(2028, 12, 31, 22, 59, 50, 5e8, time.UTC),
	} {
		for _, now := range []time.Time{now, now.In(time.FixedZone("", 13*3600))} {
			ahead, err := aheadOf(now, day)
			require.NoError(t, err, day)
			assert.Equal(t, want, now.Add(time.Duration(ahead)*time.Second).UTC(), day)
		}
	}
	_, err := aheadOf(now, "2027-02-29")
	assert.EqualError(t, err, `"2027-02-29" is not a day: write 2028-02-29 or 2028-12-31T23:59:50Z`)
}

func TestFlags(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "-overlay=/o -ldflags=-X=time.otherDay=-7", flags("", "/o", -7))
	assert.Equal(t, "-mod=mod -overlay=/o -ldflags=-X=time.otherDay=7", flags("-mod=mod", "/o", 7))
}

// Unknown source of package time is refused.
func TestUnknownSource(t *testing.T) {
	t.Parallel()
	const clock = reading + "}\n"
	_, err := withOtherDay(clock)
	require.NoError(t, err)
	for source, n := range map[string]string{"": "0", clock + clock: "2"} {
		_, err := withOtherDay(source)
		assert.EqualError(t, err, "time.Now must read the clock in one place that this tool knows, but there are "+n+
			": see how this version of Go does it, and change the tool")
	}
}

// clocks is a test that reads all clocks, and a program that it starts.
const clocks = `package clocks

import (
	"os/exec"
	"testing"
	"testing/synctest"
	"time"
)

func TestClocks(t *testing.T) {
	start := time.Now()
	isDay := func(at time.Time) bool { return at.UTC().Format(time.DateOnly) == "2044-02-29" || at.UTC().Format(time.DateOnly) == "2044-03-01" }
	if !isDay(start) {
		t.Errorf("the day is %s", start)
	}
	deadline := start.Round(0).Add(time.Millisecond)
	<-time.After(time.Until(deadline))
	if d := time.Since(start); d < time.Millisecond/2 || d > time.Minute {
		t.Errorf("monotonic: %s passed", d)
	}
	if d := time.Now().Round(0).Sub(start.Round(0)); d < time.Millisecond/2 || d > time.Minute {
		t.Errorf("by the calendar: %s passed", d)
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		time.Sleep(time.Hour)
		if began.UTC().Year() != 2000 || time.Since(began) != time.Hour {
			t.Errorf("the bubble began at %s, and an hour lasts %s", began, time.Since(began))
		}
	})
	out, err := exec.Command("go", "run", "./program").CombinedOutput()
	if at, parseErr := time.Parse(time.RFC3339, string(out)); err != nil || parseErr != nil || !isDay(at) {
		t.Errorf("a program that the test builds: %s, %v", out, err)
	}
}
`

const program = `package main

import (
	"fmt"
	"time"
)

func main() { fmt.Print(time.Now().UTC().Format(time.RFC3339)) }
`

// Tests, and programs that they build, are on the other day; clocks run on.
func TestOtherDay(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	out, err := onOtherDay(t, dir, "2044-02-29", "go", "test", "-vet=off", "-count=1", ".")
	assert.NoError(t, err, "%s", out)
}

// Flags that keep the linker from setting the day cause an error.
func TestOtherLinkerFlags(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	out, err := onOtherDay(t, dir, "2044-02-29", "go", "run", "-ldflags=-s", "./program")
	assert.Error(t, err)
	assert.Contains(t, out, "panic: this program is to run on another day, but other -ldflags keep the linker from telling it which")
}

// The exit status is that of the command.
func TestStatus(t *testing.T) {
	t.Parallel()
	status, err := run("2044-02-29", []string{"sh", "-c", "exit 7"})
	require.NoError(t, err)
	assert.Equal(t, 7, status)
	_, err = run("2044-02-29", []string{filepath.Join(t.TempDir(), "missing")})
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func newModule(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "program"), 0o700))
	for name, text := range map[string]string{"go.mod": "module clocks\n\ngo 1.26\n", "clocks_test.go": clocks, "program/main.go": program} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// onOtherDay runs a command as this tool does, in dir.
func onOtherDay(t *testing.T, dir, day, name string, args ...string) (string, error) {
	t.Helper()
	overlay, err := writeOverlay(t.TempDir())
	require.NoError(t, err)
	ahead, err := aheadOf(machineTime(t), day)
	require.NoError(t, err)
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+flags("", overlay, ahead))
	out, err := c.CombinedOutput()
	return string(out), err
}

// machineTime returns the time of the machine, even if this test itself runs on another day.
func machineTime(t *testing.T) time.Time {
	t.Helper()
	out, err := exec.Command("date", "+%s").Output()
	require.NoError(t, err)
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	require.NoError(t, err)
	return time.Unix(seconds, 0)
}
