package testserver

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy forwards TCP connections on a loopback port to a server, and disturbs
// them. Its methods may be called by any goroutine, and hold for connections
// that are open as well as for new ones.
//
// A request is what a client writes at once and an answer what the server
// writes at once, up to 64 KiB; the greetings of a new connection count too.
type Proxy struct {
	tb     testing.TB
	target string
	addr   string
	all    sync.WaitGroup

	mu          sync.Mutex
	listener    net.Listener // nil while cut
	links       map[*link]bool
	delay       time.Duration
	dropReplies bool
	loseRequest int           // so many pass before one is lost; never if negative
	loseReply   int           // the same
	flowing     chan struct{} // closed unless stalled
}

const never = -1

// NewProxy starts a proxy for target, a host:port, that disturbs nothing yet,
// and closes it at the end of the test. While the target does not accept
// connections, those to the proxy are closed at once.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	p := &Proxy{
		tb: tb, target: target, links: map[*link]bool{}, loseRequest: never, loseReply: never, flowing: closedChannel(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.must(p.listenSomewhere())
	tb.Cleanup(func() {
		p.Cut()
		p.all.Wait()
	})
	return p
}

// Addr is the address of the proxy, as host:port; it stays the same.
func (p *Proxy) Addr() string { return p.addr }

// Cut closes all connections and refuses new ones, until Restore.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return
	}
	_ = p.listener.Close()
	p.listener = nil
	for l := range p.links {
		l.close()
	}
}

// Stall keeps connections open and accepts new ones, but holds back what is
// sent on them in both directions, until Restore lets it pass.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled() {
		return
	}
	p.flowing = make(chan struct{})
}

// Delay holds back all that is sent from now on for a time, in each direction;
// an answer takes twice as long. Zero ends it.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// DropReplies lets requests pass, so that the server does what they say, but no
// answer: the connection is closed instead, until Restore.
func (p *Proxy) DropReplies() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropReplies = true
}

// LoseRequest lets n more requests pass; the one after is not forwarded, and
// its connection is closed. Later ones pass again. A negative n undoes it.
func (p *Proxy) LoseRequest(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loseRequest = n
}

// LoseReply lets n more answers pass; the one after is not forwarded, though
// the server did what was asked, and its connection is closed. Later ones pass
// again. A negative n undoes it.
func (p *Proxy) LoseReply(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loseReply = n
}

// Restore undoes everything but Delay.
func (p *Proxy) Restore() {
	p.tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropReplies, p.loseRequest, p.loseReply = false, never, never
	if p.stalled() {
		close(p.flowing)
	}
	if p.listener == nil {
		p.must(p.listen(p.addr))
	}
}

func (p *Proxy) stalled() bool {
	select {
	case <-p.flowing:
		return false
	default:
		return true
	}
}

func (p *Proxy) listenSomewhere() (err error) {
	for range attempts {
		if p.addr, err = FreeAddress(); err != nil {
			return err
		}
		if err = p.listen(p.addr); err == nil {
			return nil
		}
	}
	return err
}

func (p *Proxy) listen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	p.listener = l
	p.all.Go(func() { p.accept(l) })
	return nil
}

func (p *Proxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.connect(l, client) })
	}
}

func (p *Proxy) connect(l net.Listener, client net.Conn) {
	server, err := net.DialTimeout("tcp", p.target, answerTimeout)
	if err != nil {
		_ = client.Close()
		return
	}
	link := &link{proxy: p, client: client, server: server, closed: make(chan struct{})}
	if !p.add(link, l) {
		link.close()
		return
	}
	p.all.Go(func() { link.pump(client, server, p.passesRequest) })
	link.pump(server, client, p.passesReply)
	p.remove(link)
}

// add reports false if the listener the connection came from was closed.
func (p *Proxy) add(link *link, l net.Listener) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != l {
		return false
	}
	p.links[link] = true
	return true
}

func (p *Proxy) remove(link *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, link)
}

func (p *Proxy) passesRequest() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !countDown(&p.loseRequest)
}

func (p *Proxy) passesReply() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.dropReplies && !countDown(&p.loseReply)
}

// countDown reports whether it is the turn of this one; after it is nobody's.
func countDown(n *int) bool {
	if *n < 0 {
		return false
	}
	*n--
	return *n < 0
}

func (p *Proxy) currentDelay() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delay
}

func (p *Proxy) currentFlow() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flowing
}

func (p *Proxy) must(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatalf("testserver: %v", err)
	}
}

func closedChannel() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
