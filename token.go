package ginjwt

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// contents is what a token with a valid signature says. It never changes, and
// requests with the same token share it.
type contents struct {
	header, text string // the JSON of header and payload
	payload      payload
	names        *claimNames
	bound        *boundKey // of a token that is bound to a key; nil: none
	verifier     any       // the *verifier that verified the signature; untyped, so that this file does not depend on verifier.go; nil: none
}

// Token is a decoded token. It is read-only and safe for concurrent use. You
// may keep it after the request. Printing it shows only its type and its "jti".
type Token struct {
	ID        string        // "jti"; empty if the claim is absent
	Type      TokenType     // "type"; always AccessToken in tokens of other issuers
	Identity  string        // the identity claim, "sub" by default, with the prefix of its issuer
	SessionID string        // "sid"; empty without a session. In a token of another issuer, a session at that issuer
	CSRF      string        // "csrf"
	Issuer    string        // "iss"; empty if the claim is absent
	Fresh     bool          // fresh at the moment it was verified
	proven    atomic.Uint32 // unproven, provenHere or provenOnce; here it needs no memory
	IssuedAt  time.Time     // zero if the claim is absent, like the next two
	NotBefore time.Time
	ExpiresAt time.Time // zero if it never expires
	Location  Location  // where the request carried it; empty outside of a request

	encoded  string
	contents *contents
	user     any // of UserLookupLoader
	claims   atomic.Pointer[Claims]
}

// Claims returns the payload. Numbers have the type [encoding/json.Number],
// which keeps integers exact. If the token lacks "type", "fresh" or "jti", the
// map contains their defaults. All callers share the map: do not change it.
func (t *Token) Claims() Claims {
	if claims := t.claims.Load(); claims != nil {
		return *claims
	}
	claims := Claims{}
	_ = t.Decode(&claims) // the payload was read once before, without error
	names := t.names()
	defaults := Claims{names.typ: string(AccessToken), names.fresh: false, "jti": nil}
	claims = merged(defaults, claims)
	t.claims.CompareAndSwap(nil, &claims) // another goroutine may have been faster
	return *t.claims.Load()
}

// Header returns the header of the token, as a new map.
func (t *Token) Header() Header {
	header := Header{}
	_ = json.Unmarshal([]byte(t.read().header), &header, strictjson.Exact) // decode has read it before
	return header
}

// Decode unmarshals the payload into v, by the rules of encoding/json/v2: names
// must match exactly, so "SUB" is not "sub". The error names the claim that
// does not fit, but not its value.
func (t *Token) Decode(v any) error {
	err := json.Unmarshal([]byte(t.read().text), v, strictjson.Exact)
	var unfit *json.SemanticError
	if errors.As(err, &unfit) {
		return fmt.Errorf("ginjwt: claim %q does not fit a %v", unfit.JSONPointer, unfit.GoType)
	}
	return err
}

// read returns the contents of the token. They are empty for a token that a
// test made by hand.
func (t *Token) read() *contents {
	if t.contents == nil {
		return &noContents
	}
	return t.contents
}

// noContents is a variable because a literal would have room in the stack frame of every
// caller. HTTP/2 runs each request on a new, small stack, whose growth costs more than the
// checks of a known token.
var noContents = contents{names: &claimNames{typ: "type", fresh: "fresh"}}

// names returns the claim names that the issuer of the token uses.
func (t *Token) names() *claimNames { return t.read().names }

// isForeign reports whether another issuer made the token.
func (t *Token) isForeign() bool { return t.names().foreign }

// session returns the ID of our session that the token belongs to; empty if
// there is none. The "sid" of another issuer never names one of our sessions.
func (t *Token) session() string {
	if t.isForeign() {
		return ""
	}
	return t.SessionID
}

// isBound reports whether only the holder of a key may send the token, whatever binds it.
func (t *Token) isBound() bool { return t.read().payload.confirmation.there }

// KeyThumbprint returns the thumbprint (RFC 7638) of the key that the token is bound to, its
// "cnf.jkt" (RFC 9449 §6.1). It is empty if the token is bound to no key, or by a method that
// is not supported. A route accepts a bound token only with a proof of the key, and a token with
// another method never.
func (t *Token) KeyThumbprint() string { return t.read().payload.confirmation.jkt }

// tokenHash returns the "ath" of proofs for the token (RFC 9449 §4.2).
func (t *Token) tokenHash() string {
	if bound := t.read().bound; bound != nil {
		return bound.tokenHash
	}
	return tokenHashOf(t.encoded)
}

// claim returns the claim with this name, or the value that a JSON Pointer
// names; empty if it is absent.
func (t *Token) claim(name string) strictjson.Value {
	claims := strictjson.Object(t.read().text)
	if strings.HasPrefix(name, "/") {
		return claims.At(name)
	}
	return claims.Member(name)
}

// maxGeneration is the largest integer that every JSON implementation keeps
// exact (RFC 8259 §6). No session can reach it.
const maxGeneration = 1<<53 - 1

// generation returns the "gen" claim of a session's token; zero if it has none.
func (t *Token) generation() int64 {
	n, err := strconv.ParseInt(string(t.read().payload.generationJSON), 10, 64)
	if err != nil || n < 1 || n > maxGeneration {
		return 0
	}
	return n
}

// Raw returns the encoded token. It is a credential: keep it out of logs.
func (t *Token) Raw() string { return t.encoded }

// String returns the type and the "jti", without any other contents.
func (t *Token) String() string {
	return "ginjwt.Token{" + string(t.Type) + " " + strconv.Quote(t.ID) + "}"
}

// Format prints String for every verb, so that no verb shows a credential of a *Token.
func (t *Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// MarshalText returns String, so that no encoder writes the contents of the
// token.
func (t *Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue returns String, for log/slog.
func (t *Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// newToken makes a Token from the encoded token of a request.
func newToken(encoded string, c *contents, fresh bool) *Token {
	p := &c.payload
	return &Token{
		ID:        p.id,
		Type:      p.typ,
		Identity:  p.identity,
		SessionID: p.session,
		CSRF:      p.csrf,
		Issuer:    p.issuer,
		Fresh:     fresh,
		encoded:   encoded,
		contents:  c,
	}
}

// withTimes sets the times of a token whose claims are checked, and returns it.
func (t *Token) withTimes() *Token {
	p := &t.contents.payload
	t.IssuedAt, t.NotBefore, t.ExpiresAt = p.iat.time(), p.nbf.time(), p.exp.time()
	return t
}

// knownToken is an access token of a header that was verified, and from which a Token can
// be made.
type knownToken struct {
	encoded  string
	contents *contents // nil: there is no token
	fresh    bool
}

// token makes the Token.
func (k *knownToken) token() *Token {
	t := newToken(k.encoded, k.contents, k.fresh).withTimes()
	t.Location = InHeaders
	return t
}
