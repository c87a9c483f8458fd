package ginjwt

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// Issuer is somebody else whose tokens are accepted: an identity provider, or
// another service. Which issuer a token is of is read from its "iss", before
// any key is looked for; it is then verified with the keys of that issuer only.
//
// Its access tokens are accepted. Its refresh tokens are not: those are traded
// by who made them.
type Issuer struct {
	// Name is the "iss" of its tokens, exactly.
	Name string

	// Keys verify its tokens: Key.ID is their "kid", and Key.VerifyUnnamed is for
	// an issuer whose tokens have none. Either Keys or KeySource is set.
	Keys []Key

	// KeySource brings the keys that verify its tokens, such as a remote JWK
	// Set of package jwks.
	KeySource KeySource

	// Algorithms are those that its tokens may have. Empty means those of Keys, or
	// of a KeySet; with another KeySource, all but HMAC, whose secrets are nothing
	// to hand around.
	Algorithms []string

	// Audience demands an "aud" with at least one of these values. Nil means
	// Config.DecodeAudience, an empty list any audience or none: then a token
	// that was made for another service is accepted by this one, unless
	// something else in it is asked for (RFC 8725 §3.9).
	Audience []string

	// IdentityClaim, TypeClaim, FreshClaim, ScopeClaim and RolesClaim are the
	// names of its claims. Empty means those of Config. Its tokens must have a
	// TypeClaim that is set here.
	IdentityClaim string
	TypeClaim     string
	FreshClaim    string
	ScopeClaim    string
	RolesClaim    string

	// IdentityPrefix stands before its identities, such as "google:", so that
	// it cannot name the users of somebody else. Give no user of your own a name
	// that begins with it.
	IdentityPrefix string

	// SharesIdentities says that its users are also those of the manager, or of
	// the other issuers whose identities could be the same. Without it, two
	// that could name the same user are an error.
	SharesIdentities bool

	// RequiredClaims are claims that its tokens must have. Nil means
	// Config.RequiredClaims.
	RequiredClaims []string

	// Types are the values of the "typ" header that its tokens must have. An
	// issuer that writes "at+jwt" (RFC 9068) should have that alone, which keeps
	// out its ID tokens. Empty means none, "JWT", "at+jwt" and those of
	// Config.DecodeTypes.
	Types []string
}

// String describes i without secrets.
func (i Issuer) String() string { return fmt.Sprintf("ginjwt.Issuer{Name: %q, …}", i.Name) }

// GoString is String, for %#v.
func (i Issuer) GoString() string { return i.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (i Issuer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, i.String()) }

// LogValue is String, for log/slog.
func (i Issuer) LogValue() slog.Value { return slog.StringValue(i.String()) }

// origin is where tokens come from, and how they are read: from this manager,
// or from one of Config.Issuers.
type origin struct {
	foreign       bool
	names         []string  // that "iss" may be; none: any
	keys          KeySource // of a foreign one
	algorithms    []string  // of a foreign one
	audience      []string
	claims        claimNames
	prefix        string
	required      []string
	acceptedTypes map[string]bool // of the "typ" header, as media types; empty: without one
}

// claimNames are the names of the claims that go by several.
type claimNames struct {
	identity, typ, fresh, scope, roles string
}

// ownOrigin describes the tokens of the manager itself.
func (c Config) ownOrigin() *origin {
	o := &origin{
		names:         c.DecodeIssuers,
		audience:      c.DecodeAudience,
		claims:        claimNames{c.IdentityClaim, c.TypeClaim, c.FreshClaim, c.ScopeClaim, c.RolesClaim},
		required:      c.RequiredClaims,
		acceptedTypes: acceptedTypes(append([]string{"", "JWT", "at+jwt"}, c.DecodeTypes...)),
	}
	if c.DecodeIssuer != "" {
		o.names = append(slices.Clone(o.names), c.DecodeIssuer)
	}
	if c.TypeClaim != "type" {
		o.requireType()
	}
	return o
}

// requireType demands the claim with the type, where it has a name of its own.
// Without it a refresh token that calls it otherwise would be an access token.
func (o *origin) requireType() {
	if !slices.Contains(o.required, o.claims.typ) {
		o.required = append(slices.Clone(o.required), o.claims.typ)
	}
}

