package testserver

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

const loopback = "127.0.0.1"

// Ports are taken from below those that systems give to outgoing connections,
// so that no connection sits on the port of a server that was killed. A node of
// a Redis Cluster uses the port 10000 above as well.
const firstPort, afterLastPort = 10000, 20000

// givenPorts are not given again, as their servers may be killed at the moment.
var givenPorts sync.Map

// freePort returns a port on which nobody listens.
func freePort() (int, error) {
	for range afterLastPort - firstPort {
		port := firstPort + rand.IntN(afterLastPort-firstPort)
		if _, given := givenPorts.LoadOrStore(port, true); given {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port")
}
