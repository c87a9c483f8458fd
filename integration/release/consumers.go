package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// A consumer is a small program for each public package, in a folder of its
// name; that of the root is in "root". A test file stands for a package that is
// for tests.
//
//go:embed consumers
var consumerFiles embed.FS

// forbidden are modules that a consumer of a package must not compile. What stands
// under "all" holds for each but those that name a module of their own.
var forbidden = map[string][]string{
	"root":       {"github.com/redis/go-redis/v9", "github.com/go-jose/go-jose/v4", "github.com/spf13/cobra"},
	"store":      {gin, "github.com/golang-jwt/jwt/v5"},
	"keys":       {gin},
	"jwks":       {gin},
	"redisstore": {gin, "github.com/golang-jwt/jwt/v5"},
	"sqlstore":   {gin, "github.com/golang-jwt/jwt/v5", "github.com/redis/go-redis/v9"},
}

const gin = "github.com/gin-gonic/gin"

// consumers compiles a consumer of each public package that the module has, and
// says what it got.
func (s *stranger) consumers(ctx context.Context, out io.Writer) error {
	names, err := s.packages(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-11s %s\n", "", "go.mod: lines  compiled: modules  packages  Gin")
	for _, name := range names {
		if err := s.consume(ctx, out, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// packages returns the public packages of the module.
func (s *stranger) packages(ctx context.Context) (names []string, err error) {
	listed, err := s.output(ctx, filepath.Join(s.folder, "source"), "go", "list", "-f", "{{if .GoFiles}}{{if ne .Name `main`}}{{.ImportPath}}{{end}}{{end}}", "./...")
	if err != nil {
		return nil, err
	}
	for importPath := range strings.FieldsSeq(listed) {
		name := strings.TrimPrefix(strings.TrimPrefix(importPath, modulePath), "/")
		if name == "" {
			name = "root"
		}
		if !strings.HasPrefix(name, "internal/") {
			names = append(names, name)
		}
	}
	return names, nil
}

func (s *stranger) consume(ctx context.Context, out io.Writer, name string) error {
	folder, err := s.module(ctx, "consumer-"+name)
	if err != nil {
		return err
	}
	if err := copyConsumer(folder, name); err != nil {
		return err
	}
	importPath := path.Join(modulePath, strings.TrimPrefix(name, "root"))
	if err := s.run(ctx, folder, "go", "get", importPath+"@"+s.version); err != nil {
		return err
	}
	if err := s.run(ctx, folder, "go", "mod", "tidy"); err != nil {
		return err
	}
	if err := s.run(ctx, folder, "go", "vet", "./..."); err != nil {
		return err
	}
	return s.report(ctx, out, folder, name)
}

// copyConsumer copies the files of a consumer. One that there is not has been
// forgotten when its package was made.
func copyConsumer(folder, name string) error {
	files, err := fs.Glob(consumerFiles, "consumers/"+name+"/*.go")
	if err != nil || len(files) == 0 {
		return errors.Join(err, errors.New("has no consumer: write one beside the others"))
	}
	for _, file := range files {
		text, err := consumerFiles.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, path.Base(file)), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// report says what a consumer got, and refuses what it should not have.
func (s *stranger) report(ctx context.Context, out io.Writer, folder, name string) error {
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return err
	}
	file, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return err
	}
	compiled, packages, err := s.compiled(ctx, folder)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  %-11s %13d %18d %9d  %t\n", name, len(file.Require), len(compiled), packages, slices.Contains(compiled, gin))
	for _, module := range forbidden[name] {
		if slices.Contains(compiled, module) {
			return fmt.Errorf("compiles %s", module)
		}
		required := func(r *modfile.Require) bool { return r.Mod.Path == module }
		if slices.ContainsFunc(file.Require, required) && name == "root" {
			return fmt.Errorf("has %s in its go.mod", module)
		}
	}
	return nil
}

// compiled returns the modules that a consumer compiles, and how many packages
// outside of the standard library.
func (s *stranger) compiled(ctx context.Context, folder string) (modules []string, packages int, err error) {
	listed, err := s.output(ctx, folder, "go", "list", "-deps", "-test", "-f", "{{if not .Standard}}{{with .Module}}{{.Path}}{{end}}{{end}}", "./...")
	if err != nil {
		return nil, 0, err
	}
	all := strings.Fields(listed)
	packages = len(all)
	slices.Sort(all)
	return slices.Compact(all), packages, nil
}
