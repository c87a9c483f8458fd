package ginjwt

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// TokenPair is a token response of RFC 6749 §5.1, as JSON. Printing it shows no
// token.
type TokenPair struct {
	AccessToken  string `json:"access_token,omitempty"`
	TokenType    string `json:"token_type"`           // "Bearer"
	ExpiresIn    int64  `json:"expires_in,omitempty"` // seconds that the access token lives
	RefreshToken string `json:"refresh_token,omitempty"`

	// RefreshExpiresIn is how many seconds the refresh token lives, and CSRFToken
	// what a page sends with cookies of these tokens. They are filled in, and in the
	// JSON, with Config.DetailedPairs.
	RefreshExpiresIn int64  `json:"refresh_expires_in,omitempty,omitzero"`
	CSRFToken        string `json:"csrf_token,omitempty"`

	// SessionID is the "sid" of both tokens.
	SessionID string `json:"-"`

	// RefreshExpiresAt is when the refresh token expires: its "exp".
	RefreshExpiresAt time.Time `json:"-"`

	// CSRF is the CSRF value of both tokens, which is one for the whole session;
	// empty with Config.DisableCookieCSRFProtect.
	CSRF string `json:"-"`

	// KeepsRefreshToken reports that RefreshToken is the one that was sent, which is
	// still the newest. SetPairCookies then leaves the cookie as it is: an answer
	// that arrives late must not put an older token over a newer one.
	KeepsRefreshToken bool `json:"-"`

	cookies cookieSpec // of the session
}

// String names the pair without giving away its tokens.
func (p TokenPair) String() string { return "ginjwt.TokenPair{session " + p.SessionID + "}" }

// LogValue is String, for log/slog, some of whose handlers write JSON.
func (p TokenPair) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Format prints String whatever the verb, so that none shows a token.
func (p TokenPair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }
