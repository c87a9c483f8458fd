package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// contextRevocations ends contexts whose IDs are on the blocklist.
type contextRevocations struct {
	set         *contextSet
	revocations *revocations
	limit       time.Duration // how long a context goes on without a reply; negative: for ever

	// For one call of ask.
	why    context.Context // for causeOf: ends when the list has failed to tell the cause
	giveUp context.CancelFunc
	ids    []string
	ends   []int // the end of the IDs of each context
}

// askTimeout is the time limit for the blocklist to reply about all contexts.
const askTimeout = 5 * time.Second

// ask asks the blocklist about many contexts together, and ends the contexts that are
// on it.
func (r *contextRevocations) ask(contexts []*liveContext) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	r.why, r.giveUp = context.WithCancel(ctx)
	defer r.giveUp()
	for rest := contexts; len(rest) > 0; {
		r.collect(rest)
		some := rest[:len(r.ends)]
		rest = rest[len(some):]
		if err := r.search(ctx, some, 0); err != nil {
			r.unanswered(some, err)
		}
	}
}

// collect collects the IDs of as many contexts as fit into one question.
func (r *contextRevocations) collect(contexts []*liveContext) {
	r.ids, r.ends = r.ids[:0], r.ends[:0]
	for _, c := range contexts {
		origins := c.token.read().payload.originIDs
		if len(r.ids)+len(c.ids)+len(origins) > store.MaxBatch {
			return
		}
		r.ids = append(append(r.ids, c.ids...), origins...)
		r.ends = append(r.ends, len(r.ids))
	}
}

// search ends the contexts that are on the list. It asks about all of them and, if one is on
// the list, about each half. from is the index in ends of the first context.
func (r *contextRevocations) search(ctx context.Context, contexts []*liveContext, from int) error {
	start := 0
	if from > 0 {
		start = r.ends[from-1]
	}
	now := r.revocations.now()
	listed, err := r.contains(ctx, r.ids[start:r.ends[from+len(contexts)-1]]...)
	switch {
	case err != nil:
		return err
	case !listed:
		for _, c := range contexts {
			c.answered = now
		}
		return nil
	case len(contexts) == 1:
		r.set.end(contexts[0], &SessionEnd{Cause: r.causeOf(contexts[0])})
		return nil
	}
	half := len(contexts) / 2
	return errors.Join(r.search(ctx, contexts[:half], from), r.search(ctx, contexts[half:], from+half))
}

// causeOf returns why the session of a context on the list has ended, or "" if the list does
// not say. The end must not wait for the cause. So after a failure the server of the list is
// not asked again, and only the replica in this process can say more.
func (r *contextRevocations) causeOf(c *liveContext) Cause {
	failed := false
	listed := func(id string) bool {
		found, err := r.contains(r.why, id)
		if err != nil {
			failed = true
			r.giveUp()
		}
		return found
	}
	cause := endCauseOf(c, listed)
	if failed && cause == CauseLogout {
		return ""
	}
	return cause
}

// unanswered ends the contexts that have been without a reply of the list for too long.
func (r *contextRevocations) unanswered(contexts []*liveContext, err error) {
	if r.limit < 0 {
		return
	}
	oldest := r.revocations.now().Add(-r.limit)
	for _, c := range contexts {
		if c.answered.Before(oldest) {
			r.set.end(c, unavailable(err))
		}
	}
}

// contains asks the list. It turns a panic into an error, because this goroutine has no
// recovery.
func (r *contextRevocations) contains(ctx context.Context, ids ...string) (listed bool, err error) {
	if len(ids) == 0 {
		return false, nil
	}
	defer errorOfPanic(&err)
	return r.revocations.list.Contains(ctx, ids...)
}

// errorOfPanic turns a panic into an error. It must be deferred.
func errorOfPanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("a panic: %v", p)
	}
}
