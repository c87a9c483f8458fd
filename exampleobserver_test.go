package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// eventCounts counts events by few labels, as a counter of your metrics does.
type eventCounts struct {
	mu     sync.Mutex
	counts map[string]int
	alarms []string
}

// Observe counts what clients cause, and raises an alarm for what the service causes.
// Many requests call it at once.
func (e *eventCounts) Observe(_ context.Context, event ginjwt.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	label := event.Kind.String()
	if event.Kind == ginjwt.EventRefused {
		label += " " + event.Reason
	}
	e.counts[label]++
	if event.Kind == ginjwt.EventStoreFailed && event.Fault == ginjwt.FaultService {
		e.alarms = append(e.alarms, fmt.Sprintf("%s: %v", event.Operation, event.Err))
	}
}

// downBlocklist is a blocklist whose server is down.
type downBlocklist struct{}

func (downBlocklist) Add(context.Context, string, time.Time) error {
	return errors.New("no connection")
}

func (downBlocklist) Contains(context.Context, ...string) (bool, error) {
	return false, errors.New("no connection")
}

// How do I count what happens, and raise an alarm if a store fails?
func ExampleObserver() {
	counts := &eventCounts{counts: map[string]int{}}
	mgr := exampleManager(ginjwt.Config{Observer: counts, Blocklist: downBlocklist{}})
	router := exampleEngine(mgr)
	router.GET("/page", mgr.JWTRequired(), func(c *gin.Context) { c.Status(200) })

	jwttest.Do(router, "GET", "/page")
	jwttest.Do(router, "GET", "/page", jwttest.Bearer(exampleToken(mgr, "alice")))

	fmt.Println(counts.counts)
	fmt.Println(counts.alarms)
	// Output:
	// map[issued:1 refused store_unavailable:1 refused token_missing:1 store_failed:1]
	// [blocklist_contains: no connection]
}

// How do I log what happens? Session and token IDs, which the log has too, are left out here.
func ExampleSlogObserver() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, "session_id", "token_id", "duration":
				return slog.Attr{}
			}
			return a
		},
	}))
	mgr := exampleManager(ginjwt.Config{Observer: ginjwt.SlogObserver(log), Sessions: &ginjwt.MemorySessions{}})
	_ = exampleEngine(mgr)

	pair, _ := mgr.CreateTokenPair(context.Background(), "alice")
	_ = mgr.EndSession(context.Background(), pair.SessionID)
	// Output:
	// level=INFO msg=ginjwt event=session_started cause=login
	// level=INFO msg=ginjwt event=session_ended cause=application
}
