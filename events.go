package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// events tells Config.Observer what happens. Nil tells nobody, and costs nothing.
type events struct {
	observer Observer
	issuers  map[string]bool // that may be named: those of the settings
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

// begin returns the time, for the duration of an event. Config.Now stands still in
// tests, and may be set.
func (e *events) begin() (start time.Time) {
	if e != nil {
		start = time.Now()
	}
	return start
}

// named returns the name of an issuer if it is one of the settings.
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
		SessionID: token.session(), TokenID: token.ID, Duration: since(start),
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

// judged adds to the error of a check what an event tells of it.
func (e *events) judged(err error, at Location, start time.Time) error {
	if e == nil {
		return err
	}
	refused := asError(err)
	refused.location, refused.took = at, since(start)
	return refused
}

// refused tells of a refusal, once.
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

// faultOf says whose fault a failure is: a client that went away has made the call
// of a store fail itself.
func (e *events) faultOf(ctx context.Context) Fault {
	if errors.Is(ctx.Err(), context.Canceled) {
		return FaultCaller
	}
	return FaultService
}

// issued tells of a new token; purpose is that of a purpose token.
func (e *events) issued(ctx context.Context, purpose string, claims *newClaims, start time.Time) {
	if e != nil {
		e.observer.Observe(ctx, Event{
			Kind: EventIssued, TokenType: claims.typ, Purpose: purpose, Issuer: e.named(claims.issuer),
			SessionID: claims.session, TokenID: claims.id, Duration: since(start),
		})
	}
}

// refreshed tells what a refresh token got. Its session may be younger than itself.
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

// session tells that a session began or ended.
func (e *events) session(ctx context.Context, kind EventKind, id string, cause Cause) {
	if e != nil {
		e.observer.Observe(ctx, Event{Kind: kind, SessionID: id, Cause: cause})
	}
}

// contextEnded tells that a context of SessionContext ended, and not with its request.
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

// resolverFailed tells that the IssuerResolver gave no answer in time.
func (e *events) resolverFailed(took time.Duration, err error) {
	if e != nil {
		e.inBackground(Event{Kind: EventStoreFailed, Fault: FaultService, Operation: OperationIssuerResolver, Duration: took, Err: err})
	}
}

// watch has the shared blocklist, and the key sets of issuers, tell what happens to
// them. Without an observer it leaves them alone: they may tell another manager.
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

// list tells what happened to the copy of the blocklist.
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

// fetched tells how the keys of an issuer were fetched.
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

// inBackground tells of what happens outside of requests. A panic would end the
// program there, or leave a list that nobody follows.
func (e *events) inBackground(event Event) {
	defer func() { _ = recover() }()
	e.observer.Observe(context.Background(), event)
}
