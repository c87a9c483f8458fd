// Package testserver starts real servers for the tests of stores. It can also kill
// them, stop them for a while, and cut their connections. Every server is a separate
// process on a loopback port, with its data in a temporary directory. A server always
// ends with the test that started it.
//
// If the server is not installed, the test is skipped, or fails if the environment
// variable CI is set. On systems other than Linux the test is skipped.
package testserver

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	patience = 60 * time.Second // for what takes moments on an idle machine
	pollStep = 20 * time.Millisecond
	attempts = 5 // at starting, as another may have taken the port
)

// Server is a running server, or one that was killed and may be started again.
// Its methods may be called by any goroutine.
type Server struct {
	tb   testing.TB
	kind kind
	dir  string // its log, its configuration and, in "data", what it stores
	addr string

	mu      sync.Mutex
	process *process // nil while it is killed
}

// kind is what differs from server to server.
type kind struct {
	name        string
	prepare     func(s *Server) error     // fills the empty data directory
	configure   func(s *Server) error     // called once the address is known
	command     func(s *Server) *exec.Cmd // runs it in the foreground
	answers     func(addr string) error   // nil if it serves
	dsn         func(addr string) string
	killed      func(s *Server) // clears what a killed server leaves in the kernel
	deathSignal syscall.Signal  // ends it and all of its children
}

// run starts a server on a port of its own and stops it at the end of the test.
func run(tb testing.TB, k kind) *Server {
	tb.Helper()
	s := &Server{tb: tb, kind: k, dir: newDir(tb, k.name)}
	tb.Cleanup(s.remove)
	s.must(s.kind.prepare(s))
	s.must(s.retry(s.startSomewhere))
	return s
}

// Addr is the address the server listens on, as host:port. It stays the same
// for the life of the Server.
func (s *Server) Addr() string { return s.addr }

// DSN is what a client is opened with: postgres://… for pgx,
// user@tcp(host:port)/database for go-sql-driver/mysql, host:port for Redis.
func (s *Server) DSN() string { return s.kind.dsn(s.addr) }

// Kill ends the server and its children with SIGKILL, and returns when they are
// gone. Killing a killed server does nothing.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kill()
}

// Start starts a server again that was killed or has ended by itself, with the
// same address and the same data, and returns when it answers. Starting a
// running server does nothing.
func (s *Server) Start() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil && !s.process.hasEnded() {
		return
	}
	s.kill() // clears up after one that has ended by itself
	s.must(s.retry(s.start))
}

// Wipe deletes what a killed server stored: the next Start finds it empty.
func (s *Server) Wipe() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		s.must(errors.New("Wipe of a running server: Kill it first"))
	}
	s.must(os.RemoveAll(s.data()))
	s.must(s.kind.prepare(s))
}

// Pause stops the server and its children where they are (SIGSTOP): it keeps
// its connections, and the kernel accepts new ones, but nothing is answered
// until Resume.
func (s *Server) Pause() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		s.must(errors.New("Pause of a killed server"))
	}
	s.must(s.process.pause(s.pausedFile()))
}

// Resume lets a paused server go on. Resuming another does nothing.
func (s *Server) Resume() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	s.must(s.process.resume(s.pausedFile()))
}

// retry repeats a start, as another process may hold the port.
func (s *Server) retry(start func() error) (err error) {
	for range attempts {
		if err = start(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s does not start: %w\n%s", s.kind.name, err, s.logTail())
}

func (s *Server) startSomewhere() (err error) {
	if s.addr, err = FreeAddress(); err != nil {
		return err
	}
	if err := s.kind.configure(s); err != nil {
		return err
	}
	return s.start()
}

func (s *Server) start() error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.kind.command(s)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := launch(cmd, s.kind.deathSignal)
	if err != nil {
		return err
	}
	s.process = p
	if err := s.awaitAnswer(); err != nil {
		s.kill()
		return err
	}
	return nil
}

// awaitAnswer also asks whose port it is: what answers may be the server of
// another process that was quicker.
func (s *Server) awaitAnswer() error {
	deadline := time.After(patience)
	again := time.NewTicker(pollStep)
	defer again.Stop()
	for {
		if s.process.listens(s.port()) && s.kind.answers(s.addr) == nil {
			return nil
		}
		select {
		case <-s.process.ended:
			return errors.New("it ended at once")
		case <-deadline:
			return fmt.Errorf("no answer within %s", patience)
		case <-again.C:
		}
	}
}

// eventually waits until a running server is in the state that reached checks.
func (s *Server) eventually(reached func(*Server) error) (err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pollStep) {
		if err = reached(s); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s: %w\n%s", s.kind.name, err, s.logTail())
}

func (s *Server) kill() {
	if s.process == nil {
		return
	}
	s.process.kill()
	s.process = nil
	_ = os.Remove(s.pausedFile())
	s.kind.killed(s)
}

func (s *Server) remove() {
	s.Kill()
	if err := os.RemoveAll(s.dir); err != nil {
		s.tb.Errorf("testserver: %v", err)
	}
}

func (s *Server) must(err error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatalf("testserver: %v", err)
	}
}

func (s *Server) data() string       { return filepath.Join(s.dir, "data") }
func (s *Server) logFile() string    { return filepath.Join(s.dir, "log") }
func (s *Server) pausedFile() string { return filepath.Join(s.dir, "paused") }

func (s *Server) port() int {
	_, port, _ := net.SplitHostPort(s.addr)
	number, _ := strconv.Atoi(port)
	return number
}

func (s *Server) logTail() string {
	text, _ := os.ReadFile(s.logFile())
	return tail(string(text))
}

// tail is the end of a log, as long as one reads in a failed test.
func tail(log string) string {
	const lines = 30
	all := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func nothing(*Server) error { return nil }
func nothingLeft(*Server)   {}
