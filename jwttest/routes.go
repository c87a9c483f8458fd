package jwttest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

var updateRoutes = flag.Bool("jwttest.update", false, "write the files of jwttest.Routes instead of comparing them")

// routesHeader are the first lines of a file of Routes.
const routesHeader = `# Who may call what. Review every change of this file.
# Written by jwttest.Routes: run the test with -jwttest.update.
`

// Routes compares the routes of an engine with a file, such as "testdata/routes.golden". The
// file has a line for each route: method, path, and who may call it (see
// [ginjwt.Route.String]). The lines are sorted by path. So a pull request that changes who
// may call what changes a line of the file, and reviewers see it:
//
//	func TestRoutes(t *testing.T) {
//		jwttest.Routes(t, newEngine(), "testdata/routes.golden", ginjwt.Public("POST /login"))
//	}
//
// To write the file, run the test with the flag -jwttest.update:
//
//	go test . -run TestRoutes -jwttest.update
//
// Routes runs nothing of the application, as [ginjwt.Routes] does. It accepts routes without
// a decision, and marks them in the file: use [ginjwt.CheckRoutes] too.
func Routes(tb testing.TB, engine *gin.Engine, file string, opts ...ginjwt.RoutesOption) {
	tb.Helper()
	routes, err := ginjwt.Routes(engine, opts...)
	if err != nil {
		tb.Fatalf("jwttest: %v", err)
	}
	text := routesHeader
	for _, r := range routes {
		text += r.String() + "\n"
	}
	if *updateRoutes {
		if err := writeFile(file, text); err != nil {
			tb.Fatalf("jwttest: %v", err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		tb.Fatalf("jwttest: %s does not exist: run this test with -jwttest.update to write it, then review it", file)
	case err != nil:
		tb.Fatalf("jwttest: %v", err)
	}
	before := strings.ReplaceAll(string(kept), "\r\n", "\n") // Git may check it out so
	if changes := changesOf(before, text); changes != "" {
		tb.Errorf("jwttest: who may call what has changed (- in %s, + now):\n%sIf that is intended, run this test with -jwttest.update.", file, changes)
	}
}

func writeFile(file, text string) error {
	err := os.MkdirAll(filepath.Dir(file), 0o750)
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// changesOf returns the lines that are only in before, and those that are only in after;
// empty if the texts are equal.
func changesOf(before, after string) string {
	if before == after {
		return ""
	}
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	var b strings.Builder
	for _, line := range old {
		if !slices.Contains(now, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	for _, line := range now {
		if !slices.Contains(old, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	if b.Len() == 0 {
		return "the lines have another order, or are there twice\n"
	}
	return b.String()
}
