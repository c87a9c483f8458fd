package ginjwt

import (
	"context"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// newSingleUse describes a new single-use token.
type newSingleUse struct {
	kind     singleUse
	audience string
	purpose  string // of a purpose token
	user     any    // for the loaders of headers and keys
	identity string // as the token has it

	id           string
	now, expires time.Time
	claims       Claims // without the claims that every token has

	// bind, if it is not nil, adds the claims that depend on the signing key.
	bind func(claims Claims, key *keys.Bound) error
}

// issueSingleUse creates and signs a single-use token, with the keys for access tokens. The
// AdditionalClaimsLoader and Config.RequiredClaims do not apply.
func (m *minter) issueSingleUse(ctx context.Context, n newSingleUse) (string, error) {
	start := m.events.begin()
	header := Header{}
	if load := m.callbacks.additionalHeaders; load != nil {
		added, err := load(ctx, n.user)
		if err != nil {
			return "", headersFailed(err)
		}
		header = merged(header, added)
	}
	header["typ"] = n.kind.typ
	key, err := m.signingKey(ctx, n.user, AccessToken, n.now, n.expires)
	if err != nil {
		return "", err
	}
	if n.bind != nil {
		if err := n.bind(n.claims, key); err != nil {
			return "", err
		}
	}
	claims := newClaims{
		issuedAt: n.now, id: n.id, typ: n.kind.name, identity: n.identity,
		audience: []string{n.audience}, issuer: m.config.EncodeIssuer, expires: n.expires, others: n.claims,
	}
	if !m.config.DisableEncodeNBF {
		claims.notBefore = n.now
	}
	encoded, err := m.encode(header, &claims, key)
	if err == nil {
		m.events.issued(ctx, n.purpose, &claims, start)
	}
	return encoded, err
}

// The manager signs no token that these two errors refuse, but another holder of its key may.
var (
	errOtherKind = invalid(jwt.ErrTokenInvalidClaims, "The token is of another kind")
	errNoExpiry  = invalid(jwt.ErrTokenRequiredClaimMissing, `Token is missing the "exp" claim`)
)

// decodeSingleUse verifies a single-use token with the manager's keys for access tokens, and
// returns it with the key that verified it. The DecodeKeyLoader is the only loader it calls.
//
// "iss" must be a name of the manager, even if Config.DecodeIssuer is not set: another
// issuer, with other users, may have the same key. The token is not cached, because it
// comes once. Like decode, it checks the expiry last.
func (v *verifier) decodeSingleUse(ctx context.Context, encoded string, kind singleUse, audience string) (*Token, *keys.Bound, error) {
	if len(encoded) > v.maxSize {
		return nil, nil, errTooLarge
	}
	s := scratches.Get().(*scratch)
	defer s.free()
	now := v.now()
	parts, good, err := v.readOwn(s, encoded)
	if err != nil {
		return nil, nil, err
	}
	said := good.payload.typ
	good.rules, good.payload.typ = v.own.forSingleUse(kind, audience), AccessToken // for a key that is for one type
	if err := v.verifySignature(ctx, v.ring.Load(), parts, s.signature, good, now); err != nil {
		return nil, nil, err
	}
	good.payload.typ = said
	token := newToken(encoded, &good.contents, good.payload.fresh.at(now)).withTimes()
	expired, err := v.claims.check(token, &good.payload, good.rules, decodeSpec{}, now)
	switch {
	case err != nil:
		return nil, nil, err
	case !slices.Contains(v.names, token.Issuer):
		return nil, nil, errIssuer
	case said != kind.name:
		return nil, nil, errOtherKind
	case good.payload.identityJSON.Kind() != '"':
		return nil, nil, errSubject
	case token.ID == "":
		return nil, nil, errNoJTI
	case token.IssuedAt.IsZero():
		return nil, nil, errNoIssuedAt
	case token.ExpiresAt.IsZero():
		return nil, nil, errNoExpiry
	case expired:
		return nil, nil, refusalOf(ErrExpiredToken, jwt.ErrTokenExpired, token)
	}
	return token, good.key, nil
}

// forSingleUse returns the rules for single-use tokens of the manager.
func (r *issuerRules) forSingleUse(kind singleUse, audience string) *issuerRules {
	return &issuerRules{
		realm: r.realm, issuers: r.issuers, audience: []string{audience}, claims: r.claims,
		acceptedTypes: acceptedTypes([]string{kind.typ}),
	}
}
