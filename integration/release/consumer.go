package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// consumer is a program or a test that uses one package.
type consumer struct {
	name  string
	files []string
}

func (r *rehearsal) consumer(name string) consumer {
	files, _ := filepath.Glob(filepath.Join(r.source.dir, consumersDir, name, "*.go")) // the pattern is good
	return consumer{name, files}
}

func (c consumer) exists() bool { return len(c.files) > 0 }

func (c consumer) isTest() bool {
	return slices.ContainsFunc(c.files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}

// compile makes a module of the consumer, as its author would, and returns the cost of the
// package.
func (r *rehearsal) compile(ctx context.Context, c consumer) (cost cost, err error) {
	in, err := r.emptyFolder(filepath.Join("consumers", c.name))
	if err != nil {
		return cost, err
	}
	if err := os.CopyFS(in.dir, os.DirFS(filepath.Dir(c.files[0]))); err != nil {
		return cost, err
	}
	if err := in.all(ctx, c.commands(r.importPath(c.name), r.version)...); err != nil {
		return cost, fmt.Errorf("consumer of %s: %w", c.name, err)
	}
	cost, err = costOf(ctx, in, c.isTest())
	return cost, errors.Join(err, cost.check(c.name))
}

// commands returns the commands that the author types. A test is run. A program is only
// compiled, because it may need a server.
func (c consumer) commands(importPath, version string) []string {
	last := "go build -o consumer ."
	if c.isTest() {
		last = "go test ."
	}
	return []string{
		"go mod init example.com/consumer",
		"go get " + importPath + "@" + version,
		"go mod tidy",
		last,
	}
}

// importPath is the reverse of nameOf.
func (r *rehearsal) importPath(name string) string {
	if r.nameOf(r.path) == name {
		return r.path
	}
	return r.path + "/" + name
}

// cost is what a consumer gets with a package.
type cost struct {
	direct, indirect []string // modules in go.mod
	checksums        []string // modules in go.sum
	packages         int      // compiled packages, without the standard library
	modules          []string // of these packages
}

func costOf(ctx context.Context, in folder, test bool) (c cost, err error) {
	text, err := os.ReadFile(filepath.Join(in.dir, "go.mod"))
	if err != nil {
		return c, err
	}
	file, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return c, err
	}
	for _, require := range file.Require {
		if require.Indirect {
			c.indirect = append(c.indirect, require.Mod.Path)
		} else {
			c.direct = append(c.direct, require.Mod.Path)
		}
	}
	if c.checksums, err = modulesInSum(filepath.Join(in.dir, "go.sum")); err != nil {
		return c, err
	}
	c.packages, c.modules, err = compiled(ctx, in, test)
	return c, err
}

func modulesInSum(name string) (modules []string, err error) {
	text, err := os.ReadFile(name)
	for line := range strings.Lines(string(text)) {
		module, _, _ := strings.Cut(line, " ")
		modules = append(modules, module)
	}
	return slices.Compact(modules), err // go.sum is sorted
}

// compiled lists what is compiled besides the consumer and the standard library.
func compiled(ctx context.Context, in folder, test bool) (packages int, modules []string, err error) {
	list, err := in.run(ctx, "go", "list", "-deps", fmt.Sprintf("-test=%t", test),
		"-f", "{{if not .Standard}}{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}{{end}}", ".")
	all := strings.Fields(list)
	return len(all), slices.Compact(slices.Sorted(slices.Values(all))), err
}

// check refuses modules that users of the package must not get.
func (c cost) check(name string) error {
	var errs []error
	for _, module := range forbidden[name] {
		if slices.Contains(c.direct, module) || slices.Contains(c.indirect, module) {
			errs = append(errs, fmt.Errorf("the consumer of %s has %s in its go.mod", name, module))
		}
		// Other consumers have checksums of the go.mod files that Gin and the root require.
		if name == "ginjwt" && slices.Contains(c.checksums, module) {
			errs = append(errs, fmt.Errorf("the consumer of %s has %s in its go.sum", name, module))
		}
		if slices.Contains(c.modules, module) {
			errs = append(errs, fmt.Errorf("the consumer of %s compiles %s", name, module))
		}
	}
	return errors.Join(errs...)
}

// report describes the cost of the consumer.
func (c cost) report(name string, root cost) string {
	with := "without Gin"
	if slices.Contains(c.modules, gin) {
		with = "with Gin"
	}
	return fmt.Sprintf("   %s: go.mod %d direct + %d indirect, go.sum %d modules, compiled %d packages of %d modules, %s\n%s\n%s",
		name, len(c.direct), len(c.indirect), len(c.checksums), c.packages, len(c.modules), with,
		wrap("direct:", c.direct), c.listIndirect(root))
}

// listIndirect lists the indirect modules. It shortens a long list to the modules that the
// root does not bring.
func (c cost) listIndirect(root cost) string {
	if len(c.indirect) <= 12 || root.indirect == nil {
		return wrap("indirect:", c.indirect)
	}
	more := slices.DeleteFunc(slices.Clone(c.indirect), func(path string) bool {
		return slices.Contains(root.indirect, path)
	})
	return wrap(fmt.Sprintf("indirect: %d that the root brings too, and", len(c.indirect)-len(more)), more)
}

// wrap writes names in lines of about a hundred characters.
func wrap(title string, names []string) string {
	lines := []string{"     " + title}
	if len(names) == 0 {
		names = []string{"none"}
	}
	for _, name := range names {
		last := &lines[len(lines)-1]
		if len(*last)+len(name) > 100 {
			lines = append(lines, "       "+name)
			continue
		}
		*last += " " + name
	}
	return strings.Join(lines, "\n")
}
