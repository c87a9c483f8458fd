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

// folder is where commands run, and what they see of the environment.
type folder struct {
	dir string
	env []string
}

// run runs a command and returns what it writes to standard output. The error
// has the command and what it wrote to standard error.
func (f folder) run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = f.dir, f.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // for what it started, if it is stopped itself
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, indent(stderr.String()))
	}
	return stdout.String(), nil
}

// all runs commands one after the other, each written as in a shell, but
// without quotes.
func (f folder) all(ctx context.Context, commands ...string) error {
	for _, command := range commands {
		words := strings.Fields(command)
		if _, err := f.run(ctx, words[0], words[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// strangerEnv is the environment of somebody who has never seen our module,
// and has nothing in the module cache. Our version comes from the rehearsal's
// proxy. For speed the downloads of this machine are asked next; checksums are
// looked up all the same, for all modules but ours, which nobody knows yet.
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
		"GONOPROXY=none", // or a private pattern would lead around our proxy
		"GOMODCACHE="+filepath.Join(work, "modcache"),
		"GOBIN="+filepath.Join(work, "bin"),
		"GOFLAGS="+flags+" -mod=mod -modcacherw -trimpath",
		"GOWORK=off",
	), nil
}

func fileURL(dir string) string { return "file://" + filepath.ToSlash(dir) }

// emptyFolder makes a folder in which a stranger begins a module.
func (r *rehearsal) emptyFolder(name string) (folder, error) {
	dir := filepath.Join(r.work, name)
	return folder{dir: dir, env: r.env}, os.MkdirAll(dir, 0o755)
}
