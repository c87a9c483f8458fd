//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// keepOwner gives file the owner of the file that it replaces. A service must still be
// able to read its keys after root has rotated them.
func keepOwner(file *os.File, old os.FileInfo) error {
	was, ok := old.Sys().(*syscall.Stat_t)
	if !ok || int(was.Uid) == os.Geteuid() && int(was.Gid) == os.Getegid() {
		return nil
	}
	if err := file.Chown(int(was.Uid), int(was.Gid)); err != nil {
		return fmt.Errorf("another user owns the file and could not read the new one: %w", err)
	}
	return nil
}
