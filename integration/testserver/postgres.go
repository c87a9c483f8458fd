package testserver

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Postgres starts a PostgreSQL server with the superuser and the database
// postgres, and no password. Settings are as in "max_connections=20".
//
// It runs with fsync=off: what was committed survives Kill, since the kernel
// has it by then, and would be lost only with the kernel. "fsync=on" makes
// commits as slow as they are elsewhere, "synchronous_commit=off" makes them
// faster and loses the last of them.
func Postgres(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	return run(tb, postgresKind(tb, settings))
}

var postgresTemplate template

// Shared memory in files goes with the directory.
var postgresSettings = []string{
	"listen_addresses=127.0.0.1",
	"unix_socket_directories=",
	"dynamic_shared_memory_type=mmap",
	"shared_buffers=32MB",
	"fsync=off",
}

func postgresKind(tb testing.TB, settings []string) kind {
	tb.Helper()
	initdb, err := filepath.EvalSymlinks(Program(tb, "initdb", "postgresql"))
	if err != nil {
		tb.Fatalf("testserver: %v", err)
	}
	postgresTemplate.fill(tb, "postgres", func(parent string) error { return initialisePostgres(initdb, parent) })
	return kind{
		name:      "postgres",
		prepare:   func(s *Server) error { return postgresTemplate.copyTo(s.data()) },
		configure: nothing,
		command: func(s *Server) *exec.Cmd {
			args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port())}
			for _, setting := range slices.Concat(postgresSettings, settings) {
				args = append(args, "-c", setting)
			}
			return asPostgres(exec.Command(filepath.Join(filepath.Dir(initdb), "postgres"), args...), s.dir)
		},
		answers: postgresAnswers,
		dsn: func(addr string) string {
			return "postgres://postgres@" + addr + "/postgres?sslmode=disable"
		},
		killed: removeSharedMemory,
		// The children outlive a killed postmaster until they look for it;
		// SIGQUIT makes it end them at once.
		deathSignal: syscall.SIGQUIT,
	}
}

func initialisePostgres(initdb, parent string) error {
	if uid, gid, other := postgresUser(); other {
		if err := os.Chown(parent, uid, gid); err != nil {
			return err
		}
	}
	cmd := exec.Command(initdb, "--pgdata", filepath.Join(parent, "data"), "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C", "--username", "postgres", "--no-sync")
	return output(asPostgres(cmd, parent))
}

// asPostgres makes a command run as a user that PostgreSQL accepts.
func asPostgres(cmd *exec.Cmd, dir string) *exec.Cmd {
	if uid, gid, other := postgresUser(); other {
		runAs(cmd, uid, gid)
	}
	return in(dir, cmd)
}

// postgresUser names another user if we are root, whom PostgreSQL refuses.
func postgresUser() (uid, gid int, other bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	const nobody = 65534
	u, err := user.Lookup("postgres")
	if err != nil {
		return nobody, nobody, true
	}
	uid, _ = strconv.Atoi(u.Uid)
	gid, _ = strconv.Atoi(u.Gid)
	return uid, gid, true
}

// postgresAnswers logs in, which is refused while the log is replayed.
func postgresAnswers(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, answerTimeout)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(answerTimeout))
	if _, err := conn.Write(postgresStartup()); err != nil {
		return err
	}
	return awaitReadyForQuery(bufio.NewReader(conn))
}

// postgresStartup is the first message of a connection: its length, which
// counts itself, the version of the protocol and parameters.
func postgresStartup() []byte {
	const version3, headLength = 3 << 16, 8
	parameters := "user\x00postgres\x00database\x00postgres\x00\x00"
	message := binary.BigEndian.AppendUint32(nil, uint32(headLength+len(parameters)))
	message = binary.BigEndian.AppendUint32(message, version3)
	return append(message, parameters...)
}

// awaitReadyForQuery reads messages: a letter, and a length that counts itself.
func awaitReadyForQuery(r *bufio.Reader) error {
	for {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return err
		}
		switch head[0] {
		case 'Z':
			return nil
		case 'E':
			return errors.New("postgres refuses the connection")
		}
		if _, err := r.Discard(int(binary.BigEndian.Uint32(head[1:])) - 4); err != nil {
			return err
		}
	}
}

// removeSharedMemory removes the segment of a killed server, which the kernel
// would keep; its number is in the last but one line of postmaster.pid.
func removeSharedMemory(s *Server) {
	const line = 6
	text, _ := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	if len(lines) <= line {
		return
	}
	var key, id int
	if n, _ := fmt.Sscan(lines[line], &key, &id); n == 2 {
		_ = exec.Command("ipcrm", "--shmem-id", strconv.Itoa(id)).Run()
	}
}
