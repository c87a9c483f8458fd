package clients

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// refusal is a request that is refused, and what the service sees of a client that
// does the right thing about it.
type refusal struct {
	name     string // in a path
	requests []string
	outcome  string

	user     string                                     // empty: alice
	prepare  func(s *service, e *errand)                // changes what the client sends
	handlers func(m *ginjwt.JWTManager) gin.HandlerFunc // nil: JWTRequired
}

// refreshed are the refusals that new tokens help against.
func refreshed(reason string, prepare func(s *service, e *errand)) refusal {
	return refusal{name: reason, prepare: prepare, outcome: "ok",
		requests: []string{"messages " + reason, "refresh ok", "messages ok"}}
}

// out are those that only a login helps against; in vain, those that nothing does. No
// client must spend a refresh token on them.
func out(reason string, more refusal) refusal    { return final(reason, "log in", more) }
func inVain(reason string, more refusal) refusal { return final(reason, "give up", more) }

func final(reason, outcome string, r refusal) refusal {
	r.name, r.requests, r.outcome = reason, []string{"messages " + reason}, outcome
	if r.prepare == nil {
		r.prepare = func(*service, *errand) {}
	}
	return r
}

// notRefreshed are those of the refresh.
func notRefreshed(name, reason, outcome string, r refusal) refusal {
	r.name, r.outcome, r.requests = name, outcome, []string{"messages token_expired", "refresh " + reason}
	prepare := r.prepare
	r.prepare = func(s *service, e *errand) {
		e.access(s.token(or(r.user, "alice"), ginjwt.WithExpires(time.Second)))
		if prepare != nil {
			prepare(s, e)
		}
	}
	return r
}

