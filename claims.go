package ginjwt

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// payload is what is read of the claims. It does not change once it is read.
type payload struct {
	id, identity, csrf string
	issuer, session    string
	revocationID       string // in place of id; empty: id
	typ                TokenType
	fresh              freshness
	iat, nbf, exp      date

	// The claims whose form is checked, as JSON.
	subJSON, jtiJSON, issJSON, audJSON, csrfJSON, identityJSON value

	generationJSON value // "gen" of a refresh token

	required uint64 // bit i: RequiredClaims[i] is there, and not null
}

// date is a claim that is one.
type date struct {
	seconds   int64
	there, ok bool // ok: it can be read
}

func dateOf(v value) date {
	seconds, ok := numericDate(v)
	return date{seconds, true, ok}
}

// freshness is "fresh": a flag, or the Unix time until which it holds. What is
// neither is not fresh.
type freshness struct {
	always bool
	until  float64
}

func freshnessOf(v value) freshness {
	switch v.kind() {
	case 't':
		return freshness{always: true}
	case '0':
		if until, err := strconv.ParseFloat(string(v), 64); err == nil {
			return freshness{until: until}
		}
	}
	return freshness{until: math.Inf(-1)}
}

func (f freshness) at(now time.Time) bool {
	return f.always || f.until >= float64(now.UnixNano())/1e9
}

// parsePayload reads the claims of c, whose payload is still in s, and whose
// token it is.
func (m *JWTManager) parsePayload(s *scratch, c *contents) error {
	switch err := c.parse(s, m.own); err {
	case errNotObject:
		return errPayloadObject
	case errNotJSON:
		return errPayloadJSON
	}
	if o := m.from(c.payload.issJSON); o.foreign {
		_ = c.parse(s, o) // it was read before, by other names
		c.payload.isForeign(o, c.text)
	}
	return nil
}

// parse reads the claims by the names that they have in tokens of o.
func (c *contents) parse(s *scratch, o *origin) error {
	c.origin = o
	c.payload = payload{typ: AccessToken, fresh: freshnessOf("")}
	return members(s.payload, c.text, func(name string, v value) {
		c.payload.set(name, v)
		switch name {
		case o.claims.typ:
			c.payload.typ = TokenType(v.text()) // the JSON of what is no text is no type that a route asks for
		case o.claims.fresh:
			c.payload.fresh = freshnessOf(v)
		}
		if name == o.claims.identity {
			c.payload.identityJSON, c.payload.identity = v, v.text()
		}
		for i, required := range o.required {
			if name == required && v.kind() != 'n' {
				c.payload.required |= 1 << i
			}
		}
	})
}

// isForeign makes of p the claims of a token from another issuer.
func (p *payload) isForeign(o *origin, text string) {
	p.identity = o.prefix + p.identity
	p.revocationID = foreignID(p.issuer, p.id, text)
	p.session, p.generationJSON = "", "" // it is none of ours
	if saysRefresh(text) {
		p.typ = RefreshToken
	}
}

// saysRefresh reports whether a token of another issuer is a refresh token,
// whichever of the usual names the claim has: as Keycloak calls it, or Django.
func saysRefresh(text string) bool {
	claims := objectIn(text)
	for _, name := range []string{"type", "token_type", "typ", "token_use"} {
		typ, _ := claims.member(name).str()
		if strings.EqualFold(typ, "refresh") || strings.EqualFold(typ, "offline") {
			return true
		}
	}
	return false
}

// set takes over one of the claims that every token has by the same name.
func (p *payload) set(name string, v value) {
	switch name {
	case "iat":
		p.iat = dateOf(v)
	case "jti":
		p.jtiJSON = v
		p.id, _ = v.str()
	case "sub":
		p.subJSON = v
	case "nbf":
		p.nbf = dateOf(v)
	case "csrf":
		p.csrfJSON = v
		p.csrf, _ = v.str()
	case "aud":
		p.audJSON = v
	case "iss":
		p.issJSON = v
		p.issuer, _ = v.str()
	case "exp":
		p.exp = dateOf(v)
	case "sid": // other issuers have it too, for sessions of their own
		p.session, _ = v.str()
	case "gen":
		p.generationJSON = v
	}
}

