package ginjwt

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// TokenPair contains the two tokens of a session. Its JSON is a token response of RFC
// 6749 §5.1. Printing or logging a TokenPair shows no
// token; inside another value it may, for example in an unexported field.
type TokenPair struct {
	AccessToken  string `json:"access_token,omitempty"`
	TokenType    string `json:"token_type"`           // "Bearer", or "DPoP" if the tokens are bound to a key
	ExpiresIn    int64  `json:"expires_in,omitempty"` // lifetime of the access token in seconds
	RefreshToken string `json:"refresh_token,omitempty"`

	// RefreshExpiresIn is the lifetime of the refresh token in seconds. CSRFToken is the
	// value that a page sends with the cookies of these tokens. Both are set only with
	// Config.DetailedPairs.
	RefreshExpiresIn int64  `json:"refresh_expires_in,omitempty,omitzero"`
	CSRFToken        string `json:"csrf_token,omitempty"`

	// SessionID is the ID of the session, the "sid" of both tokens.
	SessionID string `json:"-"`

	// RefreshExpiresAt is when the refresh token expires, its "exp".
	RefreshExpiresAt time.Time `json:"-"`

	// CSRF is the CSRF value of both tokens. It is the same for the whole session; empty
	// with Config.DisableCookieCSRFProtect.
	CSRF string `json:"-"`

	// KeepsRefreshToken reports that RefreshToken is the token that the client sent,
	// because it is still the newest. SetPairCookies then does not set its cookie, so
	// that a late response does not overwrite a newer token.
	KeepsRefreshToken bool `json:"-"`

	cookies cookieSpec // the cookie options of the session
}

// Render writes the JSON of p, for c.Render of Gin:
//
//	c.Render(http.StatusOK, pair)
//
// Compared with c.JSON it needs no reflection, and the headers keep the tokens out of
// caches (RFC 6749 §5.1). If TokenType is empty, it writes the type of the access token. So a
// manager without sessions can respond with a TokenPair too:
//
//	c.Render(http.StatusOK, ginjwt.TokenPair{AccessToken: access, RefreshToken: refresh})
func (p TokenPair) Render(w http.ResponseWriter) error {
	p.WriteContentType(w)
	const rest = 256 // bytes for names, numbers and punctuation
	body := make([]byte, 0, len(p.AccessToken)+len(p.RefreshToken)+len(p.CSRFToken)+rest)
	_, err := w.Write(append(p.appendJSON(body), '\n'))
	return err
}

// WriteContentType writes the headers of [TokenPair.Render].
func (p TokenPair) WriteContentType(w http.ResponseWriter) {
	header, room := w.Header(), make(headerRoom, 0, 3)
	header["Content-Type"] = room.one("application/json")
	header["Cache-Control"], header["Pragma"] = room.one("no-store"), room.one("no-cache")
}

// appendJSON writes the members that encoding/json writes by the tags of the fields.
func (p *TokenPair) appendJSON(b []byte) []byte {
	b = appendMember(append(b, '{'), "access_token", p.AccessToken)
	b = appendMember(b, "token_type", p.tokenType())
	b = appendSeconds(b, "expires_in", p.ExpiresIn)
	b = appendMember(b, "refresh_token", p.RefreshToken)
	b = appendSeconds(b, "refresh_expires_in", p.RefreshExpiresIn)
	b = appendMember(b, "csrf_token", p.CSRFToken)
	return append(b, '}')
}

func (p *TokenPair) tokenType() string {
	if p.TokenType != "" {
		return p.TokenType
	}
	return tokenTypeFor(thumbprintIn(p.AccessToken))
}

// appendMember appends a member of an object, unless its value is empty.
func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendASCII(appendName(b, name), value)
}

func appendSeconds(b []byte, name string, seconds int64) []byte {
	if seconds == 0 {
		return b
	}
	return strconv.AppendInt(appendName(b, name), seconds, 10)
}

func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(appendASCII(b, name), ':')
}

// String returns the ID of the session, and shows no token.
func (p TokenPair) String() string { return "ginjwt.TokenPair{session " + p.SessionID + "}" }

// LogValue returns String, for log/slog: handlers that write JSON would show the
// tokens.
func (p TokenPair) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Format prints String for every verb, so that no verb shows a token.
func (p TokenPair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }
