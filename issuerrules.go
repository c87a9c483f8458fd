package ginjwt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// issuerRules say how tokens of one issuer are read: tokens of the manager, or of one of
// Config.Issuers.
type issuerRules struct {
	realm         string     // of the manager
	issuers       []string   // accepted values of "iss"; none: any value
	keys          issuerKeys // of another issuer
	audience      []string
	claims        claimNames
	accessTypes   []string                                                // values of TypeClaim that mean "access token", of another issuer
	identify      func(ctx context.Context, token *Token) (string, error) // of another issuer; nil: the user is named by claims
	prefix        string
	required      []string
	acceptedTypes map[string]bool // of the "typ" header, as media types; "": no "typ"
	logout        *logoutRules    // nil: the issuer cannot log users out
	logoutOnly    bool

	// For an issuer of an IssuerResolver:
	ended  <-chan struct{} // closed when the manager drops the issuer; nil: never
	proven atomic.Bool     // a token of the issuer was verified
	used   atomic.Int64    // time of last use, in seconds
}

// hasEnded reports whether the manager dropped the issuer, so that its keys are no longer
// updated.
func (r *issuerRules) hasEnded() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// touch notes that the issuer is in use. It writes only once a second, because a write
// would take the cache line from other processors.
func (r *issuerRules) touch(now time.Time) {
	if seconds := now.Unix(); r.ended != nil && r.used.Load() != seconds {
		r.used.Store(seconds)
	}
}

// prove notes that a token of the issuer was verified.
func (r *issuerRules) prove() {
	if r.ended != nil && !r.proven.Load() {
		r.proven.Store(true)
	}
}