var refusals = []refusal{
	refreshed("token_missing", func(_ *service, e *errand) { e.headers(map[string]string{}) }),
	refreshed("token_empty", func(_ *service, e *errand) { e.access("") }),
	refreshed("token_malformed", func(_ *service, e *errand) { e.access("e30.e30") }),
	refreshed("token_unsupported", func(s *service, e *errand) { e.access(forged(`{"alg":"HS256","crit":["exp"]}`, `{}`)) }),
	refreshed("signature_invalid", func(s *service, e *errand) { e.access(s.tokenOfAnother()) }),
	refreshed("token_not_yet_valid", func(s *service, e *errand) {
		e.access(s.token("alice", ginjwt.WithNotBefore(s.clock.Now().Add(time.Minute))))
	}),
	refreshed("token_claims_invalid", func(s *service, e *errand) { e.access(s.token("alice", ginjwt.WithIssuer("elsewhere"))) }),
	refreshed("token_wrong_type", func(_ *service, e *errand) { e.access(e.RefreshToken) }),
	refreshed("token_expired", func(s *service, e *errand) { e.access(s.token("alice", ginjwt.WithExpires(time.Second))) }),
	refreshed("token_revoked", func(s *service, e *errand) {
		e.access(s.token("alice"))
		token, err := s.jwt.DecodeToken(s.t.Context(), *e.Access)
		require.NoError(s.t, err)
		require.NoError(s.t, s.jwt.RevokeToken(s.t.Context(), token))
	}),

	notRefreshed("session_ended", "session_ended", "log in", refusal{prepare: func(s *service, e *errand) {
		_, err := s.store.Delete(s.t.Context(), s.decoded(e.RefreshToken).SessionID)
		require.NoError(s.t, err)
	}}),
	notRefreshed("session_reused", "session_reused", "log in", refusal{prepare: func(s *service, e *errand) {
		_, err := s.jwt.RotateTokens(s.t.Context(), s.decoded(e.RefreshToken))
		require.NoError(s.t, err)
	}}),
	out("user_not_found", refusal{prepare: func(s *service, e *errand) { e.access(s.token(ghost)) }}),
	out("fresh_required", refusal{handlers: func(m *ginjwt.JWTManager) gin.HandlerFunc { return m.JWTRequired(ginjwt.Fresh()) }}),

	inVain("insufficient_scope", refusal{handlers: func(m *ginjwt.JWTManager) gin.HandlerFunc { return m.JWTRequired(ginjwt.Scopes("admin")) }}),
	inVain("verification_failed", refusal{user: unverified}),
	inVain("csrf_missing", refusal{prepare: func(_ *service, e *errand) {
		e.headers(map[string]string{"Cookie": "access_token_cookie=" + *e.Access})
	}}),
	inVain("csrf_mismatch", refusal{prepare: func(_ *service, e *errand) {
		e.headers(map[string]string{"Cookie": "access_token_cookie=" + *e.Access, "X-CSRF-TOKEN": rand.Text()})
	}}),
	inVain("csrf_cross_origin", refusal{
		prepare:  func(_ *service, e *errand) { e.headers(map[string]string{"Origin": "https://evil.test"}) },
		handlers: (*ginjwt.JWTManager).LogoutHandler,
	}),
	inVain("multiple_tokens", refusal{prepare: func(_ *service, e *errand) {
		e.headers(map[string]string{"Cookie": "access_token_cookie=" + *e.Access + "; access_token_cookie=" + *e.Access})
	}}),
	inVain("header_malformed", refusal{prepare: func(_ *service, e *errand) { e.access("two words") }}),
	inVain("query_malformed", refusal{
		prepare: func(_ *service, e *errand) { e.URL += "?jwt=" + *e.Access; e.headers(map[string]string{}) },
		handlers: func(m *ginjwt.JWTManager) gin.HandlerFunc {
			return m.JWTRequired(ginjwt.Locations(ginjwt.InQueryString))
		},
	}),
	inVain("idempotency_key_malformed", refusal{
		prepare: func(_ *service, e *errand) {
			e.headers(map[string]string{"Authorization": "Bearer " + e.RefreshToken, "Idempotency-Key": "short"})
		},
		handlers: func(m *ginjwt.JWTManager) gin.HandlerFunc { return m.RefreshHandler() },
	}),
	inVain("store_unavailable", refusal{user: downNow}),
	inVain("keys_unavailable", refusal{prepare: func(_ *service, e *errand) {
		e.access(forged(`{"alg":"ES256","typ":"JWT"}`, `{"iss":"other","sub":"alice","exp":99999999999}`))
	}}),
	inVain("internal_error", refusal{user: broken}),

	notRefreshed("a-refresh-without-a-store", "store_unavailable", "give up", refusal{user: down}),
	notRefreshed("a-refresh-without-an-answer", "lost", "give up", refusal{user: unheard}),
	{name: "refused-again", user: banned, prepare: func(*service, *errand) {}, outcome: "give up",
		requests: []string{"messages token_revoked", "refresh ok", "messages token_revoked"}},
}

func (e *errand) access(token string) { e.Access = &token }

// headers are sent in place of the access token.
func (e *errand) headers(headers map[string]string) { e.Access, e.Headers = nil, headers }

func (s *service) token(user string, opts ...ginjwt.TokenOption) string {
	s.t.Helper()
	return jwttest.AccessToken(s.t, s.jwt, user, opts...)
}

// tokenOfAnother returns a token that is signed with another key.
func (s *service) tokenOfAnother() string {
	s.t.Helper()
	other := ginjwt.New(ginjwt.Config{SecretKey: rand.Text() + rand.Text(), Now: s.clock.Now})
	require.NoError(s.t, other.InitApp(gin.New()))
	return jwttest.AccessToken(s.t, other, "alice")
}

func (s *service) decoded(token string) *ginjwt.Token {
	s.t.Helper()
	decoded, err := s.jwt.DecodeToken(s.t.Context(), token)
	require.NoError(s.t, err)
	return decoded
}

// forged returns a token that nobody signed.
func forged(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(payload)) + "." + encode(make([]byte, 64))
}
