// Command release rehearses a release. It makes what a module proxy would
// serve for a version from the committed tree, and then does with it what a
// stranger would: in empty folders and with an empty module cache it follows
// the README, installs the command line, and compiles a program for every
// public package. Run it from the root of the repository:
//
//	go run ./integration/release -version v0.1.0
//
// It changes nothing outside of a temporary folder, except that the build cache
// of this machine is used and filled: packages are compiled with -trimpath, so
// that those of the last rehearsal need not be compiled again.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	version := flag.String("version", "v0.1.0-rehearsal", "the version to be released")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rehearse(ctx, ".", *version, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "\nNot ready for release:", err)
		os.Exit(1)
	}
	fmt.Println("\nReady for release.")
}
