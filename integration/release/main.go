// Command release rehearses a release: it makes what a module proxy would serve
// of the committed tree for a version, and follows the README as a stranger who
// has nothing but Go.
//
//	go run ./integration/release -version v0.1.0
//
// It is run from the root of the repository. It lives in the module integration,
// which is never released, as it needs golang.org/x/mod and the root shall not.
// The module cache of the stranger is empty; the build cache is that of the
// machine, so that the standard library is not compiled again.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"golang.org/x/mod/semver"
)

const modulePath = "github.com/gin-jwt-extended/ginjwt"

func main() {
	version := flag.String("version", "v0.1.0", "the version that the rehearsal pretends to release")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := rehearse(ctx, os.Stdout, ".", *version); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
	fmt.Println("The rehearsal is over: this tree can be released.")
}

// rehearse releases the commit that repository is at, and uses it.
func rehearse(ctx context.Context, out io.Writer, repository, version string) error {
	if semver.Canonical(version) != version {
		return fmt.Errorf("%q is not a version such as v0.1.0", version)
	}
	folder, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	served, err := serve(ctx, filepath.Join(folder, "proxy"), repository, version)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s: %d files, %d KiB\n", modulePath, version, served.files, served.size>>10)
	s, err := newStranger(ctx, folder, version)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		do   func(context.Context, io.Writer) error
	}{
		{"the module is complete: go mod tidy changes nothing", s.tidy},
		{"the program of the README", s.readme},
		{"go install of the command", s.install},
		{"a consumer of each package", s.consumers},
	} {
		fmt.Fprintf(out, "\n%s\n", step.name)
		if err := step.do(ctx, out); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}
