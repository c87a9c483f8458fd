package main

import "runtime"

// cores is how the cores of the machine are divided.
type cores struct {
	pinned bool // the server to one core, the clients to the others
	server int  // the core, if it is pinned
	client int  // the number of cores of the clients
}

// sharedCores lets the system place all processes. Servers have one core at a time.
func sharedCores() cores { return cores{client: runtime.GOMAXPROCS(0)} }
