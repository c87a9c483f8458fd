package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/untrusted"
)

const (
	resolveTimeout = 10 * time.Second // of one call of an IssuerResolver
	resolveHangs   = 11 * time.Second // after this time a call ignores its context
	resolveAtOnce  = 32               // maximum number of simultaneous calls
	resolveWaiting = 1024             // maximum number of questions, including running calls
)

// resolver knows the issuers of an IssuerResolver. Anybody can send tokens with any
// issuer name, and their signatures cannot be checked yet. So it checks names before it
// asks. It asks about each name only once at a time, and only about a few names at the
// same time. What it remembers has a limit.
type resolver struct {
	ask    IssuerResolver
	check  func(i Issuer) (*issuerRules, error)
	own    []string // names that it never asks about
	now    func() time.Time
	slots  chan struct{} // one element for each running call
	events *events

	mu        sync.Mutex
	resolved  resolvedIssuers
	questions map[string]*question // open questions, by "iss"
	unknown   unknownIssuers
}

// question is one call of the IssuerResolver, for any number of requests.
type question struct {
	answered  chan struct{}
	forgotten bool // ForgetIssuers was called meanwhile, so the answer may be outdated

	// Valid after answered is closed. If both are nil, the issuer is unknown.
	rules *issuerRules
	err   error
}

// newResolver returns nil without an IssuerResolver.
func newResolver(config *Config, events *events) *resolver {
	if config.IssuerResolver == nil {
		return nil
	}
	return &resolver{
		ask:       config.IssuerResolver,
		check:     config.rulesOfResolved,
		own:       config.ownIssuers(),
		now:       config.Now,
		slots:     make(chan struct{}, resolveAtOnce),
		events:    events,
		resolved:  resolvedIssuers{most: config.MaxResolvedIssuers, configured: config.Issuers, byName: map[string]*resolvedIssuer{}},
		questions: map[string]*question{},
		unknown:   newUnknownIssuers(),
	}
}

// rulesFor returns the rules for tokens of an issuer, or nil if the issuer is unknown. An
// error means that there is no answer.
func (r *resolver) rulesFor(ctx context.Context, name string) (*issuerRules, error) {
	if slices.Contains(r.own, name) || !isIssuerName(name) {
		return nil, nil
	}
	rules, q := r.look(name)
	if q == nil {
		return rules, nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveHangs)
	defer cancel()
	select {
	case <-q.answered:
		return q.rules, q.err
	case <-ctx.Done():
		return nil, refusal(ErrUnavailable, ctx.Err()).because(reasonKeys)
	}
}

// look returns what is known of an issuer, or else the question to wait for.
func (r *resolver) look(name string) (*issuerRules, *question) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.resolved.get(name, now)
	if known != nil && !known.isDue(now) || known == nil && r.unknown.has(name, now) {
		return known.rulesOrNil(), nil
	}
	q := r.question(name, known != nil)
	if known != nil { // a known issuer does not wait for the new answer
		known.asked = now
		return known.rules, nil
	}
	return nil, q
}

// question returns the open question about an issuer, or a new one. Beyond resolveWaiting
// it returns one that failed already, because questions live longer than the requests
// that wait for them. The caller holds mu.
func (r *resolver) question(name string, again bool) *question {
	q := r.questions[name]
	switch {
	case q != nil:
		return q
	case len(r.questions) >= resolveWaiting:
		return unasked
	}
	q = &question{answered: make(chan struct{})}
	r.questions[name] = q
	go r.resolve(name, q, again)
	return q
}

var (
	errTooMany = errors.New("too many calls of the IssuerResolver at once")
	errHangs   = fmt.Errorf("the call has not returned after its context ended; %d such calls block all further calls", resolveAtOnce)
	unasked    = unaskedQuestion()
)

func unaskedQuestion() *question {
	q := &question{answered: make(chan struct{}), err: resolverFailure(errTooMany)}
	close(q.answered)
	return q
}

// resolve answers a question. Its context lives as long as the issuer is kept. When the
// manager asks about a known issuer again, the new answer replaces the old one as soon as
// its keys are known.
func (r *resolver) resolve(name string, q *question, again bool) {
	defer close(q.answered)
	life, end := context.WithCancel(context.Background())
	tooLate := time.AfterFunc(resolveTimeout, end)
	issuer, rules, err := r.call(life, name)
	if err == nil {
		rules.ended = life.Done()
	}
	if err == nil && again {
		err = rules.keys.ready(life)
	}
	if !tooLate.Stop() && err == nil {
		err = errors.New("the answer came too late")
	}
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.questions, name)
	if q.forgotten {
		err = errors.New("the issuer was forgotten meanwhile")
	}
	if err == nil {
		err = r.resolved.add(&resolvedIssuer{Issuer: issuer, rules: rules, end: end, since: now})
	}
	switch {
	case err == nil:
		q.rules = rules
		return
	case errors.Is(err, ErrUnknownIssuer):
		r.resolved.remove(name)
		r.unknown.add(name, now)
	default:
		q.err = resolverFailure(err)
	}
	end()
}

// call calls the IssuerResolver when a slot is free. A panic becomes an error. A call
// that never returns keeps its slot. The observer is told of such a call, and of each
// question that found no slot.
func (r *resolver) call(ctx context.Context, name string) (i Issuer, rules *issuerRules, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: a panic: %v", ErrCallback, p)
		}
	}()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		r.events.resolverFailed(resolveTimeout, errTooMany)
		return i, nil, errTooMany
	}
	hangs := time.AfterFunc(resolveHangs, func() { r.events.resolverFailed(resolveHangs, errHangs) })
	defer hangs.Stop()
	if i, err = r.ask(untrusted.Mark(ctx), name); err != nil {
		return i, nil, err
	}
	if i.Name != name {
		return i, nil, fmt.Errorf("%w: the Name differs from the requested name", ErrCallback)
	}
	rules, err = r.check(i)
	return i, rules, err
}

// resolverFailure returns the refusal if there is no answer: 500 if the program is wrong,
// else 503.
func resolverFailure(err error) error {
	err = fmt.Errorf("ginjwt: IssuerResolver: %w", err)
	if errors.Is(err, ErrCallback) {
		return refusal(ErrCallback, err)
	}
	return refusal(ErrUnavailable, err).because(reasonKeys)
}

// forget drops what is known of the named issuers, or of all issuers if there are no
// names.
func (r *resolver) forget(names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(names) == 0 {
		names = slices.AppendSeq(slices.Collect(maps.Keys(r.resolved.byName)), maps.Keys(r.questions))
		r.unknown = newUnknownIssuers()
	}
	for _, name := range names {
		r.resolved.remove(name)
		r.unknown.remove(name)
		if q := r.questions[name]; q != nil {
			q.forgotten = true
		}
	}
}
