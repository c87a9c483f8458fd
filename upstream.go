package ginjwt

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// WithUpstream notes that a new session begins with a login at another issuer, of
// Config.Issuers or the IssuerResolver, and ends with a logout there: see
// [JWTManager.BackChannelLogoutHandler]. It is for CreateTokenPair.
//
// The values are those of the verified ID token: "iss", "sid", which may be empty,
// "sub" and "iat", which tells logouts before this login from those after it, by the
// clock of the issuer. Each text has at most 255 bytes.
//
// CreateTokenPair returns an error if the issuer has no LogoutAudience, if the ID token
// is older than MaxTokenAge of the issuer, or if WithIdleLifetime is longer than
// Config.RefreshTokenExpires, for which logouts are remembered. It returns an
// [ErrSessionEnded] if the user has logged out there since.
func WithUpstream(issuer, sid, subject string, issuedAt time.Time) TokenOption {
	return func(s *tokenSpec) {
		s.begins.option = "WithUpstream"
		s.begins.upstream = store.Upstream{Issuer: issuer, SID: sid, Subject: subject}
		s.begins.upstreamAt, s.begins.hasUpstream = issuedAt, true
	}
}

// checkUpstream returns why a session cannot begin with what WithUpstream was given.
// rules are those of the issuer; nil: it cannot log out.
func (c sessionChoice) checkUpstream(rules *logoutRules, config *Config, now time.Time) error {
	u, at := c.upstream, c.upstreamAt
	for _, text := range []string{u.Issuer, u.SID, u.Subject} {
		if len(text) > store.MaxText || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("ginjwt: WithUpstream: texts must be UTF-8 without NUL, of at most %d bytes", store.MaxText)
		}
	}
	switch {
	case rules == nil:
		return errors.New("ginjwt: WithUpstream: the issuer is unknown, or has no LogoutAudience, so that its logouts would not end the session")
	case u.Subject == "":
		return errors.New(`ginjwt: WithUpstream: the subject is empty; it is the "sub" of the ID token`)
	case u.SID == "" && rules.namesAll:
		return errors.New("ginjwt: WithUpstream: the sid is empty, but RequiredClaims of the issuer names it")
	case !isTime(at.Unix()) || at.After(now.Add(rules.leeway())):
		return errors.New(`ginjwt: WithUpstream: the time is none, or in the future; it is the "iat" of the ID token`)
	case !at.Add(rules.maxTokenAge + rules.leeway()).After(now):
		return errors.New("ginjwt: WithUpstream: the ID token is older than MaxTokenAge of its issuer")
	case c.idle > config.RefreshTokenExpires:
		return fmt.Errorf("%w: WithIdleLifetime with WithUpstream is longer than Config.RefreshTokenExpires, for which logouts are remembered", ErrLifetime)
	}
	return nil
}
