package ginjwt

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// maxRequired is the greatest length of RequiredClaims. payload.required has one bit for
// each, and one for a TypeClaim.
const maxRequired = 63

// mostResolvedIssuers is the greatest MaxResolvedIssuers. Each issuer has a goroutine that
// fetches its keys.
const mostResolvedIssuers = 100_000

// maxLeeway is the greatest DecodeLeeway. It keeps sums of times and leeway in range.
const maxLeeway = 100 * 8766 * time.Hour

// validate reports all problems of c, except problems of its keys and issuers. The
// defaults of c must be filled in.
func (c Config) validate(p *problems) {
	c.validateClaims(p)
	c.validateLocations(p)
	c.validateCookies(p)
	c.validateSessions(p)
	c.validateDPoP(p)
	c.validateResources(p)
}

func (c Config) validateClaims(p *problems) {
	p.addError("AccessTokenExpires", validLifetime(c.AccessTokenExpires))
	p.addError("RefreshTokenExpires", validLifetime(c.RefreshTokenExpires))
	if c.DecodeLeeway < 0 || c.DecodeLeeway > maxLeeway {
		p.add("DecodeLeeway", "must be between zero and 100 years")
	}
	c.ownRules().claims.validate(p, func(field string) string { return field })
	for _, n := range c.namedClaims() {
		if slices.Contains(singleUseClaims, n.name) {
			p.add(n.field, "%q is a claim of single-use tokens; use another name", n.name)
		}
	}
	for _, list := range []struct {
		field  string
		values []string
	}{
		{"EncodeAudience", c.EncodeAudience},
		{"DecodeAudience", c.DecodeAudience},
		{"DecodeIssuers", c.DecodeIssuers},
		{"RequiredClaims", c.RequiredClaims},
		{"DecodeTypes", c.DecodeTypes},
	} {
		if slices.Contains(list.values, "") {
			p.add(list.field, "contains an empty value; remove it")
		}
	}
	if slices.ContainsFunc(c.DecodeTypes, isSingleUse) {
		p.add("DecodeTypes", "contains a type of single-use tokens, which no route accepts; remove it")
	}
	if len(c.RequiredClaims) > maxRequired {
		p.add("RequiredClaims", "contains more than %d names", maxRequired)
	}
	if c.MaxTokenSize < 0 || c.MaxTokenSize > largestTokenSize {
		p.add("MaxTokenSize", "must be between zero and %d", largestTokenSize)
	}
	if c.TokenCacheSize > maxTokenCacheSize {
		p.add("TokenCacheSize", "must be at most %d", maxTokenCacheSize)
	}
	if c.MaxResolvedIssuers < 0 || c.MaxResolvedIssuers > mostResolvedIssuers {
		p.add("MaxResolvedIssuers", "must be between zero and %d", mostResolvedIssuers)
	}
	if isNil(c.Blocklist) {
		p.add("Blocklist", "is a nil pointer")
	}
	if isNil(c.Once) {
		p.add("Once", "is a nil pointer")
	}
	if c.Observer != nil && isNil(c.Observer) {
		p.add("Observer", "is a nil pointer")
	}
	if profiles[c.ErrorProfile] == nil {
		p.add("ErrorProfile", "%q is not an error profile; use flask, bearer or problem", c.ErrorProfile)
	}
}

func validLifetime(d time.Duration) error {
	if d == NeverExpires || d >= time.Second {
		return nil
	}
	return fmt.Errorf("must be at least a second, or NeverExpires (it is %s; 15 minutes are 15*time.Minute)", d)
}

func (c Config) validateLocations(p *problems) {
	for i, location := range c.TokenLocation {
		p.addError("TokenLocation", location.valid())
		if slices.Contains(c.TokenLocation[:i], location) {
			p.add("TokenLocation", "contains %q twice; remove one", location)
		}
	}
	if slices.Contains(c.TokenLocation, InTicket) && len(withoutTickets(c.TokenLocation)) == 0 {
		p.add("TokenLocation", "contains only %q; add another location, such as headers, because clients need a token to get a ticket", InTicket)
	}
	switch {
	case url.QueryEscape(c.TicketName) != c.TicketName:
		p.add("TicketName", "%q has characters that must be escaped in a query; use letters and digits", c.TicketName)
	case c.TicketName == c.QueryStringName:
		p.add("TicketName", "%q is also QueryStringName; use different parameters for tickets and tokens", c.TicketName)
	}
	for _, name := range []struct{ field, value string }{
		{"HeaderName", c.HeaderName},
		{"HeaderType", c.HeaderType},
		{"AccessCSRFHeaderName", c.AccessCSRFHeaderName},
		{"RefreshCSRFHeaderName", c.RefreshCSRFHeaderName},
		{"RenewedTokenHeader", or(c.RenewedTokenHeader, "none")},
	} {
		if !isHTTPToken(name.value) {
			p.add(name.field, "%q has characters that are not allowed in an HTTP token (RFC 9110 §5.6.2)", name.value)
		}
	}
	for _, method := range c.CSRFMethods {
		if !isHTTPToken(method) || method != strings.ToUpper(method) {
			p.add("CSRFMethods", "%q is not an HTTP method in upper case", method)
		}
	}
}

