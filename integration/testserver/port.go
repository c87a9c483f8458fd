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

// reservations hold the ports that were given until this process ends: their
// servers may be killed at the moment, to come back on the same port. A socket
// for UDP on the port tells other processes of tests, and is in no server's way.
var reservations sync.Map

// FreeAddress returns an address for a server that the caller starts: nobody listens there, and
// nobody else is given its port.
func FreeAddress() (string, error) {
	for range afterLastPort - firstPort {
		port := firstPort + rand.IntN(afterLastPort-firstPort)
		addr := net.JoinHostPort(loopback, strconv.Itoa(port))
		reservation, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			_ = reservation.Close()
			continue
		}
		reservations.Store(port, reservation)
		return addr, l.Close()
	}
	return "", errors.New("no free port")
}
