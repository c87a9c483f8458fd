//go:build unix

package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file keeps its owner when root changes it.
func TestChangeKeepsTheOwner(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json")
	path := filepath.Join(u.dir, "keys.json")
	owner := os.Geteuid()
	if owner == 0 { // only root can change the owner of a file
		owner = 65534
	}
	require.NoError(t, os.Chown(path, owner, -1))
	u.ok("key", "rotate", "./keys.json")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, uint32(owner), info.Sys().(*syscall.Stat_t).Uid)
}

// A command that is stopped during a change changes nothing, and leaves no file behind.
// The whole process gets the signal, so this test does not run in parallel.
func TestStoppedInAChange(t *testing.T) {
	u := newUser(t)
	u.write("keys.json", "before")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	err := (&app{}).change(filepath.Join(u.dir, "keys.json"), func([]byte) ([]byte, error) {
		err := syscall.Kill(os.Getpid(), syscall.SIGTERM)
		<-stop
		signal.Stop(stop) // returns after the signal was delivered
		return []byte("after"), err
	})
	assert.EqualError(t, err, filepath.Join(u.dir, "keys.json")+": stopped; nothing was changed")
	assert.Equal(t, "before", u.read("keys.json"))
	entries, err := os.ReadDir(u.dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}
