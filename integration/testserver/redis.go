package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Redis starts a Redis server. The arguments are added to its command line, as in
// "--maxmemory", "1mb".
//
// What it has acknowledged survives Kill, since the kernel has it by then, but is
// not forced to the disk: "--appendfsync", "always" would do that.
func Redis(tb testing.TB, args ...string) *Server {
	tb.Helper()
	return run(tb, redisKind(tb, keepsData, args...))
}

// RedisReplica starts a replica of a Redis server, and returns when it has
// copied it. If Sentinel makes it the master it stays so over Kill and Start.
func RedisReplica(tb testing.TB, of *Server) *Server {
	tb.Helper()
	s := run(tb, redisKind(tb, keepsData+fmt.Sprintf("replicaof %s %d\n", loopback, of.port())))
	s.must(s.eventually(replicates))
	return s
}

const keepsData = `save ""
appendonly yes
appendfsync no
repl-diskless-sync-delay 0
`

// redisKind is a server with a configuration file, to which those that a
// Sentinel watches write their roles.
func redisKind(tb testing.TB, config string, args ...string) kind {
	tb.Helper()
	program := Program(tb, "redis-server", "redis-server")
	return kind{
		name:    "redis",
		prepare: func(s *Server) error { return os.MkdirAll(s.data(), 0o755) },
		configure: func(s *Server) error {
			text := fmt.Sprintf("bind %s\nport %d\ndir %s\n", loopback, s.port(), s.data())
			return os.WriteFile(redisConfigFile(s), []byte(text+config), 0o644)
		},
		command: func(s *Server) *exec.Cmd {
			return in(s.dir, exec.Command(program, append([]string{redisConfigFile(s)}, args...)...))
		},
		answers: func(addr string) error {
			_, err := redisCommand(addr, "PING")
			return err
		},
		dsn:         func(addr string) string { return addr },
		killed:      nothingLeft,
		deathSignal: syscall.SIGKILL,
	}
}

func redisConfigFile(s *Server) string { return filepath.Join(s.dir, "redis.conf") }

func replicates(s *Server) error {
	return redisSays(s, "master_link_status:up", "INFO", "replication")
}

// redisSays sends a command and looks for want in the answer.
func redisSays(s *Server, want string, command ...string) error {
	answer, err := redisCommand(s.addr, command...)
	if err != nil {
		return err
	}
	if !strings.Contains(answer, want) {
		return fmt.Errorf("%s: no %s in: %s", strings.Join(command, " "), want, answer)
	}
	return nil
}
