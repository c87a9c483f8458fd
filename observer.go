package ginjwt

import (
	"context"
	"time"
)

// Observer receives the events of a manager: see Config.Observer.
//
// Observe is called in the goroutine of a request, before the response. So it must be
// quick: hand longer work to another goroutine. Observe must be safe for concurrent
// use. The events of one request come in the order of their occurrence. The events of
// different requests come in any order. ctx is the context of the request, with the
// values of your tracing. ctx may have ended. For background work ctx is
// [context.Background].
//
// An observer cannot refuse a request. If it panics in a request, the request stops,
// and Gin's Recovery responds. If it panics in background work, the panic is dropped.
type Observer interface {
	Observe(ctx context.Context, e Event)
}

// ObserverFunc lets a function be an [Observer].
type ObserverFunc func(ctx context.Context, e Event)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, e Event) { f(ctx, e) }

// Event is something that happened. It contains no token, no identity and no key.
//
// Kind, Fault, Reason, Issuer, Location, TokenType, Purpose, Cause, Operation and Bound have
// few values and are safe as labels of metrics: clients cannot create new values.
// Duration, SessionID, TokenID and Err are for logs, traces and histograms.
//
// A field that does not apply to the kind is zero. Later versions may add fields.
type Event struct {
	Kind  EventKind
	Fault Fault // who is at fault; empty if nothing went wrong

	Reason    string    // for EventRefused: Error.Reason
	Issuer    string    // of the token or of the keys; empty if the settings do not name it
	Location  Location  // where the token was in the request; empty without a request or a token
	TokenType TokenType // access, refresh, purpose or ticket
	Purpose   string    // for purpose tokens: Purpose.Name
	Cause     Cause     // why a session or context began or ended, or why a token was revoked
	Operation Operation // for EventStoreFailed: which call failed
	Bound     bool      // the token is bound to a key of the client (RFC 9449)

	// Duration is how long the work took. Zero means that it is not known. The work is:
	//
	//   - the checks of EventAccepted and EventRefused
	//   - the signing of EventIssued
	//   - the exchange of EventRotated and EventRepeated
	//   - the call of EventStoreFailed
	//   - the fetch of EventKeySetFetched and EventKeySetFailed
	Duration time.Duration

	SessionID string // "sid" of a session of this manager, empty for tokens of other issuers; for EventLoggedOut, the session ID at the issuer
	TokenID   string // "jti" of a token that was verified or created

	// Err is why a store or a fetch failed, or why a list is stale: the original error.
	// It is nil for refusals, whose errors are in gin.Context.Errors.
	Err error
}

// EventKind says what an [Event] is about.
type EventKind int

// The kinds of events.
const (
	// EventIssued: a token was signed. Every token has this event, even if a store failed
	// afterwards and no client received the token.
	EventIssued EventKind = iota + 1

	// EventAccepted: a token passed all checks of JWTRequired or VerifyToken. A request
	// that passes without a token has no event.
	EventAccepted

	// EventRefused: a request was refused, or a token given to VerifyToken,
	// PeekPurposeToken or ConsumePurposeToken. If your
	// code passes an error of VerifyToken to Refuse, there is one event, not two.
	EventRefused

	// EventRotated: a refresh token was exchanged for the next generation.
	EventRotated

	// EventRepeated: a refresh token got tokens of the newest generation again. A
	// thief who repeats every refresh in time causes it too.
	EventRepeated

	// EventReused: a refresh token was used again after it had been exchanged. Its
	// session ends. The manager sends this event when it calls OnReuse.
	EventReused

	// EventRevoked: a token without a session, or a refresh token that may still start
	// one, was put on the blocklist. With a Purpose: all purpose tokens of an identity.
	EventRevoked

	// EventConsumed: a purpose token or a ticket was used up. For a ticket,
	// EventAccepted follows; it is about the token that the ticket was issued for.
	EventConsumed

	// EventSessionStarted: a session was stored.
	EventSessionStarted

	// EventSessionEnded: a session was removed. A session that expires has no event.
	EventSessionEnded

	// EventContextEnded: a context of SessionContext ended because its session or token
	// ended; Cause says why. If it ended because a store failed for too long, Fault and
	// Err are set instead. A context that ends with its request has no event.
	EventContextEnded

	// EventKeysChanged: SetKeys replaced the keys of the manager. With an Issuer: the
	// fetched keys of that issuer changed.
	EventKeysChanged

	// EventKeySetFetched and EventKeySetFailed: a fetch of an issuer's keys succeeded or
	// failed.
	EventKeySetFetched
	EventKeySetFailed

	// EventListComplete: the copy of the blocklist is complete, for the first time or
	// again.
	EventListComplete

	// EventListStale: the copy of the blocklist could not be updated in time. Every
	// lookup asks the server.
	EventListStale

	// EventListLost: the server lost a part of the blocklist. Until EventListWhole a
	// request gets 503 if the copy has no entry for its token.
	EventListLost

	// EventListWhole: all processes have given back what they knew of a lost list.
	EventListWhole

	// EventLoggedOut: an issuer logged a user out, by a logout token. SessionID is the
	// session ID at the issuer. It is empty if all sessions of the user ended there.
	EventLoggedOut

	// EventStoreFailed: a store or the TokenInBlocklistLoader returned an error, or the
	// IssuerResolver did not return in time. An error that the IssuerResolver returns has
	// no such event: it is the Err of the refusal.
	EventStoreFailed
)

