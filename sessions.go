package ginjwt

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Session is one login on one device.
type Session = store.Session

// SessionStore stores sessions. The comments of its methods are the contract for
// stores of your own; package storetest tests them.
type SessionStore = store.SessionStore

// MemorySessions is a [SessionStore] in the memory of this process. Other processes do
// not see its sessions, and all users have to log in again after a restart.
type MemorySessions = store.MemorySessions

// CreateTokenPair starts a session and returns its first tokens. Call it after you have
// checked the password. The identity has at most 255 bytes. If the login exceeds
// Config.MaxSessions, the oldest sessions of the identity end.
//
// Token options, such as [WithFresh], apply to the first access token only. WithExpires
// can only shorten its life. For claims in all access tokens of the session use
// [WithSessionClaims] or an AdditionalClaimsLoader.
//
// A DPoP proof binds all tokens of the session, as in [JWTManager.CreateAccessToken].
//
// If a store does not reply, the error is an [ErrUnavailable]; [JWTManager.Refuse]
// responds with 503.
func (m *JWTManager) CreateTokenPair(ctx context.Context, identity any, opts ...TokenOption) (TokenPair, error) {
	if err := m.needsSessions(); err != nil {
		return TokenPair{}, err
	}
	spec := m.minter.specOf(opts)
	if err := spec.mustNotRotate(); err != nil {
		return TokenPair{}, err
	}
	if err := m.bindLogin(ctx, &spec); err != nil {
		return TokenPair{}, err
	}
	pair, err := m.sessions.create(plain(ctx), identity, &spec)
	return m.detailed(pair), err
}

// RotateTokens exchanges a refresh token for a new token pair of its session (RFC 9700
// §4.14.2). If several requests send the token, one atomic step of the store decides
// which of them makes the next generation of tokens.
//
// Within Config.SessionGrace a client may send the token again. The client gets the same
// successor, until it exchanges that successor. Any later use is reuse:
// somebody has a copy of the token. The session ends, its access tokens are refused,
// OnReuse is called, and the error is [ErrSessionReused].
//
// The new tokens are never fresh. Their claims are those of the session, of the loaders
// and of [WithClaims]. RotateTokens asks the UserLookupLoader again. A refresh token
// without a session starts one, as its generation zero.
//
// If the session is bound to a key, the request of ctx must have a DPoP proof of that key, and
// the new tokens are bound to it. [WithKeyThumbprint] is an error.
//
// RotateTokens makes all checks of RefreshRequired, so you can pass it the result of
// [JWTManager.DecodeToken]. If it refuses the token, the error is an [*Error] for
// [JWTManager.Refuse]. If it cannot create a token, the error is not an *Error.
func (m *JWTManager) RotateTokens(ctx context.Context, refresh *Token, opts ...TokenOption) (TokenPair, error) {
	if err := m.needsSessions(); err != nil {
		return TokenPair{}, err
	}
	spec := m.minter.specOf(opts)
	if err := spec.validForRotation(); err != nil {
		return TokenPair{}, err
	}
	with := m.answeredIn(ctx)
	ctx = plain(ctx)
	if spec.key == "" {
		var err error
		if spec.key, err = keyIn(ctx); err != nil {
			return TokenPair{}, asError(err)
		}
	}
	// All times count from now, before the session is read. If the session ends later,
	// it stays blocked for longer than the tokens below live.
	start, now := m.events.begin(), m.sessions.now()
	user, s, err := m.checkRotation(ctx, refresh, with, spec.key, now)
	if err != nil {
		return TokenPair{}, asError(err)
	}
	r := rotation{m.sessions, refresh, spec.key, &spec, now, user, start}
	pair, err := r.run(ctx, *s)
	return m.detailed(pair), err
}

// keyIn returns the Idempotency-Key of the request that ctx belongs to; empty: none.
func keyIn(ctx context.Context) (string, error) {
	if state := stateOf(ctx); state != nil {
		return idempotencyKey(&state.request)
	}
	return "", nil
}

