package testserver

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// template is a data directory that is initialised once in a process and
// copied for every server, as initialising takes a second.
type template struct {
	once sync.Once
	data string
	err  error
}

// fill calls initialise for a directory in which it may make the one named
// "data"; only the first call does anything.
func (t *template) fill(tb testing.TB, name string, initialise func(parent string) error) {
	tb.Helper()
	t.once.Do(func() {
		parent := newDir(tb, name+"-template")
		t.data = filepath.Join(parent, "data")
		t.err = initialise(parent)
	})
	if t.err != nil {
		tb.Fatalf("testserver: %s: %v", name, t.err)
	}
}

func (t *template) copyTo(data string) error {
	return output(exec.Command("cp", "--archive", t.data, data))
}

// output runs a command and adds what it wrote to its error.
func output(cmd *exec.Cmd) error {
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, text)
	}
	return nil
}