// eventNames are the strings of the kinds.
var eventNames = [...]string{
	EventIssued: "issued", EventAccepted: "accepted", EventRefused: "refused",
	EventRotated: "rotated", EventRepeated: "repeated", EventReused: "reused", EventRevoked: "revoked", EventConsumed: "consumed",
	EventSessionStarted: "session_started", EventSessionEnded: "session_ended", EventContextEnded: "context_ended",
	EventKeysChanged: "keys_changed", EventKeySetFetched: "key_set_fetched", EventKeySetFailed: "key_set_failed",
	EventListComplete: "list_complete", EventListStale: "list_stale", EventListLost: "list_lost", EventListWhole: "list_whole",
	EventLoggedOut: "logged_out", EventStoreFailed: "store_failed",
}

// String returns the name of k, such as "session_started". Names are safe as labels of
// metrics and never change.
func (k EventKind) String() string {
	if k <= 0 || int(k) >= len(eventNames) {
		return "unknown"
	}
	return eventNames[k]
}

// EventKinds returns all kinds, for example to start a metric at zero for each.
func EventKinds() []EventKind {
	kinds := make([]EventKind, 0, len(eventNames)-1)
	for k := range len(eventNames) - 1 {
		kinds = append(kinds, EventKind(k+1))
	}
	return kinds
}

// Fault says who is at fault for an [Event].
type Fault string

// The faults.
const (
	// FaultCaller: the client. For example, it sent an expired or stolen token, or it
	// disconnected before a store had replied.
	FaultCaller Fault = "caller"

	// FaultService: the service, or something that it needs. The service responded with
	// status 500 or above, a store failed, keys could not be fetched, or a list is stale or
	// lost.
	FaultService Fault = "service"
)

// Cause says why a session began or ended, why a token was revoked, or why a context of
// SessionContext ended.
type Cause string

// The causes.
const (
	CauseLogin       Cause = "login"        // CreateTokenPair
	CauseRefresh     Cause = "refresh"      // the first use of a refresh token that had no session
	CauseLogout      Cause = "logout"       // LogoutHandler, LogoutAllHandler
	CauseUser        Cause = "user"         // EndSessionHandler: the user, from a list of sessions
	CauseRevocation  Cause = "revocation"   // RevocationHandler: an OAuth 2.0 client
	CauseApplication Cause = "application"  // EndSession, EndSessions, EndSessionForToken, RevokeToken, RevokePurposeTokens, TokenInBlocklistLoader
	CauseMaxSessions Cause = "max_sessions" // a newer login, by Config.MaxSessions
	CauseReuse       Cause = "reuse"        // a refresh token that was used before
	CauseFailure     Cause = "failure"      // a store failed before the login was complete

	// These two are only for contexts of SessionContext.
	CauseExpired        Cause = "expired"         // the session, or a token without a session, expired
	CauseUpstreamLogout Cause = "upstream_logout" // BackChannelLogoutHandler: the user logged out at the issuer of the login
)

// Operation says which call of a store, or of a function of the application, failed.
type Operation string

// The operations of Config.Blocklist, Config.Once and Config.Sessions, of the
// TokenInBlocklistLoader, and of Config.IssuerResolver.
const (
	OperationBlocklistAdd      Operation = "blocklist_add"
	OperationBlocklistContains Operation = "blocklist_contains"
	OperationBlocklistLoader   Operation = "blocklist_loader"
	OperationOnceClaim         Operation = "once_claim"
	OperationSessionCreate     Operation = "session_create"
	OperationSessionGet        Operation = "session_get"
	OperationSessionReplace    Operation = "session_replace"
	OperationSessionDelete     Operation = "session_delete"
	OperationSessionList       Operation = "session_list"
	OperationIssuerResolver    Operation = "issuer_resolver"
)
