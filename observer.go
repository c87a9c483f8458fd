package ginjwt

import (
	"context"
	"time"
)

// An Observer is told what a manager does: see Config.Observer.
//
// Observe is called by the goroutine at work, by many at once, before the request is
// answered: it must be quick, and hand longer work on. Events of one request come in
// the order in which things happened; those of different requests in any order. ctx
// is that of the request, with the values that tracing has put there, and may have
// ended; for what happens in the background it is empty.
//
// An observer decides nothing. One that panics in a request is a handler that does:
// the request goes no further, and Gin's Recovery answers it. In the background,
// where nothing would answer, its panic is dropped.
type Observer interface {
	Observe(ctx context.Context, e Event)
}

// ObserverFunc is a function as an [Observer].
type ObserverFunc func(ctx context.Context, e Event)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, e Event) { f(ctx, e) }

// Event is something that happened. It holds no token, no identity and no key.
//
// What has few values is fit for the label of a metric: Kind, Fault, Reason, Issuer,
// Location, TokenType, Purpose, Cause and Operation. Nobody who sends requests can make new
// ones. Duration, SessionID, TokenID and Err are for logs, traces and histograms.
//
// A field that does not belong to the kind is zero. There may be more fields in
// later versions.
type Event struct {
	Kind  EventKind
	Fault Fault // whose it is; empty if nothing went wrong

	Reason    string    // of EventRefused: as Error.Reason
	Issuer    string    // of the token, or of the keys; empty if it is not one of the settings
	Location  Location  // where the request had the token; empty outside of one, or if it had none
	TokenType TokenType // access, refresh, purpose or ticket
	Purpose   string    // Purpose.Name, of a purpose token
	Cause     Cause     // why a session or a context began or ended, or a token was revoked
	Operation Operation // of EventStoreFailed: what was asked

	// Duration is how long it took: the checks of EventAccepted and EventRefused, the
	// signing of EventIssued, the trade of EventRotated and EventRepeated, the call
	// of EventStoreFailed, the fetch of EventKeySetFetched and EventKeySetFailed. Zero
	// if it is not known.
	Duration time.Duration

	SessionID string // "sid" of a session of this manager, empty for tokens of other issuers; of EventLoggedOut, that at the issuer
	TokenID   string // "jti" of a token that was verified, or made

	// Err is why a store or a fetch failed, or a list is stale, in the words of who
	// failed. It is nil for refusals: theirs are in gin.Context.Errors.
	Err error
}

// EventKind says what an [Event] is about.
type EventKind int

// The kinds of events.
const (
	// EventIssued: a token was signed. Every token that exists has this event, also
	// one that a client was never sent, as a store failed then.
	EventIssued EventKind = iota + 1

	// EventAccepted: a token passed all checks, of JWTRequired or VerifyToken. A
	// request that passes without a token is no event.
	EventAccepted

	// EventRefused: a request was refused, or a token given to VerifyToken,
	// PeekPurposeToken or ConsumePurposeToken. What Refuse answers counts once, whoever
	// found the fault.
	EventRefused

	// EventRotated: a refresh token was traded for the next generation.
	EventRotated

	// EventRepeated: a refresh token got tokens of the newest generation again. A
	// thief who repeats every refresh in time looks like this, too.
	EventRepeated

	// EventReused: a refresh token was used that had been traded before. Its session
	// ends. It comes when OnReuse is called.
	EventReused

	// EventRevoked: a token that has no session, or may become one, was put on the
	// blocklist. With a Purpose: all purpose tokens of an identity.
	EventRevoked

	// EventConsumed: a purpose token or a ticket was used up. The event of a ticket is
	// followed by EventAccepted, which is about the token that bought it.
	EventConsumed

	// EventSessionStarted: a session was stored.
	EventSessionStarted

	// EventSessionEnded: a session was removed. One that expires ends without an
	// event: nobody does it.
	EventSessionEnded

	// EventContextEnded: a context of SessionContext ended because its session or token
	// did, for Cause, or because a store has failed for too long: then it has a Fault and
	// an Err. A context that ends with its request is no event.
	EventContextEnded

	// EventKeysChanged: SetKeys replaced the keys of the manager, or, with an Issuer,
	// those of another issuer are not what they were.
	EventKeysChanged

	// EventKeySetFetched and EventKeySetFailed: the keys of an issuer were fetched, or
	// could not be.
	EventKeySetFetched
	EventKeySetFailed

	// EventListComplete: the copy of the blocklist is complete, for the first time or
	// again.
	EventListComplete

	// EventListStale: the copy could not be brought up to date in time, so that every
	// lookup asks the server.
	EventListStale

	// EventListLost: the server has lost a part of the blocklist. What the copy cannot
	// answer is refused with 503 until EventListWhole.
	EventListLost

	// EventListWhole: everybody has given back what they knew of a lost list.
	EventListWhole

	// EventLoggedOut: an issuer logged a user out, by a logout token. SessionID is that
	// at the issuer; it is empty if all sessions of the user have ended there.
	EventLoggedOut

	// EventStoreFailed: a store, or the TokenInBlocklistLoader, returned an error, or
	// the IssuerResolver gave no answer in time. What the IssuerResolver returns is no
	// event: it is the Err of the refusal.
	EventStoreFailed
)

