package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
)

// source is a commit in a separate folder.
type source struct {
	dir     string
	commit  string
	time    time.Time
	changed string // uncommitted changes in the repository
}

// commitOf clones the current commit of a repository to dir. It does not use git archive,
// because proxies ignore the attributes that leave files out of archives.
func commitOf(ctx context.Context, repo, dir string) (s source, err error) {
	in := folder{dir: repo, env: os.Environ()}
	s.dir = dir
	if _, err = in.run(ctx, "git", "-c", "core.autocrlf=false", "clone", "--quiet", ".", dir); err != nil {
		return s, err
	}
	if s.changed, err = in.run(ctx, "git", "status", "--short"); err != nil {
		return s, err
	}
	in.dir = dir
	head, err := in.run(ctx, "git", "log", "-1", "--format=%H %cI")
	if err != nil {
		return s, err
	}
	commit, when, _ := strings.Cut(strings.TrimSpace(head), " ")
	s.commit = commit
	s.time, err = time.Parse(time.RFC3339, when)
	return s, err
}

// module reads the go.mod of the commit.
func (s source) module() (*modfile.File, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no go.mod")
	}
	if err != nil {
		return nil, err
	}
	return modfile.Parse("go.mod", text, nil)
}

// nested returns the folders of the nested modules.
func (s source) nested() (dirs []string, err error) {
	err = fs.WalkDir(os.DirFS(s.dir), ".", func(name string, _ fs.DirEntry, err error) error {
		if dir := path.Dir(name); path.Base(name) == "go.mod" && dir != "." {
			dirs = append(dirs, dir)
		}
		return err
	})
	return dirs, err
}
