package main

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// Servers and clients have different cores. Not parallel: it pins the process of the test.
func TestCoresAreSeparate(t *testing.T) {
	var all unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &all))
	if all.Count() < 2 {
		t.Skip("this process may use one core only")
	}
	procs := runtime.GOMAXPROCS(0)
	defer func() {
		runtime.GOMAXPROCS(procs)
		assert.NoError(t, pinSelf(all))
	}()
	cores, err := separateCores()
	require.NoError(t, err)
	assert.True(t, cores.pinned)
	assert.Equal(t, all.Count()-1, cores.client)
	assert.Equal(t, cores.client, runtime.GOMAXPROCS(0))

	s, err := start(context.Background(), contender.Bare, "HS256", cores)
	require.NoError(t, err)
	defer s.stop()
	for _, thread := range threads(t, s.cmd.Process.Pid) {
		assert.Equal(t, []int{cores.server}, thread)
	}
	for _, thread := range threads(t, os.Getpid()) {
		assert.NotContains(t, thread, cores.server)
		assert.Len(t, thread, cores.client)
	}
}

// threads returns the cores of each thread of a process.
func threads(t *testing.T, process int) (all [][]int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(process) + "/task")
	require.NoError(t, err)
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		require.NoError(t, err)
		var set unix.CPUSet
		if unix.SchedGetaffinity(id, &set) != nil {
			continue // it has ended
		}
		var cores []int
		for core := range len(set) * strconv.IntSize {
			if set.IsSet(core) {
				cores = append(cores, core)
			}
		}
		all = append(all, cores)
	}
	require.NotEmpty(t, all)
	return all
}
