package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// server is a process that serves one contender.
type server struct {
	name string
	greeting
	cores   cores
	cmd     *exec.Cmd
	input   io.WriteCloser
	answers *json.Decoder
}

// start runs this very program as a server with one core.
func start(ctx context.Context, name, algorithm string, cores cores) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{name: name, cores: cores, cmd: exec.CommandContext(ctx, program, "-serve", name, "-algorithm", algorithm)}
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.cmd.Stderr = os.Stderr
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cores.start(s.cmd); err != nil {
		return nil, err
	}
	s.answers = json.NewDecoder(output)
	if err := s.answers.Decode(&s.greeting); err != nil {
		s.stop()
		return nil, fmt.Errorf("the server of %s did not start: %w", name, err)
	}
	if cores.pinned && s.Cores != 1 {
		s.stop()
		return nil, fmt.Errorf("the server of %s has %d cores instead of one", name, s.Cores)
	}
	return s, nil
}

// ask asks the server a question.
func (s *server) ask(question string, answer any) error {
	if err := json.NewEncoder(s.input).Encode(question); err != nil {
		return err
	}
	return s.answers.Decode(answer)
}

func (s *server) usage() (u usage, err error) {
	err = s.ask(askUsage, &u)
	return u, err
}

func (s *server) stop() {
	_ = s.input.Close()
	_ = s.cmd.Process.Kill() // in case it does not heed its input
	_ = s.cmd.Wait()
}
