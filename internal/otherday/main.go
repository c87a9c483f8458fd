// Command otherday runs a command on another day:
//
//	go run ./internal/otherday 2028-02-29 go test -count=1 ./...
//
// It shows that no test contains a date that real time can pass. A test that mixes a fixed
// date with the clock of the machine succeeds until that date, and always fails afterwards.
//
// The day is a date, at the present time of day, or a time such as 2028-12-31T23:59:50Z. The
// command gets a GOFLAGS with which Go compiles the package time of the installed GOROOT
// with one change: [time.Now] is ahead by the seconds until that day. So the clock still
// runs, and programs that a test builds are on that day too. Timers use the monotonic clock,
// which is unchanged. Bubbles of testing/synctest keep their own clock. Times of files, and
// servers that are not Go programs, stay on the day of the machine.
//
// No program of this repository has a flag or variable for this: only programs that the
// command compiles have the other clock.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: otherday DAY COMMAND [ARGUMENT …], where DAY is 2028-02-29 or 2028-12-31T23:59:50Z")
		os.Exit(2)
	}
	status, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "otherday:", err)
		os.Exit(2)
	}
	os.Exit(status)
}

// run runs the command on that day, and returns its exit status.
func run(day string, command []string) (int, error) {
	ahead, err := aheadOf(time.Now(), day)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "otherday")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	overlay, err := writeOverlay(dir)
	if err != nil {
		return 0, err
	}
	c := exec.Command(command[0], command[1:]...)
	c.Env = append(os.Environ(), "GOFLAGS="+flags(os.Getenv("GOFLAGS"), overlay, ahead))
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = c.Run()
	if c.ProcessState != nil { // its status says what went wrong
		return c.ProcessState.ExitCode(), nil
	}
	return 0, err
}

// aheadOf returns how many seconds the day is after now, or before it.
func aheadOf(now time.Time, day string) (int64, error) {
	if at, err := time.Parse(time.RFC3339, day); err == nil {
		return at.Unix() - now.Unix(), nil
	}
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day: write 2028-02-29 or 2028-12-31T23:59:50Z", day)
	}
	const secondsOfDay = 24 * 60 * 60
	return date.Unix() - now.Unix()/secondsOfDay*secondsOfDay, nil
}

// flags adds the other clock to the existing GOFLAGS. The linker sets how far it is ahead,
// so that all days share the compiled packages.
func flags(before, overlay string, ahead int64) string {
	return strings.TrimSpace(fmt.Sprintf("%s -overlay=%s -ldflags=-X=time.otherDay=%d", before, overlay, ahead))
}

// writeOverlay writes into dir what go build -overlay reads, and returns its path.
func writeOverlay(dir string) (string, error) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(goroot)), "src", "time", "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	moved, err := withOtherDay(string(source))
	if err != nil {
		return "", fmt.Errorf("%s: %w", original, err)
	}
	replacement, overlay := filepath.Join(dir, "time.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: replacement}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(replacement, []byte(moved), 0o600), os.WriteFile(overlay, replace, 0o600))
}

// reading is the code with which [time.Now] reads the clock. It is the only place where
// package time returns the date of the machine.
const reading = `func Now() Time {
	sec, nsec, mono := runtimeNow()
`

// otherReading replaces reading. In a bubble of synctest it does the same as reading.
const otherReading = reading + `	if !runtimeIsBubbled() {
		sec += aheadBy
	}
`

// setting declares the variable that the linker sets, and parses its number, because package
// time cannot import strconv.
const setting = `
var otherDay string // set by the linker

var aheadBy = func() (seconds int64) {
	if otherDay == "" {
		panic("this program is to run on another day, but other -ldflags keep the linker from telling it which")
	}
	digits, negative := otherDay, otherDay[0] == '-'
	if negative {
		digits = digits[1:]
	}
	for _, digit := range []byte(digits) {
		seconds = 10*seconds + int64(digit-'0')
	}
	if negative {
		return -seconds
	}
	return seconds
}()
`

// withOtherDay changes the source of package time. It refuses unknown source, because with
// an unchanged clock every test would pass.
func withOtherDay(source string) (string, error) {
	if n := strings.Count(source, reading); n != 1 {
		return "", errors.New("time.Now must read the clock in one place that this tool knows, but there are " + strconv.Itoa(n) +
			": see how this version of Go does it, and change the tool")
	}
	return strings.Replace(source, reading, otherReading, 1) + setting, nil
}
