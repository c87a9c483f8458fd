//go:build !linux

package main

import "os/exec"

// separateCores pins nothing: the system cannot do it.
func separateCores() (cores, error) { return sharedCores(), nil }

func (cores) start(cmd *exec.Cmd) error { return cmd.Start() }
