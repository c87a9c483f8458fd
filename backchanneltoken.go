package ginjwt

import (
	"context"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// logoutEvent is the event that marks a logout token (OpenID Connect Back-Channel Logout
// 1.0 §2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// maxLogoutAge is the maximum age of a logout token.
const maxLogoutAge = 10 * time.Minute

var (
	errNoLogoutAudience = invalid(jwt.ErrTokenInvalidAudience, "The issuer has no logout audience")
	errNotLogout        = invalid(jwt.ErrTokenInvalidClaims, "The token is not a logout token")
	errLogoutNonce      = invalid(jwt.ErrTokenInvalidClaims, "A logout token has no nonce")
	errLogoutUser       = invalid(jwt.ErrTokenInvalidClaims, "Claims sub and sid of a logout token must be text, and one of them be there")
)

// logoutToken is a verified logout token.
type logoutToken struct {
	store.Upstream
	id       string
	issuedAt time.Time
	rules    *logoutRules
}

// decodeLogout verifies a logout token with the rules and keys of its issuer.
func (v *verifier) decodeLogout(ctx context.Context, encoded string) (*logoutToken, error) {
	if len(encoded) > v.maxSize {
		return nil, errTooLarge
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	now := v.now()
	segments, good, err := v.read(ctx, s, encoded, nil, now)
	if err != nil {
		return nil, err
	}
	issuer, logout := good.rules, good.rules.logout
	switch {
	case !good.names.foreign:
		return nil, ofUnknown(errIssuer)
	case logout == nil:
		return nil, ofUnknown(errNoLogoutAudience)
	}
	good.rules, good.payload.typ = logout.tokens, AccessToken // so that a key for access tokens verifies it too
	if err := v.verifySignature(ctx, v.ring.Load(), segments, s.signature, good, now); err != nil {
		return nil, err
	}
	issuer.prove()
	return logout.check(good, now)
}

// check checks the claims of a logout token (OpenID Connect Back-Channel Logout 1.0
// §2.6).
func (r *logoutRules) check(good *goodToken, now time.Time) (*logoutToken, error) {
	p := &good.payload
	expired, err := checkTimes(p, good.rules, false, now)
	switch {
	case err != nil:
		return nil, err
	case !p.iat.there || !isTime(p.iat.seconds):
		return nil, errNoIssuedAt
	case expired || !p.iat.time().Add(maxLogoutAge+r.leeway()).After(now):
		return nil, refusal(ErrExpiredToken, jwt.ErrTokenExpired)
	}
	if err := checkAudience(p.audJSON, good.rules.audience); err != nil {
		return nil, err
	}
	claims := strictjson.Object(good.text)
	switch {
	case !p.isEvent || claims.Member("events").Member(logoutEvent).Kind() != '{':
		return nil, errNotLogout
	case claims.Member("nonce") != "":
		return nil, errLogoutNonce
	case p.id == "":
		return nil, errNoJTI
	}
	token := &logoutToken{Upstream: store.Upstream{Issuer: p.issuer}, id: p.id, issuedAt: p.iat.time(), rules: r}
	for _, claim := range []struct {
		value strictjson.Value
		text  *string
	}{{p.subJSON, &token.Subject}, {claims.Member("sid"), &token.SID}} {
		text, ok := claim.value.Str()
		if claim.value != "" && (!ok || text == "") {
			return nil, errLogoutUser
		}
		*claim.text = text
	}
	if token.Subject == "" && token.SID == "" {
		return nil, errLogoutUser
	}
	return token, nil
}
