package testserver

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func requireLinux(testing.TB) {}

func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func runAs(cmd *exec.Cmd, uid, gid int) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// process is a server and its children.
type process struct {
	pid   int
	ended chan struct{} // closed when it has ended
}

// launch starts a process that gets deathSignal when ours ends.
func launch(cmd *exec.Cmd, deathSignal syscall.Signal) (*process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = deathSignal
	p := &process{ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel sends the signal when the thread ends that started the
		// process: this one waits for it, and is not used for anything else.
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.ended)
		}
	}()
	return p, <-started
}

// kill returns when the process and its children are gone.
func (p *process) kill() {
	if p.hasEnded() {
		return
	}
	family := freeze(p.pid)
	for _, pid := range family {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-p.ended
	for _, pid := range family[1:] { // not ours, so that init waits for them
		until(func() bool { return gone(pid) })
	}
}

// hasEnded reports whether the process has ended, so that its number may by now
// be that of another.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// pause writes whom it stopped to file: see afterExit.
func (p *process) pause(file string) error {
	if p.hasEnded() {
		return errors.New("the server has ended by itself")
	}
	return os.WriteFile(file, []byte(join(freeze(p.pid))+"\n"), 0o644)
}

// resume lets those go on that pause wrote to file, if it did.
func (p *process) resume(file string) error {
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	thaw(split(string(text)))
	return os.Remove(file)
}

// listens reports whether it is this process that listens on the loopback port.
func (p *process) listens(port int) bool {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return false
	}
	inode := listener(string(table), port)
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.pid))
	return slices.ContainsFunc(links, func(link string) bool {
		target, _ := os.Readlink(link)
		return target == "socket:["+inode+"]"
	})
}

// listener finds the socket that listens on a loopback port in /proc/net/tcp.
func listener(table string, port int) (inode string) {
	const localAddress, state, inodeColumn, listening = 1, 3, 9, "0A"
	address := fmt.Sprintf("0100007F:%04X", port)
	for line := range strings.Lines(table) {
		column := strings.Fields(line)
		if len(column) > inodeColumn && column[localAddress] == address && column[state] == listening {
			return column[inodeColumn]
		}
	}
	return "none"
}

// freeze stops a process and then its children, which can be no more by then,
// and returns them all, the process first.
func freeze(pid int) []int {
	_ = syscall.Kill(pid, syscall.SIGSTOP)
	until(func() bool { return stopped(pid) || gone(pid) })
	family := []int{pid}
	for _, child := range children(pid) {
		family = append(family, freeze(child)...)
	}
	return family
}

// thaw lets those go on that freeze returned, children first.
func thaw(family []int) {
	for _, pid := range slices.Backward(family) {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
}

func children(pid int) (of []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		if _, parent := stateAndParent(stat); parent == pid {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
			of = append(of, child)
		}
	}
	return of
}

// stopped reports whether all threads of a process have stopped.
func stopped(pid int) bool {
	stats, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	return len(stats) > 0 && !slices.ContainsFunc(stats, func(stat string) bool {
		state, _ := stateAndParent(stat)
		return state != "T" && state != ""
	})
}

// gone reports whether a process has ended, be it waited for or not.
func gone(pid int) bool {
	state, _ := stateAndParent(fmt.Sprintf("/proc/%d/stat", pid))
	return state == "" || state == "Z" || state == "X"
}

// stateAndParent reads a "stat" of /proc: the number, the name in parentheses,
// which may hold anything, the state and the parent's number.
func stateAndParent(stat string) (state string, parent int) {
	text, _ := os.ReadFile(stat)
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}

func join(pids []int) string {
	return strings.Trim(fmt.Sprint(pids), "[]")
}

func split(pids string) (all []int) {
	for field := range strings.FieldsSeq(pids) {
		pid, _ := strconv.Atoi(field)
		all = append(all, pid)
	}
	return all
}

func until(done func() bool) {
	for deadline := time.Now().Add(patience); !done() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}
