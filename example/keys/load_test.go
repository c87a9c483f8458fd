package main

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// clients log in and use what they got, over and over.
type clients struct {
	program *program
	stop    chan struct{}
	all     sync.WaitGroup
	wave    atomic.Int64 // clients with a token of an older wave log in again
	renewed atomic.Int64 // since the wave began
	served  atomic.Int64
	errs    chan error
}

const clientCount = 8

func (p *program) underLoad() *clients {
	c := &clients{program: p, stop: make(chan struct{}), errs: make(chan error, clientCount)}
	for range clientCount {
		c.all.Go(func() {
			if err := c.run(); err != nil {
				c.errs <- err
			}
		})
	}
	return c
}

func (c *clients) run() error {
	token, wave := "", int64(-1)
	for {
		select {
		case <-c.stop:
			return nil
		default:
		}
		if now := c.wave.Load(); now != wave {
			var err error
			if token, err = c.program.login(); err != nil {
				return err
			}
			wave = now
			c.renewed.Add(1)
		}
		status, err := c.program.status(token)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("a request was answered %d: %w", status, err)
		}
		c.served.Add(1)
	}
}

// renew simulates the time until all old tokens have expired.
func (c *clients) renew(t *testing.T) {
	t.Helper()
	c.renewed.Store(0)
	c.wave.Add(1)
	c.waitFor(t, &c.renewed, clientCount)
}

// work waits for some more answered requests.
func (c *clients) work(t *testing.T) {
	t.Helper()
	c.waitFor(t, &c.served, c.served.Load()+20*clientCount)
}

func (c *clients) waitFor(t *testing.T, counter *atomic.Int64, n int64) {
	t.Helper()
	require.Eventually(t, func() bool { return counter.Load() >= n || len(c.errs) > 0 }, time.Minute, time.Millisecond)
	select {
	case err := <-c.errs:
		require.NoError(t, err)
	default:
	}
}

func (c *clients) end(t *testing.T) {
	t.Helper()
	close(c.stop)
	c.all.Wait()
	close(c.errs)
	for err := range c.errs {
		assert.NoError(t, err)
	}
}
