package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// greeting is what a server tells about itself.
type greeting struct {
	Address, Token string
}

// serve is the server's process. It ends when its input does, which is when the
// process that started it has ended.
func serve(name, algorithm string, in io.Reader, out io.Writer) error {
	c, keys := contender.Named(name), contender.NewKeys(algorithm)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(greeting{listener.Addr().String(), c.Token(keys)}); err != nil {
		return err
	}
	s := &http.Server{Handler: c.Protected(keys), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		_ = s.Close()
	}()
	if err := s.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// server is a process that serves one contender.
type server struct {
	name string
	greeting
	cmd   *exec.Cmd
	input io.Closer
}

// start runs this very program as a server with one core.
func start(ctx context.Context, name, algorithm string) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{name: name, cmd: exec.CommandContext(ctx, program, "-serve", name, "-algorithm", algorithm)}
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.cmd.Stderr = os.Stderr
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(output).Decode(&s.greeting); err != nil {
		s.stop()
		return nil, fmt.Errorf("the server of %s did not start: %w", name, err)
	}
	return s, nil
}

func (s *server) stop() {
	_ = s.input.Close()
	_ = s.cmd.Process.Kill() // in case it does not heed its input
	_ = s.cmd.Wait()
}
