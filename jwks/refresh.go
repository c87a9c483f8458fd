package jwks

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

const (
	minRefresh  = time.Minute // lower limit for a max-age
	firstRetry  = time.Second // after a failed fetch; doubled after each further failure
	longestWait = time.Minute // upper limit for a retry
)

// follow fetches when it is time, and on request, until ctx ends.
func (r *Remote) follow(ctx context.Context) {
	timer := time.NewTimer(r.options.Refresh)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			r.takeOff()
		case <-r.wake:
			timer.Reset(r.attempt(ctx))
		}
	}
}

// attempt fetches once, tells waiting requests, and returns the time until the next
// fetch.
func (r *Remote) attempt(ctx context.Context) time.Duration {
	asked, began, before := r.options.Now(), time.Now(), r.current.Load()
	skipped, maxAge, err := r.load(ctx, asked)
	took := time.Since(began)
	pause := r.pause(maxAge, err)
	r.overdue.Store(r.options.Now().Add(pause).UnixMilli())
	r.land(err)
	if err != nil {
		err = fmt.Errorf("jwks: %w", err)
	}
	if ctx.Err() == nil { // else it failed because it was to end
		r.report(skipped, err)
		r.tell(keys.Fetch{Duration: took, Changed: err == nil && r.hasChanged(before), Err: err})
	}
	return pause
}

// load fetches the set and uses it. A panic of a Transport becomes an error, so that it
// does not end the service.
func (r *Remote) load(ctx context.Context, asked time.Time) (skipped []error, maxAge time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a panic: %s", quoted(fmt.Sprint(p)))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	address, err := r.locate(ctx)
	if err != nil {
		return nil, 0, err
	}
	fetched, err := r.fetcher.get(ctx, address, jwkSetType, jsonType)
	if err != nil {
		return nil, 0, err
	}
	found, skipped, err := parseSet(fetched.body, r.options)
	if err != nil {
		return nil, 0, fmt.Errorf("the JWK Set of %s: %w", address.Host, err)
	}
	r.replace(found, asked)
	return skipped, fetched.maxAge, nil
}

// replace starts using found. If the keys did not change, it keeps the old object, so
// that the token cache stays valid.
func (r *Remote) replace(found *usableKeys, asked time.Time) {
	if before := r.current.Load(); before != nil && before.equal(found) {
		found = before.usableKeys
	}
	r.current.Store(&snapshot{found, asked})
	r.becameReady.Do(func() { close(r.ready) })
}

// hasChanged reports whether the keys differ from those of before. It is false for the
// first keys.
func (r *Remote) hasChanged(before *snapshot) bool {
	return before != nil && r.current.Load().usableKeys != before.usableKeys
}

// askedPause returns the pause that the server asks for, but at most Options.Refresh.
func (r *Remote) askedPause(err error) time.Duration {
	answer, _ := errors.AsType[statusError](err)
	return min(answer.retryAfter, r.options.Refresh)
}

// land ends the flight.
func (r *Remote) land(err error) {
	notBefore := r.options.Now().Add(r.askedPause(err))
	r.mu.Lock()
	landed := r.flight
	r.notBefore = notBefore
	r.flight, r.failure = nil, err
	r.mu.Unlock()
	landed.err = err
	close(landed.landed)
}

// pause returns the time until the next fetch.
func (r *Remote) pause(maxAge time.Duration, err error) time.Duration {
	wait := r.options.Refresh
	switch {
	case err != nil:
		wait = min(firstRetry<<min(r.failures, 10), longestWait, wait)
		r.failures++
		if asked := r.askedPause(err); asked > wait {
			return asked
		}
	case maxAge >= 0:
		wait = min(max(maxAge, minRefresh), wait)
		r.failures = 0
	default:
		r.failures = 0
	}
	return wait - rand.N(wait/10+1)
}

// report calls OnError with a failed fetch, or once with each problem of a key.
func (r *Remote) report(skipped []error, err error) {
	if err != nil {
		r.options.OnError(err)
		return
	}
	before := r.reported
	r.reported = nil
	for _, s := range skipped {
		r.reported = append(r.reported, s.Error())
		if !slices.Contains(before, s.Error()) {
			r.options.OnError(s)
		}
	}
}

// Watch calls f after each later fetch, in the goroutine that fetches. f must return
// quickly, and must not wait for a fetch. A new f replaces the old one, and nil stops the
// calls. Package ginjwt calls Watch for the KeySource of an issuer.
func (r *Remote) Watch(f func(keys.Fetch)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watcher = f
}

func (r *Remote) tell(fetch keys.Fetch) {
	r.mu.Lock()
	watcher := r.watcher
	r.mu.Unlock()
	if watcher != nil {
		watcher(fetch)
	}
}
