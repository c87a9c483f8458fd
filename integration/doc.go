// Package integration has the tests that need more than Go:
//
//   - stores on real servers, and with faults of the servers
//   - stores beside database libraries that applications use
//   - pages in a real browser, and HTTP clients of other projects
//   - services that move here from other JWT libraries
//   - a release, used as a stranger would use it
//
// It is a separate module and is never released, so that users of the stores do not
// need the drivers of these tests. It requires the newest versions of its dependencies.
// The released module requires the oldest versions that work.
//
//	go test ./...            # with redis-server, PostgreSQL, MariaDB, Chromium and Node.js, if they are installed
//	go test -short ./...     # fewer rounds
//	go test ./browser -long  # many more rounds
package integration
