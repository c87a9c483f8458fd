package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// consumersDir has a folder for every public package, with a small program or test that
// uses the package. The folder of the root package has the name of the module.
const consumersDir = "integration/release/consumers"

const (
	gin     = "github.com/gin-gonic/gin"
	goRedis = "github.com/redis/go-redis/v9"
	cobra   = "github.com/spf13/cobra"
)

// forbidden are the modules that a consumer must not have in its go.mod and must not
// compile. The consumer of the root must not have them in its go.sum either.
var forbidden = map[string][]string{
	"ginjwt":     {goRedis, cobra},
	"store":      {gin, goRedis, cobra},
	"keys":       {gin, goRedis, cobra},
	"doctor":     {goRedis, cobra},
	"jwks":       {gin, goRedis, cobra},
	"redisstore": {gin, cobra},
	"sqlstore":   {gin, goRedis, cobra},
	"storetest":  {goRedis, cobra},
	"jwttest":    {goRedis, cobra},
}

// compileConsumers compiles a consumer of each public package. It continues after a
// failure, to report all failures.
func (r *rehearsal) compileConsumers(ctx context.Context) error {
	packages, err := r.publicPackages(ctx)
	if err != nil {
		return err
	}
	errs := []error{r.checkConsumers(packages)}
	var first cost // the cost of the root, for comparison
	for _, name := range packages {
		consumer := r.consumer(name)
		if !consumer.exists() {
			continue
		}
		cost, err := r.compile(ctx, consumer)
		errs = append(errs, err)
		r.say("%s", cost.report(name, first))
		if first.direct == nil {
			first = cost
		}
	}
	return errors.Join(errs...)
}

// publicPackages returns the packages that users can import, by their folder in the
// module.
func (r *rehearsal) publicPackages(ctx context.Context) (names []string, err error) {
	in := folder{dir: r.source.dir, env: append(os.Environ(), "GOWORK=off")}
	list, err := in.run(ctx, "go", "list", "-f", "{{.Name}} {{.ImportPath}} {{.Dir}}", "./...")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(list) {
		words := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if words[0] == "main" || slices.Contains(strings.Split(words[1], "/"), "internal") {
			continue
		}
		if exports, err := exportsSomething(words[2]); err != nil || !exports {
			if err != nil {
				return nil, err
			}
			continue
		}
		names = append(names, r.nameOf(words[1]))
	}
	return names, nil
}

// nameOf returns the name of a package's consumer.
func (r *rehearsal) nameOf(importPath string) string {
	if importPath == r.path {
		return path.Base(r.path)
	}
	return strings.TrimPrefix(importPath, r.path+"/")
}

// exportsSomething reports whether a package exports anything. A package with only tests
// does not.
func exportsSomething(dir string) (bool, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return false, err
		}
		if ast.FileExports(file) {
			return true, nil
		}
	}
	return false, err
}

// checkConsumers refuses packages without a consumer, and consumers without a package. A
// package can be missing because it became a nested module.
func (r *rehearsal) checkConsumers(packages []string) error {
	var errs []error
	for _, name := range packages {
		if !r.consumer(name).exists() {
			errs = append(errs, fmt.Errorf("package %s has no consumer: write %s/%[1]s/main.go", name, consumersDir))
		}
	}
	written, err := filepath.Glob(filepath.Join(r.source.dir, consumersDir, "*"))
	for _, dir := range written {
		if name := filepath.Base(dir); !slices.Contains(packages, name) {
			errs = append(errs, fmt.Errorf("%s/%s is a consumer of a package that is not in the release: remove it", consumersDir, name))
		}
	}
	return errors.Join(append(errs, err)...)
}
