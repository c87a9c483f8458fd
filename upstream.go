package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// WithUpstream records that a new session begins with a login at another issuer, and ends
// with a logout there: see [JWTManager.BackChannelLogoutHandler]. The issuer is one of
// Config.Issuers, or known to the IssuerResolver. Pass it to CreateTokenPair.
//
// The values come from the verified ID token: "iss", "sid" (may be empty), "sub" and
// "iat". The manager compares issuedAt with the time of a logout: an earlier logout of
// the user does not end the session. Each string has at most 255 bytes.
//
// CreateTokenPair returns an error if the issuer has no LogoutAudience, or if the ID
// token is older than its MaxTokenAge. It also returns an error if WithIdleLifetime is
// longer than Config.RefreshTokenExpires, because logouts are remembered only that long.
// The error is [ErrSessionEnded] if the user has logged out at the issuer since the
// login.
func WithUpstream(issuer, sid, subject string, issuedAt time.Time) TokenOption {
	return func(s *tokenSpec) {
		s.begins.option = "WithUpstream"
		s.begins.upstream = store.Upstream{Issuer: issuer, SID: sid, Subject: subject}
		s.begins.upstreamAt, s.begins.hasUpstream = issuedAt, true
	}
}

// addUpstream stores the values of WithUpstream in a new session and its data.
func (p *sessionPolicy) addUpstream(ctx context.Context, s *store.Session, data *sessionData, chosen sessionChoice, now time.Time) error {
	if !chosen.hasUpstream {
		return nil
	}
	rules, err := p.minter.verifier.foreignRules(ctx, chosen.upstream.Issuer)
	if err != nil {
		return err
	}
	s.Upstream, data.UpstreamAt = chosen.upstream, chosen.upstreamAt.Unix()
	return chosen.checkUpstream(rules.logoutRules(), p.config, now)
}

// checkUpstream checks the values of WithUpstream. rules belong to the issuer; nil means
// that it cannot log out.
func (c sessionChoice) checkUpstream(rules *logoutRules, config *Config, now time.Time) error {
	u, at := c.upstream, c.upstreamAt
	for _, text := range []string{u.Issuer, u.SID, u.Subject} {
		if len(text) > store.MaxText || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return fmt.Errorf("ginjwt: WithUpstream: strings must be UTF-8 without NUL, of at most %d bytes", store.MaxText)
		}
	}
	switch {
	case rules == nil:
		return errors.New("ginjwt: WithUpstream: the issuer is unknown, or has no LogoutAudience, so that its logouts would not end the session")
	case u.Subject == "":
		return errors.New(`ginjwt: WithUpstream: the subject is empty; pass the "sub" of the ID token`)
	case u.SID == "" && rules.namesAll:
		return errors.New("ginjwt: WithUpstream: the sid is empty, but RequiredClaims of the issuer lists it")
	case !isTime(at.Unix()) || at.After(now.Add(rules.leeway())):
		return errors.New(`ginjwt: WithUpstream: the time is missing, or in the future; pass the "iat" of the ID token`)
	case !at.Add(rules.maxTokenAge + rules.leeway()).After(now):
		return errors.New("ginjwt: WithUpstream: the ID token is older than MaxTokenAge of its issuer")
	case c.idle > config.RefreshTokenExpires:
		return fmt.Errorf("%w: WithIdleLifetime with WithUpstream is longer than Config.RefreshTokenExpires, and logouts are remembered only so long", ErrLifetime)
	}
	return nil
}

// upstreamEnd returns when an unused session that began at an issuer ends, by the current
// settings. After that time, or without the "sid" that the settings require, a logout
// would not end it.
func (p *sessionPolicy) upstreamEnd(s store.Session) time.Time {
	rules := p.minter.verifier.foreign[s.Upstream.Issuer].logoutRules()
	if rules != nil && rules.namesAll && s.Upstream.SID == "" {
		return s.CreatedAt
	}
	return s.RotatedAt.Add(p.config.RefreshTokenExpires)
}

// originOfSession returns the login at an issuer that began a session.
func originOfSession(s store.Session) (o loginOrigin, ok bool) {
	if s.Upstream == (store.Upstream{}) {
		return o, false
	}
	data, err := dataOf(s)
	return originOf(s.Realm, s.Upstream, data.UpstreamAt), err == nil
}

// upstreamClaim returns the claim "upstream" of the tokens of a session.
func upstreamClaim(s store.Session) string {
	if origin, ok := originOfSession(s); ok {
		return origin.claim()
	}
	return ""
}

// withoutEndedUpstream leaves out sessions that ended by a logout at their issuer. It
// first asks the blocklist about all sessions together, because such a logout is rare.
func (p *sessionPolicy) withoutEndedUpstream(ctx context.Context, sessions []store.Session) ([]store.Session, error) {
	ended, err := p.endedUpstream(ctx, sessions...)
	if err != nil || !ended {
		return sessions, err
	}
	var live []store.Session
	for _, s := range sessions {
		ended, err := p.endedUpstream(ctx, s)
		if err != nil {
			return nil, err
		}
		if !ended {
			live = append(live, s)
		}
	}
	return live, nil
}

// endedUpstream reports whether a logout at its issuer ended one of the sessions.
func (p *sessionPolicy) endedUpstream(ctx context.Context, sessions ...store.Session) (bool, error) {
	var ids []string
	for _, s := range sessions {
		if origin, ok := originOfSession(s); ok {
			ids = append(ids, origin.ids()...)
		}
	}
	for some := range slices.Chunk(ids, store.MaxBatch) {
		ended, err := p.revocations.list.Contains(ctx, some...)
		if err != nil {
			return false, unavailable(err)
		}
		if ended {
			return true, nil
		}
	}
	return false, nil
}