// ownRules returns the rules for the manager's own tokens.
func (c Config) ownRules() *issuerRules {
	r := &issuerRules{
		realm:    c.Realm,
		issuers:  c.DecodeIssuers,
		audience: c.DecodeAudience,
		claims: claimNames{
			identity: c.IdentityClaim, typ: c.TypeClaim, fresh: c.FreshClaim, scope: c.ScopeClaim, roles: c.RolesClaim,
			leeway: c.DecodeLeeway,
		},
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

// requireType makes the type claim a required one. Without the claim, a refresh token that
// names its type in another claim would count as an access token.
func (r *issuerRules) requireType() {
	if !slices.Contains(r.required, r.claims.typ) {
		r.required = append(slices.Clone(r.required), r.claims.typ)
	}
}

// foreignLeeway is the minimum leeway for other issuers, unless Issuer.Leeway sets
// another value.
const foreignLeeway = 30 * time.Second

// leewayOf returns the tolerated clock skew of another issuer.
func (c Config) leewayOf(i Issuer) time.Duration {
	if i.Leeway != 0 {
		return max(0, i.Leeway)
	}
	return max(c.DecodeLeeway, foreignLeeway)
}

// namesOf returns the names of claims in tokens of another issuer.
func (c Config) namesOf(i Issuer) claimNames {
	names := claimNames{
		identity: or(i.IdentityClaim, c.IdentityClaim),
		typ:      or(i.TypeClaim, c.TypeClaim),
		fresh:    or(i.FreshClaim, c.FreshClaim),
		scope:    or(i.ScopeClaim, c.ScopeClaim),
		roles:    or(i.RolesClaim, c.RolesClaim),
		leeway:   c.leewayOf(i),
		foreign:  true,
	}
	if len(i.LogoutAudience) > 0 {
		names.maxAge = or(i.MaxTokenAge, defaultMaxTokenAge)
	}
	if len(i.IdentityClaims) > 0 {
		names.identity, names.otherIdentities = i.IdentityClaims[0], slices.Clone(i.IdentityClaims[1:])
	}
	return names
}

// rulesOf returns the rules for tokens of another issuer. fixed are the keys in
// Issuer.Keys, or nil.
func (c Config) rulesOf(i Issuer, fixed *keys.Set) *issuerRules {
	r := &issuerRules{
		realm:         c.Realm,
		issuers:       []string{i.Name},
		keys:          keysOf(i, fixed),
		audience:      slices.Clone(i.Audience),
		claims:        c.namesOf(i),
		accessTypes:   slices.Clone(i.AccessTypes),
		identify:      i.Identity,
		prefix:        i.IdentityPrefix,
		required:      slices.Clone(i.RequiredClaims),
		acceptedTypes: acceptedTypes(i.Types),
	}
	if len(i.AccessTypes) == 0 {
		r.accessTypes = []string{string(AccessToken)}
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
	if i.TypeClaim != "" || len(i.AccessTypes) > 0 {
		r.requireType()
	}
	r.logout, r.logoutOnly = logoutRulesOf(i, r), i.LogoutOnly
	return r
}

func acceptedTypes(types []string) map[string]bool {
	accepted := map[string]bool{}
	for _, typ := range types {
		accepted[mediaType(typ)] = true
	}
	return accepted
}

// checkProfile refuses compressed tokens. It also refuses other kinds of tokens, such as
// ID tokens or logout tokens, by their "typ" (RFC 8725 §3.11).
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

// checkForeign refuses tokens of another issuer that are not access tokens, or that name
// the user by something else than a text or an integer. A token with "events" is a
// Security Event Token, such as a logout token (RFC 8417 §2.2).
func (r *issuerRules) checkForeign(token *Token, p *payload) error {
	if !r.claims.foreign {
		return nil
	}
	if r.logoutOnly {
		return errIssuer
	}
	if token.Type != AccessToken || p.isEvent {
		return wrongToken("Only access tokens of this issuer are allowed", token)
	}
	if r.identify != nil || p.identityJSON.Kind() == '"' || p.identityJSON.IsInteger() {
		return nil
	}
	return errSubject
}

// checkIdentity refuses a token without a user.
func (r *issuerRules) checkIdentity(p *payload) error {
	switch {
	case r.identify != nil: // called later
		return nil
	case p.identityJSON == "":
		return missingIdentity(&r.claims)
	case p.identityJSON == `""`: // it would look like an anonymous visitor
		return emptyClaim(r.claims.identity)
	}
	return nil
}

// asksSubject reports whether "sub" must be a text. It need not be if another issuer
// names its users by another claim.
func (r *issuerRules) asksSubject(p *payload) bool {
	return !r.claims.foreign || r.identify == nil && p.identityClaim == "sub"
}

// nameUser asks Issuer.Identity for the user of a token that passed all other checks.
func (r *issuerRules) nameUser(ctx context.Context, token *Token) error {
	if r.identify == nil {
		return nil
	}
	name, err := r.identify(ctx, token)
	switch {
	case errors.Is(err, ErrInvalidToken), err == nil && name == "":
		return errNobody
	case err != nil:
		return failure(err)
	}
	token.Identity = r.prefix + name
	return nil
}

// originIDs returns the blocklist IDs that a logout at an issuer would add for a verified
// token. The issuer is the issuer of the token, or the one at which its session began.
func (r *issuerRules) originIDs(p *payload) ([]string, error) {
	switch {
	case r.logout != nil && p.iat.there && isTime(p.iat.seconds): // or checkOrigin refuses it
		u := store.Upstream{Issuer: p.issuer, SID: p.session}
		u.Subject, _ = p.subJSON.Str()
		return originOf(r.realm, u, p.iat.seconds).ids(), nil
	case r.claims.foreign || p.upstreamJSON == "" || p.session == "" || p.generationJSON == "": // not a token of one of our own sessions
		return nil, nil
	}
	claim, _ := p.upstreamJSON.Str()
	origin, ok := parseOrigin(claim)
	if !ok {
		return nil, errUpstream
	}
	return origin.ids(), nil
}

// applyIssuer adapts p for a token of another issuer, and sets the ID by which the token
// is revoked.
func (r *issuerRules) applyIssuer(p *payload, text string) {
	if !r.claims.foreign {
		if r.realm != "" || !isRotated(p) {
			p.revocationIDs[0] = or(revocationID(r.realm, p.id), p.id)
		}
		p.revocationIDs[1] = unknownSessionID(r.realm, p.session)
		return
	}
	p.identity = r.prefix + p.identity
	if r.identify != nil {
		p.identity, p.identityJSON = "", ""
	}
	p.revocationIDs = [2]string{foreignID(r.realm, p.issuer, p.id, text)} // its "sid" names no session of ours
	p.generationJSON = ""
	switch isAccess := slices.Contains(r.accessTypes, string(p.typ)); {
	case saysRefresh(text):
		p.typ = RefreshToken
	case isAccess:
		p.typ = AccessToken
	case p.typ == AccessToken: // the word has another meaning there, or the claim is missing
		p.typ = ""
	}
}

// saysRefresh reports whether a token of another issuer is a refresh token. It looks at
// all usual names of the claim, such as Keycloak's and Django's.
func saysRefresh(text string) bool {
	claims := strictjson.Object(text)
	for _, name := range []string{"type", "token_type", "typ", "token_use"} {
		if typ, _ := claims.Member(name).Str(); meansRefresh(typ) {
			return true
		}
	}
	return false
}

// meansRefresh reports whether a type means refresh token, such as "Refresh", "Offline"
// or "refresh_token".
func meansRefresh(typ string) bool {
	return strings.Contains(strings.ToLower(typ), "refresh") || strings.EqualFold(typ, "offline")
}

// foreignID returns the ID by which a token of another issuer is revoked. It contains the
// issuer, so that no issuer can revoke tokens of another one. Without a "jti" it is a
// hash of the claims.
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

// isRotated reports whether a token is a refresh token of a session. Nobody can choose
// its "jti".
func isRotated(p *payload) bool { return p.typ == RefreshToken && p.session != "" }
