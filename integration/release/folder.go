package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// folder is the directory and the environment of commands.
type folder struct {
	dir string
	env []string
}

// run runs a command and returns its standard output. The error contains the command and
// its standard error.
func (f folder) run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = f.dir, f.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // for child processes, if the command is stopped
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, indent(stderr.String()))
	}
	return stdout.String(), nil
}

// all runs commands one after the other. Blanks separate the words of a command; quotes
// have no meaning.
func (f folder) all(ctx context.Context, commands ...string) error {
	for _, command := range commands {
		words := strings.Fields(command)
		if _, err := f.run(ctx, words[0], words[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// strangerEnv is the environment of a new user: the module cache is empty, and the
// released version comes from the proxy of the rehearsal. For speed, other modules come
// from the downloads of this machine, if they are there. The checksum database checks all
// modules except the released version, which it does not know yet.
func strangerEnv(ctx context.Context, work, path string) ([]string, error) {
	out, err := folder{dir: work, env: os.Environ()}.run(ctx, "go", "env", "GOPROXY", "GONOSUMDB", "GOMODCACHE", "GOFLAGS")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(out, "\n")
	proxies, noSum, downloads, flags := lines[0], lines[1], filepath.Join(lines[2], "cache", "download"), lines[3]
	return append(os.Environ(),
		"GOPROXY="+fileURL(filepath.Join(work, "proxy"))+","+fileURL(downloads)+","+proxies,
		"GONOSUMDB="+strings.TrimPrefix(noSum+","+path, ","),
		"GONOPROXY=none", // otherwise a private pattern would bypass the proxy of the rehearsal
		"GOMODCACHE="+filepath.Join(work, "modcache"),
		"GOBIN="+filepath.Join(work, "bin"),
		"GOFLAGS="+flags+" -mod=mod -modcacherw -trimpath",
		"GOWORK=off",
	), nil
}

func fileURL(dir string) string { return "file://" + filepath.ToSlash(dir) }

// emptyFolder makes an empty folder with the environment of a new user.
func (r *rehearsal) emptyFolder(name string) (folder, error) {
	dir := filepath.Join(r.work, name)
	return folder{dir: dir, env: r.env}, os.MkdirAll(dir, 0o755)
}
