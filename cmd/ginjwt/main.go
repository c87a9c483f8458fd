// Command ginjwt makes secrets and keys for services that use package ginjwt,
// rotates keys, makes and explains tokens, and checks settings.
//
// docs/cli.md describes it. "ginjwt help" is the short form.
package main

import (
	"os"
	"time"
)

func main() { start(time.Now) }

// start runs the program with the arguments, streams and environment of the process,
// and ends the process.
func start(now func() time.Time) {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ(), now))
}
