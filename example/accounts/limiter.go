package main

import (
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// limiter counts events within an hour, in this process only. With several processes, count in
// Redis or in the proxy in front of them.
type limiter struct {
	now func() time.Time

	mu     sync.Mutex
	ends   time.Time // of the hour
	counts map[string]int
}

// maxCounts bounds the memory of a limiter. A full limiter refuses new keys.
const maxCounts = 1 << 17

func newLimiter(now func() time.Time) *limiter { return &limiter{now: now} }

// allow counts an event of key, and reports whether key stays within limit events in this hour.
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

// client returns the key for the limits of a client: its IPv4 address, or its IPv6 network,
// because a client can use any address in that network.
func client(c *gin.Context) string {
	ip, err := netip.ParseAddr(c.ClientIP())
	if err != nil || ip.Unmap().Is4() {
		return c.ClientIP()
	}
	network, _ := ip.Prefix(64) // an IPv6 address has that many bits
	return network.String()
}
