//go:build !linux

package testserver

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
)

var errOnlyLinux = errors.New("servers are started on Linux only")

func requireLinux(tb testing.TB) {
	tb.Helper()
	tb.Skip(errOnlyLinux)
}

func ownSession() *syscall.SysProcAttr { return nil }

func runAs(*exec.Cmd, int, int) {}

type process struct {
	ended chan struct{}
}

func launch(*exec.Cmd, syscall.Signal) (*process, error) { return nil, errOnlyLinux }

func (p *process) hasEnded() bool      { return true }
func (p *process) kill()               {}
func (p *process) pause(string) error  { return errOnlyLinux }
func (p *process) resume(string) error { return errOnlyLinux }
func (p *process) listens(int) bool    { return false }
