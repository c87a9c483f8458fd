package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// separateCores pins this process to all cores that it may use but the last one, which it
// leaves to the servers. With one core, nothing is pinned.
func separateCores() (cores, error) {
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return cores{}, err
	}
	if may.Count() < 2 {
		return sharedCores(), nil
	}
	c := cores{pinned: true, server: last(may), client: may.Count() - 1}
	may.Clear(c.server)
	runtime.GOMAXPROCS(c.client)
	return c, pinSelf(may)
}

func last(set unix.CPUSet) int {
	core := len(set)*strconv.IntSize - 1
	for !set.IsSet(core) {
		core--
	}
	return core
}

// pinSelf pins all threads of this process. A thread starts with the cores of the one that
// starts it, so the last pass finds none that is new.
func pinSelf(to unix.CPUSet) error {
	done := map[int]bool{}
	for before := -1; before < len(done); {
		before = len(done)
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(id, &to); err != nil && err != unix.ESRCH { // it has ended
				return err
			}
			done[id] = true
		}
	}
	return nil
}

// start starts a server on its core. A process starts with the cores of the thread that
// starts it.
func (c cores) start(cmd *exec.Cmd) error {
	if !c.pinned {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var own, servers unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		return err
	}
	servers.Set(c.server)
	if err := unix.SchedSetaffinity(0, &servers); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &own) }() // it was its own a moment ago
	return cmd.Start()
}
