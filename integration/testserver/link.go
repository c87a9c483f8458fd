package testserver

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// link is a connection of a client to a proxy, and that of the proxy to the
// server.
type link struct {
	proxy          *Proxy
	client, server net.Conn
	closing        sync.Once
	closed         chan struct{}
}

// chunk is what was read at once, and when it is to be written.
type chunk struct {
	bytes []byte
	due   time.Time
}

const (
	largestChunk = 64 << 10
	chunksAtOnce = 64 // in flight while they are delayed
)

// pump writes what it reads until an end closes, and then closes the other.
func (l *link) pump(from, to net.Conn, passes func() bool) {
	chunks := make(chan chunk, chunksAtOnce)
	l.proxy.all.Go(func() {
		defer close(chunks)
		l.read(from, chunks, passes)
	})
	l.write(to, chunks)
	l.close()
}

// read ends at the first chunk that is not to pass; what was read before it is
// written still.
func (l *link) read(from net.Conn, chunks chan<- chunk, passes func() bool) {
	buffer := make([]byte, largestChunk)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !passes() {
			return
		}
		due := time.Now().Add(l.proxy.currentDelay())
		if n > 0 && !l.send(chunks, chunk{bytes.Clone(buffer[:n]), due}) {
			return
		}
		if err != nil {
			return
		}
	}
}

func (l *link) send(chunks chan<- chunk, c chunk) bool {
	select {
	case chunks <- c:
		return true
	case <-l.closed:
		return false
	}
}

func (l *link) write(to net.Conn, chunks <-chan chunk) {
	for c := range chunks {
		if !l.waitFor(c.due) {
			return
		}
		if _, err := to.Write(c.bytes); err != nil {
			return
		}
	}
}

// waitFor reports false if the link was closed in the meantime.
func (l *link) waitFor(due time.Time) bool {
	late := time.NewTimer(time.Until(due))
	defer late.Stop()
	select {
	case <-late.C:
	case <-l.closed:
		return false
	}
	select {
	case <-l.proxy.currentFlow():
		return true
	case <-l.closed:
		return false
	}
}

func (l *link) close() {
	l.closing.Do(func() {
		close(l.closed)
		_ = l.client.Close()
		_ = l.server.Close()
	})
}
