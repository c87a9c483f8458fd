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

// Remote is the JWK Set of another issuer, kept up to date. Make one with [New]
// or [Discover]. Its methods may be called by any number of goroutines.
type Remote struct {
	fetcher fetcher
	locate  locator
	issuer  string // of Discover; empty: not known
	options Options
	ended   <-chan struct{} // with the context of New
	wake    chan struct{}   // has an element while a fetch is wanted

	current atomic.Pointer[snapshot]
	overdue atomic.Int64 // Unix milliseconds from which on the next request starts a fetch

	// Only the goroutine that fetches looks at these.
	failures int
	reported []string // of the keys that are not used

	ready       chan struct{}
	becameReady sync.Once

	mu        sync.Mutex
	bucket    bucket
	flight    *flight   // the fetch that is wanted or under way; nil: none
	failure   error     // of the last fetch
	notBefore time.Time // until then the server asked to be left alone
	watcher   func(keys.Fetch)
}

// snapshot is what a fetch brought.
type snapshot struct {
	*usableKeys
	asked time.Time
}

// flight is one fetch, for any number of those who wait for it.
type flight struct {
	landed chan struct{}
	err    error // after landed is closed
}

// New returns the JWK Set at url, which must be https. It starts to fetch it, and
// does so again and again in one goroutine until ctx ends. It does not wait for
// the first fetch: requests do, or [Remote.Ready]. An error means that url or
// options are wrong.
func New(ctx context.Context, url string, options Options) (*Remote, error) {
	options = options.in(ctx).withDefaults()
	f := newFetcher(options)
	address, err := f.parseURL(url)
	if err != nil {
		err = fmt.Errorf("jwks: url: %w", err)
	}
	return start(ctx, f, fixed(address), options, err)
}

// Discover returns the JWK Set of an issuer, whose metadata says where it is
// (OpenID Connect Discovery, RFC 8414). issuer is the exact text that its tokens
// have as "iss". All else is as with [New]: the metadata is not fetched before
// Discover returns, and every fetch reads it anew.
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

// KeySet returns the keys of the issuer, by the contract of [keys.Source].
// A kid that is known, or empty, is answered from memory. One that is not makes
// it fetch, within the limits of Options.Cooldown and Options.Burst, and wait for
// that; if it is unknown still, the keys without it are returned. The error is a
// [keys.ErrUnavailable]: no keys were ever fetched, or not for
// Options.MaxStale.
func (r *Remote) KeySet(ctx context.Context, kid string) (*keys.Set, error) {
	found, err := r.keysFor(ctx, kid)
	if err != nil {
		return nil, err
	}
	return found.set, nil
}

// DecodeKey returns the key that the header of a token names, for a
// DecodeKeyLoader of ginjwt, which gives it the token's own "iss" and header:
//
//	mgr.DecodeKeyLoader(func(ctx context.Context, t *ginjwt.Token) (keys.Key, error) {
//		return remote.DecodeKey(ctx, t.Issuer, t.Header())
//	})
//
// A zero Key means that there is none. A Remote
// of [Discover] has none for tokens of other issuers; one of [New] does not look
// at who issued the token: set Config.DecodeIssuer. Use Config.Issuers in its
// place where tokens have more than one issuer, or where several keys without "kid"
// have one algorithm: Config.Issuers tries them all, a DecodeKeyLoader cannot.
func (r *Remote) DecodeKey(ctx context.Context, issuer string, header map[string]any) (keys.Key, error) {
	kid, isText := header["kid"].(string)
	_, there := header["kid"]
	algorithm, _ := header["alg"].(string)
	algorithm = keys.CanonicalAlgorithm(algorithm)
	if r.issuer != "" && issuer != r.issuer || there && !isText || !r.options.rules().Allows(algorithm) {
		return keys.Key{}, nil // nothing is fetched for what no key can have signed
	}
	found, err := r.keysFor(ctx, kid)
	if err != nil {
		return keys.Key{}, err
	}
	return found.find(kid, algorithm), nil
}

// keysFor returns the keys to decide on a token with kid by.
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

// known returns the keys that may be used now, or nil.
func (r *Remote) known(now time.Time) *usableKeys {
	s := r.current.Load()
	if s == nil || s.isStale(now, r.options.MaxStale) {
		return nil
	}
	return s.usableKeys
}

// isStale compares both clocks of the machine: the monotonic one stands still
// while the machine sleeps, the other one can be set.
func (s *snapshot) isStale(now time.Time, most time.Duration) bool {
	return now.Sub(s.asked) > most || now.Round(0).Sub(s.asked.Round(0)) > most
}

// catchUp starts a fetch that is overdue: the timer of follow stands still while
// the machine sleeps, or while nothing runs between two calls of a function in
// the cloud. One request does it, and none waits.
func (r *Remote) catchUp(now time.Time) {
	overdue := r.overdue.Load()
	if now.UnixMilli() >= overdue && r.overdue.CompareAndSwap(overdue, math.MaxInt64) {
		r.takeOff()
	}
}

var (
	errNotNow = errors.New("no further fetch is waited for now")
	errEnded  = errors.New("the context of the key set has ended")
	errHangs  = errors.New("a fetch goes on for longer than Options.Timeout: the Transport does not obey its context, or OnError does not return")
)

// await waits for the fetch that is under way, or for a new one.
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

// giveUp notes that a fetch goes on for longer than it may, so that others do
// not wait for it.
func (r *Remote) giveUp(f *flight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight == f && r.failure == nil {
		r.failure = errHangs
	}
}

// board returns the fetch to wait for, if there is one, or may be one now. While
// fetches fail, only who starts one waits for it: or else requests would pile up
// when an issuer hangs.
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

// isAskedToWait reports whether the server asked for a pause that is not over. A pause
// that is longer than any is that of a clock that was set back. The caller holds mu.
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

// takeOff returns the fetch that is under way, or a new one.
func (r *Remote) takeOff() *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil {
		return r.flight
	}
	return r.begin()
}

// begin asks for a fetch. The caller holds mu, and there is none.
func (r *Remote) begin() *flight {
	r.flight = &flight{landed: make(chan struct{})}
	r.wake <- struct{}{} // there is room, as there was no flight
	return r.flight
}

// Refresh fetches now, whatever the limits say, and waits for that.
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

// Ready waits until keys have been fetched for the first time. A server that is
// to take requests only then can wait for it when it starts.
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

// Status describes a [Remote].
type Status struct {
	Keys    []string  // the IDs of the keys that are used, in order
	Fetched time.Time // when the last fetch that worked began; zero: never
	Err     error     // why the last fetch failed; nil if it did not
}

// Status returns how the key set stands, for a page of health or a metric.
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
