package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// events reports what happens to Config.Observer. A nil events reports nothing and
// costs nothing.
type events struct {
	observer Observer
	issuers  map[string]bool // the issuers of the settings, which events may name
}

func newEvents(config *Config) *events {
	if config.Observer == nil {
		return nil
	}
	e := &events{config.Observer, map[string]bool{config.EncodeIssuer: true, config.DecodeIssuer: true}}
	for _, name := range config.DecodeIssuers {
		e.issuers[name] = true
	}
	for _, issuer := range config.Issuers {
		e.issuers[issuer.Name] = true
	}
	return e
}

// begin returns the time at which the work of an event starts. It does not use
// Config.Now, which stands still in tests.
func (e *events) begin() (start time.Time) {
	if e != nil {
		start = time.Now()
	}
	return start
}

// named returns issuer if it is in the settings, so that clients cannot create labels.
func (e *events) named(issuer string) string {
	if e.issuers[issuer] {
		return issuer
	}
	return ""
}

// about returns an event about a token that was verified.
func (e *events) about(kind EventKind, token *Token, start time.Time) Event {
	event := Event{
		Kind: kind, Issuer: e.named(token.Issuer), Location: token.Location,
		SessionID: token.session(), TokenID: token.ID, Duration: since(start), Bound: token.isBound(),
	}
	switch token.Type {
	case AccessToken, RefreshToken, purposeTokens.name, ticketTokens.name:
		event.TokenType = token.Type
	}
	return event
}

func since(start time.Time) time.Duration {
	if start.IsZero() {
		return 0
	}
	return time.Since(start)
}

func (e *events) accepted(ctx context.Context, token *Token, start time.Time) {
	if e != nil {
		e.observer.Observe(ctx, e.about(EventAccepted, token, start))
	}
}

// judged adds location and duration to the error of a check, for its event.
func (e *events) judged(err error, at Location, start time.Time) error {
	if e == nil {
		return err
	}
	refused := asError(err)
	refused.location, refused.took = at, since(start)
	return refused
}

// refused reports a refusal once.
func (e *events) refused(ctx context.Context, err *Error) {
	if e == nil || err.observed {
		return
	}
	err.observed = true
	event := Event{Kind: EventRefused}
	if err.token != nil {
		event = e.about(EventRefused, err.token, time.Time{})
	}
	event.Reason, event.Duration, event.Purpose = err.reason(), err.took, err.purpose
	event.Location = or(err.location, event.Location)
	event.Fault = FaultCaller
	if err.Status >= http.StatusInternalServerError {
		event.Fault = e.faultOf(ctx)
	}
	e.observer.Observe(ctx, event)
}

func (e *events) consumed(ctx context.Context, purpose string, token *Token, start time.Time) {
	if e != nil {
		event := e.about(EventConsumed, token, start)
		event.Purpose = purpose
		e.observer.Observe(ctx, event)
	}
}

func (e *events) purposeRevoked(ctx context.Context, purpose string) {
	if e != nil {
		e.observer.Observe(ctx, Event{Kind: EventRevoked, TokenType: purposeTokens.name, Purpose: purpose, Cause: CauseApplication})
	}
}

// faultOf says who is at fault for a failure. A client that disconnected cancelled the
// call of the store itself.
func (e *events) faultOf(ctx context.Context) Fault {
	if errors.Is(ctx.Err(), context.Canceled) {
		return FaultCaller
	}
	return FaultService
}

// issued reports a new token. purpose is empty unless it is a purpose token.
func (e *events) issued(ctx context.Context, purpose string, claims *newClaims, start time.Time) {
	if e != nil {
		e.observer.Observe(ctx, Event{
			Kind: EventIssued, TokenType: claims.typ, Purpose: purpose, Issuer: e.named(claims.issuer),
			SessionID: claims.session, TokenID: claims.id, Duration: since(start), Bound: claims.jkt != "",
		})
	}
}

// refreshed reports what a refresh token got. The session ID comes from s: a token from
// before there were sessions has none.
func (e *events) refreshed(ctx context.Context, kind EventKind, token *Token, s store.Session, start time.Time) {
	if e == nil {
		return
	}
	event := e.about(kind, token, start)
	event.SessionID = s.ID
	if kind == EventReused {
		event.Fault = FaultCaller
	}
	e.observer.Observe(ctx, event)
}

