package ginjwt

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// TokenType is the "type" claim.
type TokenType string

// The types of tokens. A token without a type is an access token, as those of
// other issuers are.
const (
	AccessToken  TokenType = "access"
	RefreshToken TokenType = "refresh"
)

// Claims is the payload of a token, Header its header.
type (
	Claims map[string]any
	Header map[string]any
)

// Token is a decoded token. It is read-only, safe for concurrent use, and may
// be kept after the request ends. Printing it shows no more than its "jti".
type Token struct {
	ID        string    // "jti"; empty if the claim is absent
	Type      TokenType // "type"
	Identity  string    // the identity claim, "sub" by default
	CSRF      string    // "csrf"
	Fresh     bool      // fresh at the moment it was verified
	IssuedAt  time.Time // zero where the claim is absent, as the next two
	NotBefore time.Time
	ExpiresAt time.Time // zero if it never expires
	Location  Location  // where the request carried it; empty outside of one

	encoded         string
	header, payload []byte // their JSON
	identity        jsontext.Value
	decoded         sync.Once
	claims          Claims
}

// Claims returns the payload. Integers are exact: numbers are of the type
// [encoding/json.Number]. "type", "fresh" and "jti" have their defaults where
// the token lacks them. The map is made on first use and shared by all callers;
// do not change it.
func (t *Token) Claims() Claims {
	t.decoded.Do(func() {
		claims := Claims{}
		_ = t.Decode(&claims) // the payload was read once before, without error
		defaults := Claims{"type": string(AccessToken), "fresh": false, "jti": nil}
		t.claims = merged(defaults, claims)
	})
	return t.claims
}

// Header returns the header of the token.
func (t *Token) Header() Header {
	header := Header{}
	_ = json.Unmarshal(t.header, &header, exact) // decode has read it before
	return header
}

// Decode unmarshals the payload into v, by the rules of encoding/json/v2:
// member names match exactly, and "SUB" is not "sub". Its error names the claim
// that does not fit, and not its value.
func (t *Token) Decode(v any) error {
	err := json.Unmarshal(t.payload, v, exact)
	var unfit *json.SemanticError
	if errors.As(err, &unfit) {
		return fmt.Errorf("ginjwt: claim %q does not fit a %v", unfit.JSONPointer, unfit.GoType)
	}
	return err
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

// newToken makes a Token of what was sent, still to be verified.
func (m *JWTManager) newToken(s segments, p payload) *Token {
	t := &Token{
		Type:     AccessToken,
		Identity: jsonText(p.identity),
		Fresh:    isFresh(p.fresh, m.config.Now()),
		encoded:  s.encoded,
		header:   s.header,
		payload:  s.payload,
		identity: p.identity,
	}
	t.ID, _ = jsonString(p.jti)
	t.CSRF, _ = jsonString(p.csrf)
	if p.typ != nil {
		t.Type = tokenType(p.typ)
	}
	return t
}

// tokenType returns the JSON of a "type" that is not a string: never a type that
// a route asks for.
func tokenType(v jsontext.Value) TokenType {
	if text, ok := jsonString(v); ok {
		return TokenType(text)
	}
	return TokenType(v)
}

// isFresh reads "fresh": a flag, or the Unix time until which it holds. What
// is neither is not fresh.
func isFresh(v jsontext.Value, now time.Time) bool {
	switch v.Kind() {
	case 't':
		return true
	case '0':
		until, err := strconv.ParseFloat(string(v), 64)
		return err == nil && until >= float64(now.UnixNano())/1e9
	}
	return false
}
