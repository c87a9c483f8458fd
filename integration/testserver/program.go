package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Program returns the path of a program, or skips the test if it is not installed.
// Servers are often in directories that only root has in its PATH.
func Program(tb testing.TB, program, debianPackage string) string {
	tb.Helper()
	requireLinux(tb)
	requireClockOfMachine(tb)
	if path, err := exec.LookPath(program); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/lib/postgresql/*/bin"} {
		if found, _ := filepath.Glob(filepath.Join(dir, program)); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	Missing(tb, program+" is not installed; on Debian it is in the package "+debianPackage)
	return ""
}

// requireClockOfMachine skips a test that runs on another day: servers have the clock
// of the machine, and stores refuse one that differs from theirs. Files have it, too.
func requireClockOfMachine(tb testing.TB) {
	tb.Helper()
	file, err := os.CreateTemp(tb.TempDir(), "")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	if time.Since(info.ModTime()).Abs() > time.Hour {
		tb.Skip("the clock of this test is not that of the machine and its servers")
	}
}

// Missing skips a test that needs something, but not in CI, where everything is to be
// tested.
func Missing(tb testing.TB, why string) {
	tb.Helper()
	missing(tb, os.Getenv("CI") != "", why)
}

func missing(tb testing.TB, inCI bool, why string) {
	tb.Helper()
	if inCI {
		tb.Fatal(why)
	}
	tb.Skip(why)
}

// environment is what a server sees of ours: no settings of clients, and
// messages in English.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
}

// in sets where a command runs.
func in(dir string, cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir, cmd.Env = dir, environment()
	return cmd
}
