// Command release rehearses a release. From the committed tree it makes the files that
// a module proxy would serve for a version. Then it uses them as a stranger would, in
// empty folders and with an empty module cache. It follows the README, installs the
// CLI, and compiles a program for every public package. Run it from the root of the
// repository:
//
//	go run ./integration/release -version v0.1.0
//
// It changes only a temporary folder and the build cache of this machine. It compiles
// packages with -trimpath, so that the next rehearsal can use the build cache.
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
