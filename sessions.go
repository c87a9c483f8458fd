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

// SessionStore is where sessions are kept.
type SessionStore = store.SessionStore

// MemorySessions is a SessionStore in this process's memory: other processes
// know nothing of it, and after a restart all users have to log in again.
type MemorySessions = store.MemorySessions

// CreateTokenPair starts a session and returns its first tokens. The options
// apply to this access token, and not to those that come after it: what is to
// hold for the whole session belongs into an AdditionalClaimsLoader. WithExpires
// may only shorten its life. The identity has at most 255 bytes. If
// Config.MaxSessions is exceeded, the oldest sessions of the identity end.
//
// A store that does not answer is an [ErrUnavailable]; [JWTManager.Refuse]
// answers 503.
func (m *JWTManager) CreateTokenPair(ctx context.Context, identity any, opts ...TokenOption) (TokenPair, error) {
	if err := m.needsSessions(); err != nil {
		return TokenPair{}, err
	}
	spec := m.minter.specOf(opts)
	if err := spec.mustNotRotate(); err != nil {
		return TokenPair{}, err
	}
	pair, err := m.sessions.create(plain(ctx), identity, spec)
	return m.detailed(pair), err
}

// RotateTokens trades a refresh token for a new pair of its session (RFC 9700
// §4.14.2). One atomic step of the store decides: whoever trades the token
// first makes the next generation.
//
// Within Config.SessionGrace the token may be traded again, for the same
// successor, until that one is used. Whoever uses it later has a copy: the
// session ends, its access tokens are refused, OnReuse is told, and the error is
// [ErrSessionReused].
//
// The new tokens are not fresh, and have no claims but those of the loaders and
// of WithClaims. The user is looked up again. A refresh token that was made
// without a session starts one, as its generation zero.
//
// RotateTokens makes all checks that RefreshRequired makes, so it can be given
// what [JWTManager.DecodeToken] returns. Its errors are [*Error]s, for
// [JWTManager.Refuse], but for those that creating a token has.
func (m *JWTManager) RotateTokens(ctx context.Context, refresh *Token, opts ...TokenOption) (TokenPair, error) {
	if err := m.needsSessions(); err != nil {
		return TokenPair{}, err
	}
	spec := m.minter.specOf(opts)
	if err := spec.validForRotation(); err != nil {
		return TokenPair{}, err
	}
	ctx = plain(ctx)
	if spec.key == "" {
		var err error
		if spec.key, err = keyIn(ctx); err != nil {
			return TokenPair{}, asError(err)
		}
	}
	// All times are as of now, before the session is read: if it ends from here
	// on, it is blocked for longer than the tokens below live.
	start, now := m.events.begin(), m.sessions.now()
	user, s, err := m.checkRotation(ctx, refresh, spec.key, now)
	if err != nil {
		return TokenPair{}, asError(err)
	}
	r := rotation{m.sessions, refresh, spec.key, spec, now, user, start}
	pair, err := r.run(ctx, *s)
	return m.detailed(pair), err
}

// keyIn returns the key of the request that ctx belongs to.
func keyIn(ctx context.Context) (string, error) {
	if state := stateOf(ctx); state != nil && state.request != nil {
		return idempotencyKey(state.request)
	}
	return "", nil
}

// detailed adds what Config.DetailedPairs asks for to the JSON of a pair.
func (m *JWTManager) detailed(pair TokenPair) TokenPair {
	if m.config.DetailedPairs && pair.AccessToken != "" {
		pair.RefreshExpiresIn = int64(pair.RefreshExpiresAt.Sub(m.config.Now()) / time.Second)
		pair.CSRFToken = pair.CSRF
	}
	return pair
}

// checkRotation makes the checks of RefreshRequired, and returns user and session.
// The loaders are not asked again about a token that this manager has verified for
// the request.
// Without them the identity stands for the user.
func (m *JWTManager) checkRotation(ctx context.Context, refresh *Token, key string, now time.Time) (user any, s *Session, err error) {
	switch {
	case refresh == nil:
		return nil, nil, refusalf(ErrNoAuthorization, "Missing refresh token")
	case !refresh.ExpiresAt.IsZero() && !refresh.ExpiresAt.After(now.Add(-m.config.DecodeLeeway)):
		return nil, nil, refusal(ErrExpiredToken, jwt.ErrTokenExpired).about(refresh)
	case !m.verifier.hasVerified(refresh):
		return nil, nil, errOtherManager
	}
	need := requirement{refresh: true}
	v := verifiedIn(ctx)
	need.asked = v != nil && v.token == refresh && v.by == m
	user, s, err = m.checks.check(ctx, refresh, &need, key)
	if need.asked {
		user = v.user
	}
	if user == nil {
		user = refresh.Identity
	}
	return user, s, err
}

// Sessions returns the sessions of identity that have not ended, the newest
// first. The identity is that in the tokens, as [Token.Identity].
func (m *JWTManager) Sessions(ctx context.Context, identity string) ([]Session, error) {
	if err := m.needsSessions(); err != nil {
		return nil, err
	}
	return m.sessions.list(plain(ctx), identity)
}

// EndSession ends a session: from then on all its tokens are refused, on every
// process that shares Config.Blocklist. It is no error if it has ended before.
// After an error the session may still be alive; call EndSession again.
//
// Whether the session belongs to who asks is for the caller to see to.
func (m *JWTManager) EndSession(ctx context.Context, id string) error {
	if err := m.needsSessions(); err != nil {
		return err
	}
	return m.sessions.endByID(plain(ctx), id, CauseApplication)
}

// EndSessionForToken ends the session of token, or revokes the token if it has
// none: what a logout does.
func (m *JWTManager) EndSessionForToken(ctx context.Context, token *Token) error {
	_, err := m.endSessionOf(plain(ctx), token, CauseApplication)
	return err
}

// endSessionOf is EndSessionForToken, and returns the session.
func (m *JWTManager) endSessionOf(ctx context.Context, token *Token, cause Cause) (s Session, err error) {
	switch {
	case token == nil || m.sessions == nil:
		return s, m.revokeToken(ctx, token, cause)
	case canBecomeSession(token): // it may become one at this very moment
		s = m.sessions.adopted(token, m.sessions.now())
		return s, errors.Join(m.sessions.end(ctx, cause, s), m.revokeToken(ctx, token, cause))
	case token.session() == "":
		return s, m.revokeToken(ctx, token, cause)
	}
	return m.sessions.endOf(ctx, token, cause)
}

// EndSessions ends all sessions of identity but those with an ID in except:
// after a change of the password, or to log out everywhere. Change first what a
// login needs, or a thief logs in again. After an error some sessions may still
// be alive; call EndSessions again. It asks the stores three times for
// [store.MaxBatch] sessions, if they are a [store.SessionsDeleter] and a
// [store.BlocklistAdder], and otherwise three times for each.
//
// Tokens that were made without a session are not ended.
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