// originOf describes the tokens of another issuer.
func (c Config) originOf(i Issuer, keys KeySource) *origin {
	o := &origin{
		foreign:    true,
		names:      []string{i.Name},
		keys:       keys,
		algorithms: slices.Clone(i.Algorithms),
		audience:   slices.Clone(i.Audience),
		claims: claimNames{
			identity: or(i.IdentityClaim, c.IdentityClaim),
			typ:      or(i.TypeClaim, c.TypeClaim),
			fresh:    or(i.FreshClaim, c.FreshClaim),
			scope:    or(i.ScopeClaim, c.ScopeClaim),
			roles:    or(i.RolesClaim, c.RolesClaim),
		},
		prefix:        i.IdentityPrefix,
		required:      slices.Clone(i.RequiredClaims),
		acceptedTypes: acceptedTypes(i.Types),
	}
	if len(o.algorithms) == 0 {
		o.algorithms = algorithmsOf(keys)
	}
	if i.Audience == nil {
		o.audience = c.DecodeAudience
	}
	if len(i.Types) == 0 {
		o.acceptedTypes = c.ownOrigin().acceptedTypes
	}
	if i.RequiredClaims == nil {
		o.required = c.RequiredClaims
	}
	if i.TypeClaim != "" {
		o.requireType()
	}
	return o
}

// algorithmsOf returns the algorithms that a token may have if nothing else is
// said.
func algorithmsOf(keys KeySource) (names []string) {
	if set, ok := keys.(*KeySet); ok && set != nil {
		for i := range set.keys {
			names = append(names, set.keys[i].algorithm)
		}
		return names
	}
	for name, a := range algorithms {
		if a.family != "HMAC" {
			names = append(names, name)
		}
	}
	return names
}

func acceptedTypes(types []string) map[string]bool {
	accepted := map[string]bool{}
	for _, typ := range types {
		accepted[mediaType(typ)] = true
	}
	return accepted
}

// parseIssuers describes the tokens of all issuers, by their "iss".
func (m *JWTManager) parseIssuers(c Config, p *problems) map[string]*origin {
	if len(c.Issuers) == 0 {
		return nil
	}
	origins := make(map[string]*origin, len(c.Issuers))
	for i, issuer := range c.Issuers {
		var keys KeySource = issuer.KeySource
		if len(issuer.Keys) > 0 {
			set, wrong := newKeySet(issuer.Keys, "", c.AllowShortSecret)
			for _, err := range wrong {
				p.addError(issuerField(i, "Keys"), err)
			}
			keys = set
		}
		origins[issuer.Name] = c.originOf(issuer, keys)
	}
	return origins
}

// from returns whose token it is that says so. Anybody may have written it.
func (m *JWTManager) from(iss value) *origin {
	if len(m.foreign) == 0 {
		return m.own
	}
	name, _ := iss.str()
	if o := m.foreign[name]; o != nil {
		return o
	}
	return m.own
}

// keySet returns the keys of a foreign origin for a token that names kid. The
// algorithm is looked at first: nothing is fetched for a token that no key of
// the issuer could have signed.
func (o *origin) keySet(ctx context.Context, alg string, kid value) (*KeySet, error) {
	if !slices.Contains(o.algorithms, alg) {
		return nil, errAlgorithm
	}
	name, _ := kid.str()
	set, err := o.keys.KeySet(ctx, name)
	if err != nil {
		return nil, refusal(ErrUnavailable, err)
	}
	if set == nil {
		return nil, errUnknownKey
	}
	return set, nil
}

// stillVerifies reports whether a token that was verified before would be
// verified again, as far as its key goes.
func (o *origin) stillVerifies(ctx context.Context, c *contents) bool {
	if !o.foreign { // other keys of the manager are another cache
		return true
	}
	set, err := o.keys.KeySet(ctx, c.key.id)
	return err == nil && set == c.keys
}

// checkForeign refuses what only tokens of the manager may be: of another type
// than access, or of a user without a proper name.
func (o *origin) checkForeign(token *Token, p *payload) error {
	if !o.foreign {
		return nil
	}
	if token.Type != AccessToken {
		return wrongToken("Only access tokens of this issuer are allowed", token)
	}
	if text, _ := p.identityJSON.str(); text != "" || isInteger(p.identityJSON) {
		return nil
	}
	return errSubject
}

func isInteger(v value) bool {
	return v.kind() == '0' && strings.Trim(string(v), "-0123456789") == ""
}

// foreignID is what a token of another issuer is revoked by: with the issuer
// before it, so that nobody revokes the tokens of another, and without a "jti"
// by what it says.
func foreignID(issuer, id, payload string) string {
	if id != "" {
		return fmt.Sprintf("%q %q", issuer, id)
	}
	sum := sha256.Sum256([]byte(payload))
	return fmt.Sprintf("%q %s", issuer, encodeBase64(sum[:]))
}
