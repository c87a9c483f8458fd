package testserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// victimVariable is set in the copy of this test program that is killed.
const victimVariable = "TESTSERVER_VICTIM"

func TestNothingOutlivesAKilledTestProgram(t *testing.T) {
	t.Parallel()
	pids, dir := killedVictim(t)
	require.Greater(t, len(pids), 10)
	for _, pid := range pids {
		assert.Eventually(t, func() bool { return gone(pid) }, patience, pollStep, pid)
	}
	assert.Eventually(t, func() bool { return !exists(dir) }, patience, pollStep)
}

// TestVictim is what the test above runs in a program of its own and kills. It
// would end with its input, too.
func TestVictim(t *testing.T) {
	if os.Getenv(victimVariable) == "" {
		return
	}
	servers := []*Server{Redis(t), Postgres(t), Postgres(t), MariaDB(t)}
	servers[0].Pause()
	servers[1].Pause()
	for _, s := range servers {
		fmt.Println(join(family(s.process.pid)))
	}
	fmt.Println(runDir.path)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// killedVictim returns the processes of the victim, and its directory.
func killedVictim(t *testing.T) (pids []int, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), victimVariable+"=1")
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var said strings.Builder
	for lines := bufio.NewScanner(output); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if strings.HasPrefix(lines.Text(), "/") {
			return pids, lines.Text()
		}
		pids = append(pids, split(lines.Text())...)
	}
	require.Fail(t, "the victim ended by itself", said.String())
	return nil, ""
}

func TestKillEndsChildren(t *testing.T) {
	t.Parallel()
	s := Postgres(t)
	of := children(s.process.pid)
	require.NotEmpty(t, of)

	s.Kill()

	for _, pid := range of {
		assert.True(t, gone(pid), pid)
	}
}

func TestListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port

	assert.True(t, (&process{pid: os.Getpid()}).listens(port))
	assert.False(t, (&process{pid: os.Getpid()}).listens(port+1))
	assert.False(t, (&process{pid: os.Getppid()}).listens(port))
}

func TestStateOfAProcessWithAnyName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"7 (redis) S 5 7 7 0":       "S 5",
		"7 (a) R 1 (b) ) T 6 7 7 0": "T 6",
		"":                          " 0",
	} {
		file := filepath.Join(t.TempDir(), "stat")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		state, parent := stateAndParent(file)
		assert.Equal(t, want, fmt.Sprint(state, " ", parent), text)
	}
}

func TestFreezeStopsChildrenOfChildren(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/bin/sh", "-c", "sh -c 'cat; exit' ; exit")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Wait() }()
	defer stdin.Close()
	require.Eventually(t, func() bool { return len(family(cmd.Process.Pid)) == 3 }, patience, time.Millisecond)

	all := freeze(cmd.Process.Pid)

	assert.Equal(t, family(cmd.Process.Pid), all)
	for _, pid := range all {
		assert.True(t, stopped(pid))
	}
	thaw(all)
	for _, pid := range all {
		assert.False(t, stopped(pid))
	}
}

// family returns a process, its children, and theirs.
func family(pid int) []int {
	all := []int{pid}
	for _, child := range children(pid) {
		all = append(all, family(child)...)
	}
	return all
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