func (e *events) revoked(ctx context.Context, token *Token, cause Cause) {
	if e != nil {
		event := e.about(EventRevoked, token, time.Time{})
		event.Cause = cause
		e.observer.Observe(ctx, event)
	}
}

// session reports that a session began or ended.
func (e *events) session(ctx context.Context, kind EventKind, id string, cause Cause) {
	if e != nil {
		e.observer.Observe(ctx, Event{Kind: kind, SessionID: id, Cause: cause})
	}
}

// contextEnded reports that a context of SessionContext ended before its request.
func (e *events) contextEnded(token *Token, cause error) {
	if e == nil {
		return
	}
	event := e.about(EventContextEnded, token, time.Time{})
	if end, ok := errors.AsType[*SessionEnd](cause); ok {
		event.Cause = end.Cause
	} else {
		event.Fault, event.Err = FaultService, cause
	}
	e.inBackground(event)
}

func (e *events) loggedOut(ctx context.Context, u store.Upstream, tokenID string) {
	if e != nil {
		e.observer.Observe(ctx, Event{Kind: EventLoggedOut, Issuer: e.named(u.Issuer), SessionID: u.SID, TokenID: tokenID})
	}
}

func (e *events) keysChanged() {
	if e != nil {
		e.observer.Observe(context.Background(), Event{Kind: EventKeysChanged})
	}
}

func (e *events) storeFailed(ctx context.Context, operation Operation, start time.Time, err error) {
	if e != nil && err != nil {
		e.observer.Observe(ctx, Event{
			Kind: EventStoreFailed, Fault: e.faultOf(ctx), Operation: operation, Duration: since(start), Err: err,
		})
	}
}

// resolverFailed reports that the IssuerResolver did not return in time.
func (e *events) resolverFailed(took time.Duration, err error) {
	if e != nil {
		e.inBackground(Event{Kind: EventStoreFailed, Fault: FaultService, Operation: OperationIssuerResolver, Duration: took, Err: err})
	}
}

// watch subscribes to the events of the shared blocklist and of the issuers' key sets.
// Without an observer it does not: they may have a watcher of another manager.
func (e *events) watch(config *Config) {
	if e == nil {
		return
	}
	if list, ok := config.Blocklist.(store.WatchedBlocklist); ok {
		list.Watch(e.list)
	}
	for _, issuer := range config.Issuers {
		if source, ok := issuer.KeySource.(keys.WatchedSource); ok {
			source.Watch(func(fetch keys.Fetch) { e.fetched(issuer.Name, fetch) })
		}
	}
}

// list reports what happened to the copy of the blocklist.
func (e *events) list(in store.ListEvent) {
	switch in.Kind {
	case store.ListComplete:
		e.inBackground(Event{Kind: EventListComplete})
	case store.ListStale:
		e.inBackground(Event{Kind: EventListStale, Fault: FaultService, Err: in.Err})
	case store.ListLost:
		e.inBackground(Event{Kind: EventListLost, Fault: FaultService, Err: in.Err})
	case store.ListWhole:
		e.inBackground(Event{Kind: EventListWhole})
	}
}

// fetched reports a fetch of an issuer's keys.
func (e *events) fetched(issuer string, fetch keys.Fetch) {
	if fetch.Err != nil {
		e.inBackground(Event{Kind: EventKeySetFailed, Fault: FaultService, Issuer: issuer, Duration: fetch.Duration, Err: fetch.Err})
		return
	}
	e.inBackground(Event{Kind: EventKeySetFetched, Issuer: issuer, Duration: fetch.Duration})
	if fetch.Changed {
		e.inBackground(Event{Kind: EventKeysChanged, Issuer: issuer})
	}
}

// inBackground reports an event outside of requests. It drops a panic of the observer,
// which would end the program or stop the copy of the blocklist.
func (e *events) inBackground(event Event) {
	defer func() { _ = recover() }()
	e.observer.Observe(context.Background(), event)
}
