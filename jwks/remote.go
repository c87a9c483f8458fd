package jwks

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

var _ keys.WatchedSource = (*Remote)(nil)

// Remote is the JWK Set of another issuer, kept up to date. Make one with [New] or
// [Discover]. It is safe for concurrent use.
type Remote struct {
	fetcher fetcher
	locate  locator
	issuer  string // of Discover; empty if unknown
	options Options
	ended   <-chan struct{} // with the context of New
	wake    chan struct{}   // holds an element while a fetch is wanted

	current atomic.Pointer[snapshot]
	overdue atomic.Int64 // Unix milliseconds; from then on the next request starts a fetch

	// Only the goroutine that fetches uses these.
	failures int
	reported []string // problems of keys that OnError knows

	ready       chan struct{}
	becameReady sync.Once

	mu        sync.Mutex
	bucket    bucket
	flight    *flight   // the wanted or running fetch; nil if there is none
	failure   error     // of the last fetch
	notBefore time.Time // the end of the pause that the server asked for
	watcher   func(keys.Fetch)
}

// snapshot is the result of a fetch.
type snapshot struct {
	*usableKeys
	asked time.Time
}

// flight is one fetch, for any number of waiting requests.
type flight struct {
	landed chan struct{}
	err    error // valid after landed is closed
}

// New returns the JWK Set at url, which must be https. One goroutine fetches the set now,
// and again and again until ctx ends. New does not wait for the first fetch. Requests do,
// and [Remote.Ready] does. The error means that url or options are invalid.
func New(ctx context.Context, url string, options Options) (*Remote, error) {
	options = options.in(ctx).withDefaults()
	f := newFetcher(options)
	address, err := f.parseURL(url)
	if err != nil {
		err = fmt.Errorf("jwks: url: %w", err)
	}
	return start(ctx, f, fixed(address), options, err)
}

// Discover returns the JWK Set of an issuer. The metadata of the issuer names its URL
// (OpenID Connect Discovery, RFC 8414). issuer is the exact "iss" of the tokens.
// Otherwise Discover is like [New]: it does not wait for the first fetch. Every fetch
// reads the metadata again.
func Discover(ctx context.Context, issuer string, options Options) (*Remote, error) {
	options = options.in(ctx).withDefaults()
	f := newFetcher(options)
	locate, err := f.discovery(issuer)
	if err != nil {
		err = fmt.Errorf("jwks: issuer: %w", err)
	}
	r, err := start(ctx, f, locate, options, err)
	if r != nil {
		r.issuer = issuer
	}
	return r, err
}

func start(ctx context.Context, f fetcher, locate locator, options Options, err error) (*Remote, error) {
	if err := errors.Join(err, options.check()); err != nil {
		return nil, err
	}
	r := &Remote{
		fetcher: f,
		locate:  locate,
		options: options,
		ended:   ctx.Done(),
		wake:    make(chan struct{}, 1),
		ready:   make(chan struct{}),
		bucket:  bucket{cooldown: options.Cooldown, burst: options.Burst},
	}
	r.overdue.Store(math.MaxInt64)
	r.takeOff()
	go r.follow(ctx)
	return r, nil
}

// KeySet returns the keys of the issuer, and implements [keys.Source]. If kid is known
// or empty, the keys come from memory. For an unknown kid KeySet fetches the set,
// within the limits of Options.Cooldown and Options.Burst, and waits for the result. If
// kid is still unknown, it returns the known keys. The error is [keys.ErrUnavailable]
// if there was no successful fetch within Options.MaxStale.
func (r *Remote) KeySet(ctx context.Context, kid string) (*keys.Set, error) {
	found, err := r.keysFor(ctx, kid)
	if err != nil {
		return nil, err
	}
	return found.set, nil
}

// DecodeKey returns the key that the header of a token names. Use it in a DecodeKeyLoader
// of package ginjwt, with the unverified "iss" and header of the token:
//
//	mgr.DecodeKeyLoader(func(ctx context.Context, t *ginjwt.Token) (keys.Key, error) {
//		return remote.DecodeKey(ctx, t.Issuer, t.Header())
//	})
//
// A zero Key means that there is no key. A Remote of [Discover] returns no key for tokens
// of other issuers. A Remote of [New] does not look at the issuer, so set
// Config.DecodeIssuer.
//
// Use Config.Issuers instead if tokens have more than one issuer, or if several keys
// without "kid" have the same algorithm. Config.Issuers tries all of these keys, and a
// DecodeKeyLoader cannot.
func (r *Remote) DecodeKey(ctx context.Context, issuer string, header map[string]any) (keys.Key, error) {
	kid, isText := header["kid"].(string)
	_, there := header["kid"]
	algorithm, _ := header["alg"].(string)
	algorithm = keys.CanonicalAlgorithm(algorithm)
	if r.issuer != "" && issuer != r.issuer || there && !isText || !r.options.rules().Allows(algorithm) {
		return keys.Key{}, nil // nothing is fetched for a token that no key can have signed
	}
	found, err := r.keysFor(ctx, kid)
	if err != nil {
		return keys.Key{}, err
	}
	return found.find(kid, algorithm), nil
}