// checkClaims checks the registered claims in PyJWT's order, and fills in the
// times of token.
func (m *JWTManager) checkClaims(token *Token, p *payload, spec decodeSpec, now time.Time) (expired bool, err error) {
	expired, err = m.checkTimes(token, p, spec, now)
	if err != nil {
		return false, err
	}
	o := token.contents.origin
	if len(o.names) > 0 {
		if err := checkIssuer(p.issJSON, o.names); err != nil {
			return false, err
		}
	}
	if len(o.audience) > 0 {
		if err := checkAudience(p.audJSON, o.audience); err != nil {
			return false, err
		}
	}
	switch {
	case p.subJSON != "" && p.subJSON.kind() != '"' && !m.config.DisableVerifySub:
		return false, errSubject
	case p.jtiJSON != "" && p.jtiJSON.kind() != '"':
		return false, errJTI
	case p.identityJSON == "":
		return false, missingClaim("Missing claim: %s", o.claims.identity)
	}
	for i, name := range o.required {
		if p.required&(1<<i) == 0 {
			return false, missingClaim("Token is missing the %q claim", name)
		}
	}
	return expired, o.checkForeign(token, p)
}

func missingClaim(format, name string) error {
	return invalid(jwt.ErrTokenRequiredClaimMissing, fmt.Sprintf(format, name))
}

// checkTimes checks "iat", "nbf" and "exp". A date that no calendar has is
// refused, also where the original takes it for a day far away.
func (m *JWTManager) checkTimes(token *Token, p *payload, spec decodeSpec, now time.Time) (expired bool, err error) {
	latest, earliest := now.Add(m.config.DecodeLeeway), now.Add(-m.config.DecodeLeeway)
	if p.iat.there {
		token.IssuedAt, err = p.iat.before(latest, errIATNumber, errIATFuture)
		if err != nil {
			return false, err
		}
	}
	if p.nbf.there {
		token.NotBefore, err = p.nbf.before(latest, errNBFNumber, errNBFFuture)
		if err != nil {
			return false, err
		}
	}
	if !p.exp.there {
		return false, nil
	}
	ok := p.exp.ok && p.exp.seconds <= maxDate
	if ok {
		token.ExpiresAt = time.Unix(max(p.exp.seconds, minDate), 0)
	}
	switch {
	case spec.allowExpired:
		return false, nil
	case !ok:
		return false, errEXPNumber
	}
	return !token.ExpiresAt.After(earliest), nil
}

// before returns a date that must not be after latest.
func (d date) before(latest time.Time, malformed, future error) (time.Time, error) {
	if !d.ok || d.seconds < minDate {
		return time.Time{}, malformed
	}
	t := time.Unix(min(d.seconds, maxDate), 0)
	if d.seconds > maxDate || t.After(latest) {
		return time.Time{}, future
	}
	return t, nil
}

func checkIssuer(iss value, accepted []string) error {
	if iss == "" {
		return errNoIssuer
	}
	issuer, ok := iss.str()
	switch {
	case !ok:
		return errIssuerText
	case !slices.Contains(accepted, issuer):
		return errIssuer
	}
	return nil
}

// checkAudience wants one of accepted among the audiences of the token.
func checkAudience(aud value, accepted []string) error {
	if isFalsy(aud) {
		return errNoAudience
	}
	audiences := []jsontext.Value{jsontext.Value(aud)}
	if aud.kind() == '[' {
		if err := json.Unmarshal([]byte(aud), &audiences); err != nil {
			return errAudienceForm
		}
	}
	found := false
	for _, raw := range audiences {
		audience, ok := value(raw).str()
		if !ok {
			return errAudienceForm
		}
		found = found || slices.Contains(accepted, audience)
	}
	if !found {
		return errAudience
	}
	return nil
}

// isFalsy reports what Python's "not" does: whether v is absent, null, false,
// zero or empty.
func isFalsy(v value) bool {
	switch v.kind() {
	case '"':
		return len(v) == len(`""`)
	case '0':
		number, err := strconv.ParseFloat(string(v), 64)
		return err == nil && number == 0
	case '[', '{':
		return strings.TrimSpace(string(v[1:len(v)-1])) == ""
	case 't':
		return false
	}
	return true // absent, null or false
}
