package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// health answers the probes of load balancers. Its routes need no token, because a load
// balancer has none.
type health struct {
	checks map[string]func(ctx context.Context) error // by the name of what they check
	log    *slog.Logger

	mu       sync.Mutex
	asked    time.Time
	notReady []string
}

const (
	checkTime = 2 * time.Second // limit for all checks together
	checkRest = time.Second     // pause between checks, however many probes ask
)

func newHealth(db database, s *stores, log *slog.Logger) *health {
	return &health{log: log, checks: map[string]func(context.Context) error{
		"users":     db.PingContext,
		"sessions":  s.ready,
		"blocklist": func(context.Context) error { return listReady(s.blocklist) },
	}}
}

// listReady returns why this process cannot know what was revoked. A replica that is only
// too old is not an error: lookups ask the server, which the check "sessions" covers.
func listReady(list ginjwt.Blocklist) error {
	watched, ok := list.(store.WatchedBlocklist)
	if !ok {
		return nil
	}
	switch status := watched.Status(); {
	case status.Complete.IsZero():
		return errors.Join(errors.New("the replica was never complete"), status.Err)
	case status.Restoring:
		return errors.New("the server has lost a part of the list, which is being restored")
	}
	return nil
}

// routes registers the two routes. Call it before engine.Use, so that probes are not in the
// log.
func (h *health) routes(r gin.IRoutes) {
	r.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"alive": true}) })
	r.GET("/readyz", h.answer)
}

// answer names what is not ready. The errors are only in the log, because they name
// servers.
func (h *health) answer(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	if notReady := h.check(c.Request.Context()); len(notReady) > 0 {
		c.JSON(http.StatusServiceUnavailable, gin.H{"ready": false, "not_ready": notReady})
		return
	}
	c.JSON(http.StatusOK, gin.H{"ready": true})
}

// check returns what is not ready. Of many probes at once, one does the checks and the
// others share its result.
func (h *health) check(ctx context.Context) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.asked.IsZero() && time.Since(h.asked) < checkRest {
		return h.notReady
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	failed := map[string]error{}
	for name, check := range h.checks {
		all.Go(func() {
			if err := check(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[name] = err
			}
		})
	}
	all.Wait()
	h.note(failed)
	return h.notReady
}

// note keeps a result and logs changes.
func (h *health) note(failed map[string]error) {
	before := h.notReady
	h.asked, h.notReady = time.Now(), nil
	for name := range h.checks {
		switch err := failed[name]; {
		case err != nil:
			h.notReady = append(h.notReady, name)
			if !slices.Contains(before, name) {
				h.log.Error("not ready", "what", name, "error", err)
			}
		case slices.Contains(before, name):
			h.log.Info("ready again", "what", name)
		}
	}
	slices.Sort(h.notReady)
}