func (l Location) valid() error {
	switch l {
	case InHeaders, InCookies, InQueryString, InJSON, InTicket:
		return nil
	}
	return fmt.Errorf("%q is not a location; use headers, cookies, query_string, json or ticket", string(l))
}

// isHTTPToken reports whether s is a token of RFC 9110 §5.6.2.
func isHTTPToken(s string) bool {
	const others = "!#$%&'*+-.^_`|~"
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(others, r)) {
			return false
		}
	}
	return s != ""
}

// blanks separate the words of a header (RFC 9110 §5.6.3). Other white space does not,
// because proxies do not split words there.
const (
	blanks     = " \t"
	separators = "," + blanks
)

// isNil reports whether v is nil, or holds a nil pointer.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Interface, reflect.Chan:
		return r.IsNil()
	}
	return false
}

func (c Config) validateSessions(p *problems) {
	if c.SessionLifetime != 0 && c.SessionLifetime < time.Second {
		p.add("SessionLifetime", "must be at least a second, or zero for none (it is %s)", c.SessionLifetime)
	}
	if c.MaxSessions < 0 {
		p.add("MaxSessions", "must not be negative")
	}
	if len(c.Realm) > store.MaxText || !utf8.ValidString(c.Realm) || strings.ContainsRune(c.Realm, 0) {
		p.add("Realm", "must be UTF-8 without NUL, of at most %d bytes", store.MaxText)
	}
	if c.Sessions == nil {
		c.validateNoSessions(p)
		return
	}
	if isNil(c.Sessions) {
		p.add("Sessions", "is a nil pointer")
	}
	if c.AccessTokenExpires == NeverExpires {
		p.add("AccessTokenExpires", "must not be NeverExpires with Sessions, which remember an ended session for as long as its access tokens live; set a lifetime")
	}
	if c.RefreshTokenExpires == NeverExpires {
		p.add("RefreshTokenExpires", "must not be NeverExpires with Sessions, which would never end; set a lifetime")
	}
	for _, n := range c.namedClaims() {
		if slices.Contains(sessionClaims, n.name) {
			p.add(n.field, "%q is a claim of sessions; use another name", n.name)
		}
	}
}

// validateNoSessions reports settings that have no effect without Sessions. The author of
// such settings expects that refresh tokens are rotated.
func (c Config) validateNoSessions(p *problems) {
	for _, s := range []struct {
		field string
		set   bool
	}{
		{"SessionGrace", c.SessionGrace != defaultSessionGrace},
		{"SessionLifetime", c.SessionLifetime != 0},
		{"MaxSessions", c.MaxSessions != 0},
		{"RenewedTokenHeader", c.RenewedTokenHeader != ""},
		{"DetailedPairs", c.DetailedPairs},
	} {
		if s.set {
			p.add(s.field, "has no effect without a store of sessions; set Sessions")
		}
	}
}

// namedClaim is a claim with a configurable name.
type namedClaim struct {
	field, name string
	others      []string // names that it must not have
}

// namedClaims returns the claims with a configurable name in every token of the manager.
func (c Config) namedClaims() []namedClaim {
	return []namedClaim{{field: "IdentityClaim", name: c.IdentityClaim}, {field: "TypeClaim", name: c.TypeClaim}, {field: "FreshClaim", name: c.FreshClaim}}
}

// validate reports claim names that already have another meaning.
func (n claimNames) validate(p *problems, field func(string) string) {
	claims := []namedClaim{
		{"TypeClaim", n.typ, []string{"sub"}},
		{"FreshClaim", n.fresh, []string{"sub", n.typ}},
		{"IdentityClaim", n.identity, []string{n.typ, n.fresh}},
	}
	for _, name := range n.otherIdentities {
		claims = append(claims, namedClaim{"IdentityClaims", name, []string{n.typ, n.fresh}})
	}
	for _, claim := range claims {
		if _, reserved := reservedClaims[claim.name]; reserved || slices.Contains(claim.others, claim.name) {
			p.add(field(claim.field), "%q already has another meaning; use another name", claim.name)
		}
		if !utf8.ValidString(claim.name) {
			p.add(field(claim.field), "is not valid UTF-8")
		}
		if strings.HasPrefix(claim.name, "/") {
			p.add(field(claim.field), "%q looks like a JSON Pointer, which only ScopeClaim and RolesClaim may be; remove the slash", claim.name)
		}
	}
	for _, claim := range []struct{ field, name string }{{"ScopeClaim", n.scope}, {"RolesClaim", n.roles}} {
		p.addError(field(claim.field), validPointer(claim.name))
		if name := soleName(claim.name); name == "sub" || name == "jti" || n.identityRank(name) >= 0 { // a user named "admin" must not get the role of that name
			p.add(field(claim.field), "%q already has another meaning; use another name", claim.name)
		}
	}
}

// soleName returns the name of a claim. The argument may be a JSON Pointer.
func soleName(claim string) string {
	if name, isPointer := strings.CutPrefix(claim, "/"); isPointer {
		return strictjson.Unescape(name)
	}
	return claim
}

// validPointer refuses a name with a leading slash that is not a valid JSON Pointer.
func validPointer(name string) error {
	if strings.HasPrefix(name, "/") && !jsontext.Pointer(name).IsValid() {
		return fmt.Errorf("%q starts with a slash, but is not a JSON Pointer (RFC 6901)", name)
	}
	return nil
}
