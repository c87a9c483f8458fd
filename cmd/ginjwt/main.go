// Command ginjwt helps to run services that use package ginjwt. It makes and rotates
// secrets and keys, makes and explains tokens, and checks settings.
//
// docs/cli.md documents it, and "ginjwt help" has a summary.
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
