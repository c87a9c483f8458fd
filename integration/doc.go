// Package integration has the tests of what needs more than Go: the stores
// against real servers, also while these are harmed, stores beside the database
// libraries of others, pages in a real browser, HTTP clients of others, services that
// move here from other JWT libraries, and a release as
// strangers would use it. It is a module of its
// own, and never released: who uses the stores need not require the drivers of these
// tests. It requires the newest versions, the released module the oldest that work.
//
//	go test ./...            # against redis-server, PostgreSQL, MariaDB, Chromium and Node.js, where these are installed
//	go test -short ./...     # fewer rounds
//	go test ./browser -long  # many more
package integration
