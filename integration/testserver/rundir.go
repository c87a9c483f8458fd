package testserver

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// runDir is the directory of all servers of this process.
var runDir struct {
	once sync.Once
	path string
	err  error
	// open is closed by the kernel when this process ends.
	open io.WriteCloser
}

// newDir makes a directory for a server, or for what servers are copied from.
func newDir(tb testing.TB, name string) string {
	tb.Helper()
	runDir.once.Do(func() { runDir.err = makeRunDir() })
	if runDir.err != nil {
		tb.Fatalf("testserver: %v", runDir.err)
	}
	dir, err := os.MkdirTemp(runDir.path, name+"-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		tb.Fatalf("testserver: %v", err)
	}
	return dir
}

// makeRunDir makes a directory that other users may pass through, as root has
// to run PostgreSQL as one of them, and that goes when this process ends.
func makeRunDir() (err error) {
	if runDir.path, err = os.MkdirTemp(sharedTemp(), "ginjwt-testserver-"); err != nil {
		return err
	}
	if err = os.Chmod(runDir.path, 0o755); err != nil {
		return err
	}
	return removeAtExit()
}

// sharedTemp is the directory of temporary files, if all may pass through it.
func sharedTemp() string {
	for dir := os.TempDir(); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return "/tmp"
		}
		if dir == filepath.Dir(dir) {
			return os.TempDir()
		}
	}
}

// afterExit ends the servers that are paused, as a stopped process does not
// notice that its parent has died, and removes what PostgreSQL leaves in the
// kernel and the directory: others may need a moment to end.
const afterExit = `read -r _
paused=$(cat "$1"/*/paused 2>/dev/null) && kill -KILL $paused
for lock in "$1"/postgres-*/data/postmaster.pid; do
	[ -f "$lock" ] && sed -n 7p "$lock" | { read -r _ id; ipcrm -m "$id"; }
done
for _ in 1 2 3 4 5 6 7 8 9 10; do
	rm -rf "$1" && exit
	sleep 1
done`

// removeAtExit starts a shell that reads from us until we end, in whatever way,
// and runs the rest of afterExit then.
func removeAtExit() (err error) {
	cmd := exec.Command("/bin/sh", "-c", afterExit, "sh", runDir.path)
	cmd.Dir = "/"
	cmd.SysProcAttr = ownSession()
	if runDir.open, err = cmd.StdinPipe(); err != nil {
		return err
	}
	return cmd.Start()
}
