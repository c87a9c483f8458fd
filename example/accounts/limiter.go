package main

import (
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// limiter counts what happens within an hour, in this process only. Several processes count
// in Redis or in the proxy in front of them.
type limiter struct {
	now func() time.Time

	mu     sync.Mutex
	ends   time.Time // of the hour
	counts map[string]int
}

// maxCounts bounds the memory of a limiter. When it is full, it refuses what is new.
const maxCounts = 1 << 17

func newLimiter(now func() time.Time) *limiter { return &limiter{now: now} }

// allow counts, and reports whether key was allowed at most limit times in this hour.
func (l *limiter) allow(key string, limit int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.now(); !now.Before(l.ends) {
		l.ends, l.counts = now.Add(time.Hour), map[string]int{}
	}
	count, known := l.counts[key]
	if count >= limit || !known && len(l.counts) >= maxCounts {
		return false
	}
	l.counts[key]++
	return true
}

// client is what is limited of a client: its IPv4 address, or its network of IPv6, in which
// it has as many addresses as it likes.
func client(c *gin.Context) string {
	ip, err := netip.ParseAddr(c.ClientIP())
	if err != nil || ip.Unmap().Is4() {
		return c.ClientIP()
	}
	network, _ := ip.Prefix(64) // an IPv6 address has that many bits
	return network.String()
}