// detailed fills the fields of a pair that Config.DetailedPairs adds to the JSON.
func (m *JWTManager) detailed(pair TokenPair) TokenPair {
	if m.config.DetailedPairs && pair.AccessToken != "" {
		pair.RefreshExpiresIn = int64(pair.RefreshExpiresAt.Sub(m.config.Now()) / time.Second)
		pair.CSRFToken = pair.CSRF
	}
	return pair
}

// checkRotation makes the checks of RefreshRequired, and returns user and session. It
// does not ask the loaders again about a token that this manager has verified for the
// request. Without a loader the user is the identity.
func (m *JWTManager) checkRotation(ctx context.Context, refresh *Token, with presented, key string, now time.Time) (user any, s *Session, err error) {
	switch {
	case refresh == nil:
		return nil, nil, refusalf(ErrNoAuthorization, "Missing refresh token")
	case !refresh.ExpiresAt.IsZero() && !refresh.ExpiresAt.After(now.Add(-m.config.DecodeLeeway)):
		return nil, nil, refusalOf(ErrExpiredToken, jwt.ErrTokenExpired, refresh)
	case !m.verifier.hasVerified(refresh):
		return nil, nil, errOtherManager
	}
	if err := m.possession.prove(ctx, refresh, with); err != nil {
		return nil, nil, err
	}
	need := requirement{refresh: true}
	v, ok := verifiedIn(ctx)
	need.asked = ok && v.token == refresh && v.need.by == m
	user, s, err = m.checks.check(ctx, refresh, &need, key)
	if need.asked {
		user = v.user()
	}
	if user == nil {
		user = refresh.Identity
	}
	return user, s, err
}

// Sessions returns the sessions of identity that have not ended, the newest first. The
// identity is the string in the tokens, as in [Token.Identity].
func (m *JWTManager) Sessions(ctx context.Context, identity string) ([]Session, error) {
	if err := m.needsSessions(); err != nil {
		return nil, err
	}
	return m.sessions.list(plain(ctx), identity)
}

// EndSession ends a session. Every process that shares Config.Blocklist then refuses
// the tokens of the session. It is not an error if the session has already ended. After
// an error the session may still be alive: call EndSession again.
//
// EndSession does not check who owns the session. Check that it belongs to the current
// user, or use [JWTManager.EndSessionHandler].
func (m *JWTManager) EndSession(ctx context.Context, id string) error {
	if err := m.needsSessions(); err != nil {
		return err
	}
	return m.sessions.endByID(plain(ctx), id, CauseApplication)
}

// EndSessionForToken ends the session of token, or revokes the token if it has no
// session. Use it in your own logout handler.
func (m *JWTManager) EndSessionForToken(ctx context.Context, token *Token) error {
	_, err := m.endSessionOf(plain(ctx), token, CauseApplication)
	return err
}

// endSessionOf is EndSessionForToken and also returns the session.
func (m *JWTManager) endSessionOf(ctx context.Context, token *Token, cause Cause) (s Session, err error) {
	switch {
	case token == nil || m.sessions == nil:
		return s, m.revokeToken(ctx, token, cause)
	case canBecomeSession(token): // another request may turn it into one at this moment
		s = m.sessions.adopted(token, m.sessions.now())
		return s, errors.Join(m.sessions.end(ctx, cause, s), m.revokeToken(ctx, token, cause))
	case token.session() == "":
		return s, m.revokeToken(ctx, token, cause)
	}
	return m.sessions.endOf(ctx, token, cause)
}

// EndSessions ends all sessions of identity, except the sessions with an ID in except.
// Use it after a password change, or to log out everywhere. Store the new password
// first: otherwise a thief can log in again. After an error some sessions may still be
// alive: call EndSessions again.
//
// EndSessions does not end tokens without a session.
//
// It makes three store calls for each [store.MaxBatch] sessions if the stores are a
// [store.SessionsDeleter] and a [store.BlocklistAdder]. Otherwise it makes three calls
// for each session.
func (m *JWTManager) EndSessions(ctx context.Context, identity string, except ...string) error {
	if err := m.needsSessions(); err != nil {
		return err
	}
	return m.sessions.endAll(plain(ctx), identity, except, CauseApplication)
}

func (m *JWTManager) needsSessions() error {
	switch {
	case !m.frozen:
		return ErrNotInitialized
	case m.sessions == nil:
		return ErrNoSessions
	}
	return nil
}
