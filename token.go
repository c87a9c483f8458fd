package ginjwt

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// contents is what a token with a good signature says. It does not change, and
// requests with the same token share it.
type contents struct {
	header, text string // the JSON of header and payload
	payload      payload
	names        *claimNames
	verifier     any // the *verifier that found the signature good, untyped so that tokens need no verifier.go; nil: none has
}

// Token is a decoded token. It is read-only, safe for concurrent use, and may
// be kept after the request ends. Printing it shows no more than its "jti".
type Token struct {
	ID        string    // "jti"; empty if the claim is absent
	Type      TokenType // "type"; AccessToken in tokens of other issuers, whatever word they have for it
	Identity  string    // the identity claim, "sub" by default, after the prefix of its issuer
	SessionID string    // "sid"; empty without a session. In a token of another issuer, a session there
	CSRF      string    // "csrf"
	Issuer    string    // "iss"; empty if the claim is absent
	Fresh     bool      // fresh at the moment it was verified
	IssuedAt  time.Time // zero where the claim is absent, as the next two
	NotBefore time.Time
	ExpiresAt time.Time // zero if it never expires
	Location  Location  // where the request carried it; empty outside of one

	encoded  string
	contents *contents
	ids      [2]string // ID and session, for the Blocklist
	user     any       // that VerifyToken looked up, for NewContext
	decoded  sync.Once
	claims   Claims
}

// Claims returns the payload. Integers are exact: numbers are of the type
// [encoding/json.Number]. "type", "fresh" and "jti" have their defaults where
// the token lacks them. The map is made on first use and shared by all callers;
// do not change it.
func (t *Token) Claims() Claims {
	t.decoded.Do(func() {
		claims := Claims{}
		_ = t.Decode(&claims) // the payload was read once before, without error
		names := t.names()
		defaults := Claims{names.typ: string(AccessToken), names.fresh: false, "jti": nil}
		t.claims = merged(defaults, claims)
	})
	return t.claims
}

// Header returns the header of the token.
func (t *Token) Header() Header {
	header := Header{}
	_ = json.Unmarshal([]byte(t.read().header), &header, strictjson.Exact) // decode has read it before
	return header
}

// Decode unmarshals the payload into v, by the rules of encoding/json/v2:
// member names match exactly, and "SUB" is not "sub". Its error names the claim
// that does not fit, and not its value.
func (t *Token) Decode(v any) error {
	err := json.Unmarshal([]byte(t.read().text), v, strictjson.Exact)
	var unfit *json.SemanticError
	if errors.As(err, &unfit) {
		return fmt.Errorf("ginjwt: claim %q does not fit a %v", unfit.JSONPointer, unfit.GoType)
	}
	return err
}

// read returns what the token says; nothing for one made by hand, in a test.
func (t *Token) read() *contents {
	if t.contents == nil {
		return &contents{names: &claimNames{typ: "type", fresh: "fresh"}}
	}
	return t.contents
}

// names returns the names that claims have in tokens of its issuer.
func (t *Token) names() *claimNames { return t.read().names }

// isForeign reports whether the token is of another issuer.
func (t *Token) isForeign() bool { return t.names().foreign }

// session returns the ID of the session of ours that the token is of; empty if there
// is none. The "sid" of another issuer names none of ours, whatever it says.
func (t *Token) session() string {
	if t.isForeign() {
		return ""
	}
	return t.SessionID
}

// claim returns the claim of a name, or what a JSON Pointer points to; nothing
// if it is absent.
func (t *Token) claim(name string) strictjson.Value {
	claims := strictjson.Object(t.read().text)
	if strings.HasPrefix(name, "/") {
		return claims.At(name)
	}
	return claims.Member(name)
}

// maxGeneration is what JSON numbers can hold everywhere (RFC 8259 §6), and more
// than any session can reach.
const maxGeneration = 1<<53 - 1

// generation returns the "gen" of a token of a session; zero if it has none.
func (t *Token) generation() int64 {
	n, err := strconv.ParseInt(string(t.read().payload.generationJSON), 10, 64)
	if err != nil || n < 1 || n > maxGeneration {
		return 0
	}
	return n
}

// Raw returns the encoded token. It is a credential: keep it out of logs.
func (t *Token) Raw() string { return t.encoded }

// String names the token without giving away what is in it.
func (t *Token) String() string {
	return "ginjwt.Token{" + string(t.Type) + " " + strconv.Quote(t.ID) + "}"
}

// Format prints String whatever the verb, so that none shows a credential.
func (t *Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// MarshalText is String, so that no encoder writes what is in the token.
func (t *Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue is String, for log/slog.
func (t *Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// newToken makes a Token of what a request carried.
func newToken(encoded string, c *contents, now time.Time) *Token {
	p := &c.payload
	token := &Token{
		ID:        p.id,
		Type:      p.typ,
		Identity:  p.identity,
		SessionID: p.session,
		CSRF:      p.csrf,
		Issuer:    p.issuer,
		Fresh:     p.fresh.at(now),
		encoded:   encoded,
		contents:  c,
	}
	token.ids = [2]string{or(p.revocationID, p.id), token.session()}
	return token
}
