package ginjwt

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// TokenPair contains the two tokens of a session. Its JSON is a token response of RFC
// 6749 §5.1. Printing or logging a TokenPair shows no
// token; inside another value it may, for example in an unexported field.
type TokenPair struct {
	AccessToken  string `json:"access_token,omitempty"`
	TokenType    string `json:"token_type"`           // "Bearer"
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

// String returns the ID of the session, and shows no token.
func (p TokenPair) String() string { return "ginjwt.TokenPair{session " + p.SessionID + "}" }

// LogValue returns String, for log/slog: handlers that write JSON would show the
// tokens.
func (p TokenPair) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Format prints String for every verb, so that no verb shows a token.
func (p TokenPair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }
