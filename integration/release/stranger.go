package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// stranger has Go, an empty module cache, and folders of their own.
type stranger struct {
	folder  string
	version string
	env     []string
	source  string // of the module, as the module cache has it
}

func newStranger(ctx context.Context, folder, version string) (*stranger, error) {
	proxies := "file://" + filepath.Join(folder, "proxy")
	before := map[string]string{}
	for _, name := range []string{"GOMODCACHE", "GOPROXY", "GONOSUMDB"} {
		value, err := exec.CommandContext(ctx, "go", "env", name).Output()
		if err != nil {
			return nil, err
		}
		before[name] = strings.TrimSpace(string(value))
	}
	s := &stranger{folder: folder, version: version}
	s.env = append(os.Environ(),
		"GOMODCACHE="+filepath.Join(folder, "modules"),
		"GOFLAGS=-mod=mod -modcacherw", // the cache is removed at the end
		"GOWORK=off",
		"GOBIN="+filepath.Join(folder, "bin"),
		"GOPROXY="+proxies+",file://"+filepath.Join(before["GOMODCACHE"], "cache", "download")+","+before["GOPROXY"],
		"GONOSUMDB="+strings.TrimPrefix(before["GONOSUMDB"]+","+modulePath, ","), // no checksum database knows the rehearsal
	)
	s.source = filepath.Join(folder, "modules", filepath.FromSlash(modulePath)+"@"+version)
	return s, nil
}

// module makes an empty module of the stranger's.
func (s *stranger) module(ctx context.Context, name string) (folder string, err error) {
	folder = filepath.Join(s.folder, name)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	return folder, s.run(ctx, folder, "go", "mod", "init", "example.com/"+name)
}

// run runs a command, and returns what it said if it failed.
func (s *stranger) run(ctx context.Context, folder, name string, args ...string) error {
	_, err := s.output(ctx, folder, name, args...)
	return err
}

func (s *stranger) output(ctx context.Context, folder, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir, command.Env = folder, s.env
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// tidy reports whether the requirements of the module are complete, and no more.
func (s *stranger) tidy(ctx context.Context, _ io.Writer) error {
	if err := s.run(ctx, s.folder, "go", "mod", "download", modulePath+"@"+s.version); err != nil {
		return err
	}
	copied := filepath.Join(s.folder, "source")
	if err := os.CopyFS(copied, os.DirFS(s.source)); err != nil {
		return err
	}
	changes, err := s.output(ctx, copied, "go", "mod", "tidy", "-diff")
	if err != nil {
		return fmt.Errorf("go.mod or go.sum is not tidy: %w\n%s", err, changes)
	}
	return nil
}

// readme compiles the first program of the README in a module with nothing but
// the root, starts it, and sends it a request.
func (s *stranger) readme(ctx context.Context, out io.Writer) error {
	page, err := os.ReadFile(filepath.Join(s.source, "README.md"))
	if err != nil {
		return err
	}
	program, err := firstProgram(string(page))
	if err != nil {
		return err
	}
	folder, err := s.module(ctx, "readme")
	if err != nil {
		return err
	}
	if err := s.run(ctx, folder, "go", "get", modulePath+"@"+s.version); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(program), 0o600); err != nil {
		return err
	}
	if err := s.run(ctx, folder, "go", "build", "-o", "app", "."); err != nil {
		return err
	}
	answer, err := s.ask(ctx, filepath.Join(folder, "app"), "/me")
	if err == nil {
		fmt.Fprintf(out, "  GET /me: %s", answer)
	}
	return err
}

// firstProgram returns the first block of Go of a page, which must be a program.
func firstProgram(page string) (string, error) {
	_, rest, found := strings.Cut(page, "```go\n")
	program, _, closed := strings.Cut(rest, "```")
	if !found || !closed || !strings.HasPrefix(program, "package main\n") {
		return "", errors.New("the first code of README.md is not a whole program")
	}
	return program, nil
}

// ask starts a program on a free port, and returns how it answers.
func (s *stranger) ask(ctx context.Context, program, path string) (string, error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	command := exec.CommandContext(ctx, program)
	command.Env = append(s.env, "PORT="+strconv.Itoa(port), "GIN_MODE=release", "JWT_SECRET_KEY=a rehearsal needs no secret, but 32 bytes")
	if err := command.Start(); err != nil {
		stop()
		return "", err
	}
	defer func() { stop(); _ = command.Wait() }()
	url := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) + path
	for {
		answer, err := get(ctx, url)
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
		select { // it has not begun to listen
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s", response.StatusCode, body), err
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// install installs the command, which must know its version.
func (s *stranger) install(ctx context.Context, out io.Writer) error {
	if err := s.run(ctx, s.folder, "go", "install", modulePath+"/cmd/ginjwt@"+s.version); err != nil {
		return err
	}
	said, err := s.output(ctx, s.folder, filepath.Join(s.folder, "bin", "ginjwt"), "version")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %s", said)
	if !strings.HasPrefix(said, "ginjwt "+s.version+" ") {
		return fmt.Errorf("the command calls itself %q", said)
	}
	return nil
}
