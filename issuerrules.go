package ginjwt

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// issuerRules say how tokens of one issuer are read: of this manager, or of one
// of Config.Issuers.
type issuerRules struct {
	realm         string      // of the manager
	issuers       []string    // that "iss" may be; none: any
	keys          keys.Source // of a foreign one
	algorithms    []string    // of a foreign one
	audience      []string
	claims        claimNames
	prefix        string
	required      []string
	acceptedTypes map[string]bool // of the "typ" header, as media types; empty: without one
}

// ownRules are those of the manager's own tokens.
func (c Config) ownRules() *issuerRules {
	r := &issuerRules{
		realm:         c.Realm,
		issuers:       c.DecodeIssuers,
		audience:      c.DecodeAudience,
		claims:        claimNames{identity: c.IdentityClaim, typ: c.TypeClaim, fresh: c.FreshClaim, scope: c.ScopeClaim, roles: c.RolesClaim},
		required:      c.RequiredClaims,
		acceptedTypes: acceptedTypes(append([]string{"", "JWT", "at+jwt"}, c.DecodeTypes...)),
	}
	if c.DecodeIssuer != "" {
		r.issuers = append(slices.Clone(r.issuers), c.DecodeIssuer)
	}
	if c.TypeClaim != "type" {
		r.requireType()
	}
	return r
}

// requireType demands the claim with the type, where it has a name of its own.
// Without it a refresh token that calls it otherwise would be an access token.
func (r *issuerRules) requireType() {
	if !slices.Contains(r.required, r.claims.typ) {
		r.required = append(slices.Clone(r.required), r.claims.typ)
	}
}

// rulesOf are those of another issuer's tokens.
func (c Config) rulesOf(i Issuer, source keys.Source) *issuerRules {
	r := &issuerRules{
		realm:      c.Realm,
		issuers:    []string{i.Name},
		keys:       source,
		algorithms: slices.Clone(i.Algorithms),
		audience:   slices.Clone(i.Audience),
		claims: claimNames{
			identity: or(i.IdentityClaim, c.IdentityClaim),
			typ:      or(i.TypeClaim, c.TypeClaim),
			fresh:    or(i.FreshClaim, c.FreshClaim),
			scope:    or(i.ScopeClaim, c.ScopeClaim),
			roles:    or(i.RolesClaim, c.RolesClaim),
			foreign:  true,
		},
		prefix:        i.IdentityPrefix,
		required:      slices.Clone(i.RequiredClaims),
		acceptedTypes: acceptedTypes(i.Types),
	}
	if len(r.algorithms) == 0 {
		r.algorithms = algorithmsOf(source)
	}
	if i.Audience == nil {
		r.audience = c.DecodeAudience
	}
	if len(i.Types) == 0 {
		r.acceptedTypes = c.ownRules().acceptedTypes
	}
	if i.RequiredClaims == nil {
		r.required = c.RequiredClaims
	}
	if i.TypeClaim != "" {
		r.requireType()
	}
	return r
}

// algorithmsOf returns the algorithms that a token may have if nothing else is
// said.
func algorithmsOf(source keys.Source) []string {
	if set, ok := source.(*keys.Set); ok && set != nil {
		return set.Algorithms()
	}
	return keys.AsymmetricAlgorithms()
}

func acceptedTypes(types []string) map[string]bool {
	accepted := map[string]bool{}
	for _, typ := range types {
		accepted[mediaType(typ)] = true
	}
	return accepted
}

// keySet returns the keys of a foreign issuer for a token that names kid. The
// algorithm is looked at first: nothing is fetched for a token that no key of
// the issuer could have signed.
func (r *issuerRules) keySet(ctx context.Context, alg string, kid strictjson.Value) (*keys.Set, error) {
	if !slices.Contains(r.algorithms, alg) {
		return nil, errAlgorithm
	}
	name, _ := kid.Str()
	set, err := r.keys.KeySet(ctx, name)
	if err != nil {
		return nil, refusal(ErrUnavailable, err).because(reasonKeys)
	}
	if set == nil {
		return nil, errUnknownKey
	}
	return set, nil
}

// checkProfile refuses tokens of other kinds, such as ID or logout tokens, by
// their "typ" (RFC 8725 §3.11), and compressed ones.
func (r *issuerRules) checkProfile(h head) error {
	if h.zip != "" {
		return errCompressed
	}
	typ, isText := h.typ.Str()
	if h.typ != "" && (!isText || typ == "") || !r.acceptedTypes[mediaType(typ)] {
		return errType
	}
	return nil
}

// checkForeign refuses what only tokens of the manager may be: of another type
// than access, or of a user whose name is neither a text nor an integer.
func (r *issuerRules) checkForeign(token *Token, p *payload) error {
	if !r.claims.foreign {
		return nil
	}
	if token.Type != AccessToken {
		return wrongToken("Only access tokens of this issuer are allowed", token)
	}
	if p.identityJSON.Kind() == '"' || p.identityJSON.IsInteger() {
		return nil
	}
	return errSubject
}

// applyIssuer makes of p the claims of a token from another issuer, and notes what
// a token is revoked by.
func (r *issuerRules) applyIssuer(p *payload, text string) {
	if !r.claims.foreign {
		if r.realm != "" || !isRotated(p) {
			p.revocationID = revocationID(r.realm, p.id)
		}
		return
	}
	p.identity = r.prefix + p.identity
	p.revocationID = foreignID(r.realm, p.issuer, p.id, text)
	p.generationJSON = ""
	if saysRefresh(text) {
		p.typ = RefreshToken
	}
}

// saysRefresh reports whether a token of another issuer is a refresh token,
// whichever of the usual names the claim has: as Keycloak calls it, or Django.
func saysRefresh(text string) bool {
	claims := strictjson.Object(text)
	for _, name := range []string{"type", "token_type", "typ", "token_use"} {
		typ, _ := claims.Member(name).Str()
		if strings.EqualFold(typ, "refresh") || strings.EqualFold(typ, "offline") {
			return true
		}
	}
	return false
}

// foreignID is what a token of another issuer is revoked by: with the issuer
// before it, so that nobody revokes the tokens of another, and without a "jti"
// by what it says.
func foreignID(realm, issuer, id, payload string) string {
	listed := fmt.Sprintf("%q ", issuer)
	if realm != "" {
		listed += fmt.Sprintf("%q ", realm)
	}
	if id != "" {
		return listed + strconv.Quote(id)
	}
	sum := sha256.Sum256([]byte(payload))
	return listed + base64url.Encode(sum[:])
}

// isRotated reports whether a token is a refresh token of a session, whose "jti"
// nobody chooses.
func isRotated(p *payload) bool { return p.typ == RefreshToken && p.session != "" }
