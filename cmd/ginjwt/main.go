// Command ginjwt makes secrets and keys for services that use package ginjwt,
// rotates them, makes and explains tokens, and looks over settings.
//
// Its page of documentation is docs/cli.md; "ginjwt help" says the same in
// short.
package main

import (
	"os"
	"time"
)

func main() { start(time.Now) }

// start runs the program with what its process has, and ends it.
func start(now func() time.Time) {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ(), now))
}
