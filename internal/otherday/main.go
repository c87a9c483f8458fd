// Command otherday runs a command on another day:
//
//	go run ./internal/otherday 2028-02-29 go test -count=1 ./...
//
// It shows that no test holds a date that real time can pass: a test that mixes
// a date with the clock of the machine is green until that date, and red for
// everybody from then on.
//
// The day is a date, at the present time of day, or a time such as
// 2028-12-31T23:59:50Z. The command gets a GOFLAGS with which Go compiles the
// package time of the installed GOROOT with one change: [time.Now] is as many
// seconds ahead as the day is. So the clock runs on, programs that a test builds
// are on that day too, and all that waits goes by the monotonic clock, which
// stays as it is. Bubbles of testing/synctest have a clock of their own, and keep
// it. The times of files, and servers that are no Go programs, stay on the day of
// the machine.
//
// Nothing depends on a flag or a variable in the programs of this repository:
// what is not compiled by the command has the clock of the machine.
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
		return 0, fmt.Errorf("%q is no day: write 2028-02-29 or 2028-12-31T23:59:50Z", day)
	}
	const secondsOfDay = 24 * 60 * 60
	return date.Unix() - now.Unix()/secondsOfDay*secondsOfDay, nil
}

// flags adds the other clock to the GOFLAGS that there are. The linker sets how
// far it is ahead: so all days share what is compiled.
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

// reading is how [time.Now] reads the clock, the only place where package time
// takes the date from the machine to give it to anybody.
const reading = `func Now() Time {
	sec, nsec, mono := runtimeNow()
`

// otherReading is in a bubble of synctest what reading is.
const otherReading = reading + `	if !runtimeIsBubbled() {
		sec += aheadBy
	}
`

// setting is what the linker sets, and the number in it. Package time cannot
// import strconv.
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

// withOtherDay changes the source of package time. It refuses one that it does
// not know, as a clock that stays where it is would let every test pass.
func withOtherDay(source string) (string, error) {
	if n := strings.Count(source, reading); n != 1 {
		return "", errors.New("time.Now must read the clock in one place that this tool knows, but there are " + strconv.Itoa(n) +
			": see how this version of Go does it, and change the tool")
	}
	return strings.Replace(source, reading, otherReading, 1) + setting, nil
}