// eventNames are the words for kinds.
var eventNames = [...]string{
	EventIssued: "issued", EventAccepted: "accepted", EventRefused: "refused",
	EventRotated: "rotated", EventRepeated: "repeated", EventReused: "reused", EventRevoked: "revoked", EventConsumed: "consumed",
	EventSessionStarted: "session_started", EventSessionEnded: "session_ended", EventContextEnded: "context_ended",
	EventKeysChanged: "keys_changed", EventKeySetFetched: "key_set_fetched", EventKeySetFailed: "key_set_failed",
	EventListComplete: "list_complete", EventListStale: "list_stale", EventListLost: "list_lost", EventListWhole: "list_whole",
	EventLoggedOut: "logged_out", EventStoreFailed: "store_failed",
}

// String returns the word for k, such as "session_started": fit for the label of a
// metric, and never changed.
func (k EventKind) String() string {
	if k <= 0 || int(k) >= len(eventNames) {
		return "unknown"
	}
	return eventNames[k]
}

// EventKinds returns all kinds, for a metric that is to show zero for each.
func EventKinds() []EventKind {
	kinds := make([]EventKind, 0, len(eventNames)-1)
	for k := range len(eventNames) - 1 {
		kinds = append(kinds, EventKind(k+1))
	}
	return kinds
}

// Fault says whose fault an [Event] is.
type Fault string

// The faults.
const (
	// FaultCaller: of who sent the request, such as an expired token, a stolen one,
	// or a client that went away before a store had answered.
	FaultCaller Fault = "caller"

	// FaultService: of the service, and of what it needs: what is answered with a
	// status from 500 on, a store that fails, keys that cannot be fetched, a list
	// that is stale or lost.
	FaultService Fault = "service"
)

// Cause says why a session began or ended, or a token was revoked, or why a context of
// SessionContext ended.
type Cause string

// The causes.
const (
	CauseLogin       Cause = "login"        // CreateTokenPair
	CauseRefresh     Cause = "refresh"      // a refresh token that had no session
	CauseLogout      Cause = "logout"       // LogoutHandler, LogoutAllHandler
	CauseUser        Cause = "user"         // EndSessionHandler: the user, from a list of sessions
	CauseRevocation  Cause = "revocation"   // RevocationHandler: a client of OAuth 2.0
	CauseApplication Cause = "application"  // EndSession, EndSessions, EndSessionForToken, RevokeToken, RevokePurposeTokens
	CauseMaxSessions Cause = "max_sessions" // Config.MaxSessions
	CauseReuse       Cause = "reuse"        // a refresh token that had been traded before
	CauseFailure     Cause = "failure"      // a store failed before the login was over

	// Only contexts of SessionContext end for these two.
	CauseExpired        Cause = "expired"         // the session, or a token that has none
	CauseUpstreamLogout Cause = "upstream_logout" // BackChannelLogoutHandler: at the issuer where the user logged in
)

// Operation says what a store, or a function of the application, was asked.
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