// keysFor returns the keys for a token with kid.
func (r *Remote) keysFor(ctx context.Context, kid string) (*usableKeys, error) {
	now := r.options.Now()
	r.catchUp(now)
	if known := r.known(now); known != nil && known.has(kid) {
		return known, nil
	}
	err := r.await(ctx, now)
	if known := r.known(r.options.Now()); known != nil {
		return known, nil
	}
	return nil, fmt.Errorf("%w: jwks: %w", keys.ErrUnavailable, err)
}

// known returns the keys that are not stale, or nil.
func (r *Remote) known(now time.Time) *usableKeys {
	s := r.current.Load()
	if s == nil || s.isStale(now, r.options.MaxStale) {
		return nil
	}
	return s.usableKeys
}

// isStale compares both clocks of the machine. The monotonic clock stops while the
// machine sleeps, and the wall clock can be changed.
func (s *snapshot) isStale(now time.Time, most time.Duration) bool {
	return now.Sub(s.asked) > most || now.Round(0).Sub(s.asked.Round(0)) > most
}

// catchUp starts an overdue fetch. The timer of follow stops while the machine sleeps, or
// while a cloud function is paused. One request starts the fetch, and no request waits
// for it.
func (r *Remote) catchUp(now time.Time) {
	overdue := r.overdue.Load()
	if now.UnixMilli() >= overdue && r.overdue.CompareAndSwap(overdue, math.MaxInt64) {
		r.takeOff()
	}
}

var (
	errNotNow = errors.New("not waiting for another fetch now")
	errEnded  = errors.New("the context of the key set has ended")
	errHangs  = errors.New("a fetch takes longer than Options.Timeout: the Transport ignores its context, or OnError does not return")
)

// await waits for the running fetch, or for a new one.
func (r *Remote) await(ctx context.Context, now time.Time) error {
	f, err := r.board(now)
	if err != nil {
		return err
	}
	// The fetch ends by itself; it does not begin if OnError does not return.
	enough, cancel := context.WithTimeout(ctx, r.options.Timeout+time.Second)
	defer cancel()
	err = r.wait(enough, f)
	if enough.Err() != nil && ctx.Err() == nil {
		r.giveUp(f)
	}
	return err
}

// giveUp records that a fetch takes too long, so that other requests do not wait for it.
func (r *Remote) giveUp(f *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight == f && r.failure == nil {
		r.failure = errHangs
	}
}

// board returns the fetch to wait for. It starts one if the limits allow it. While
// fetches fail, only the request that started a fetch waits for it. Otherwise requests
// would pile up when an issuer hangs.
func (r *Remote) board(now time.Time) (*flight, error) {
	if r.hasEnded() {
		return nil, errEnded
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.flight == nil && !r.isAskedToWait(now) && r.bucket.take(now):
		return r.begin(), nil
	case r.flight != nil && r.failure == nil:
		return r.flight, nil
	case r.failure == nil:
		return nil, errNotNow
	}
	return nil, fmt.Errorf("%w: %w", errNotNow, r.failure)
}

// isAskedToWait reports whether the server asked for a pause that is not over. A longer
// pause than any limit means that the clock was set back. The caller holds mu.
func (r *Remote) isAskedToWait(now time.Time) bool {
	rest := r.notBefore.Sub(now)
	return rest > 0 && rest <= r.options.Refresh
}

func (r *Remote) hasEnded() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

func (r *Remote) wait(ctx context.Context, f *flight) error {
	select {
	case <-f.landed:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	case <-r.ended:
		return errEnded
	}
}

// takeOff returns the running fetch, or a new one.
func (r *Remote) takeOff() *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil {
		return r.flight
	}
	return r.begin()
}

// begin asks for a fetch. The caller holds mu, and no fetch is running.
func (r *Remote) begin() *flight {
	r.flight = &flight{landed: make(chan struct{})}
	r.wake <- struct{}{} // there is room, because no fetch was running
	return r.flight
}

// Refresh fetches the set now, without any limits, and waits for the result.
func (r *Remote) Refresh(ctx context.Context) error {
	r.mu.Lock()
	before := r.flight
	r.mu.Unlock()
	if before != nil { // it may have been answered already
		_ = r.wait(ctx, before)
	}
	if err := r.wait(ctx, r.takeOff()); err != nil {
		return fmt.Errorf("jwks: %w", err)
	}
	return nil
}

// Ready waits for the first successful fetch. Call it at startup if your server must have
// keys before it takes requests.
func (r *Remote) Ready(ctx context.Context) error {
	select {
	case <-r.ready:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("jwks: no keys yet: %w", errors.Join(ctx.Err(), r.Status().Err))
	case <-r.ended:
		return fmt.Errorf("jwks: no keys: %w", errEnded)
	}
}

// Status describes the state of a [Remote].
type Status struct {
	Keys    []string  // the IDs of the used keys, sorted
	Fetched time.Time // when the last successful fetch began; zero if there was none
	Err     error     // why the last fetch failed; nil if it succeeded
}

// Status returns the state of the key set, for a health page or a metric.
func (r *Remote) Status() Status {
	r.mu.Lock()
	s := Status{Err: r.failure}
	r.mu.Unlock()
	if current := r.current.Load(); current != nil {
		s.Fetched = current.asked
		for _, key := range current.list {
			s.Keys = append(s.Keys, key.ID)
		}
		s.Keys = slices.Compact(s.Keys)
	}
	return s
}
