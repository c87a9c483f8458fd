package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// sessionData is what was chosen at the login, and holds until the session ends.
type sessionData struct {
	Claims  Claims     `json:"claims,omitzero"`   // of access tokens
	Idle    int64      `json:"idle,omitzero"`     // seconds, in place of Config.RefreshTokenExpires
	Life    int64      `json:"lifetime,omitzero"` // seconds, in place of Config.SessionLifetime
	Cookies cookieSpec `json:"cookies,omitzero"`

	UpstreamAt int64 `json:"upstream_at,omitzero"` // when the issuer of Session.Upstream said who logged in; seconds
}

// dataOf returns what is kept with s.
func dataOf(s store.Session) (d sessionData, err error) {
	if s.Data == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(s.Data), &d, strictjson.Exact); err != nil {
		return d, errors.New("the data of the session cannot be read") // they may hold secrets
	}
	return d, nil
}

// text returns the data as stores keep them.
func (d sessionData) text() (string, error) {
	b, err := json.Marshal(d, strictjson.Exact)
	switch {
	case err != nil:
		return "", fmt.Errorf("ginjwt: what the login chose for its session: %w", err)
	case string(b) == "{}":
		return "", nil
	case len(b) > store.MaxData:
		return "", fmt.Errorf("ginjwt: what the login chose for its session takes %d bytes of JSON, and stores keep %d: fewer claims in WithSessionClaims", len(b), store.MaxData)
	}
	return string(b), nil
}

// idleLifetime is how long a session lives that is not used.
func (d sessionData) idleLifetime(config *Config) time.Duration {
	return or(time.Duration(d.Idle)*time.Second, config.RefreshTokenExpires)
}

// lastEnd returns when s ends however much it is used; zero: never. A SessionLifetime
// that was shortened since the login holds too, unless the login chose its own.
func (d sessionData) lastEnd(s store.Session, config *Config) time.Time {
	if d.Life != 0 || config.SessionLifetime == 0 {
		return s.EndsAt
	}
	limit := s.CreatedAt.Add(config.SessionLifetime)
	if s.EndsAt.IsZero() {
		return limit
	}
	return earlier(s.EndsAt, limit)
}

// bounded returns a stored session as it is by the settings of now: it ends no later
// than lastEnd says, also if it was stored before SessionLifetime was shortened, or by
// code that did not know what the login chose.
func (p *sessionPolicy) bounded(s store.Session) store.Session {
	data, _ := dataOf(s) // whoever makes tokens of it reports the error
	if last := data.lastEnd(s, p.config); !last.IsZero() {
		s.ExpiresAt = earlier(s.ExpiresAt, last.Truncate(time.Second))
	}
	if s.Upstream != (store.Upstream{}) {
		s.ExpiresAt = earlier(s.ExpiresAt, p.upstreamEnd(s))
	}
	return s
}

// upstreamEnd returns when a session that began at an issuer has ended if it is not used,
// by the settings of now: after that, or without the name of its session there, a logout
// would not be noticed.
func (p *sessionPolicy) upstreamEnd(s store.Session) time.Time {
	rules := p.minter.verifier.foreign[s.Upstream.Issuer].logoutRules()
	if rules != nil && rules.namesAll && s.Upstream.SID == "" {
		return s.CreatedAt
	}
	return s.RotatedAt.Add(p.config.RefreshTokenExpires)
}

// expiry returns when s ends if it is used now, and not any more. It is a whole
// second, as the "exp" of its refresh token is.
func (d sessionData) expiry(s store.Session, config *Config, now time.Time) time.Time {
	expires := now.Add(d.idleLifetime(config))
	if last := d.lastEnd(s, config); !last.IsZero() {
		expires = earlier(expires, last)
	}
	return expires.Truncate(time.Second)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// keepCookies notes how the cookies of a session are set.
func (p *sessionPolicy) keepCookies(ctx context.Context, id string, spec cookieSpec) error {
	for range replaceAttempts {
		s, ok, err := p.store.Get(ctx, id)
		switch {
		case err != nil:
			return unavailable(err)
		case !ok:
			return refusal(ErrSessionEnded, nil)
		}
		data, err := dataOf(s)
		if err != nil {
			return failure(err)
		}
		data.Cookies = spec
		next := s
		next.RotatedAt = later(p.now(), s.RotatedAt.Add(time.Millisecond)) // a rotation that is under way has to read them
		if next.Data, err = data.text(); err != nil {
			return err
		}
		switch kept, err := p.store.Replace(ctx, s, next); {
		case err != nil:
			return unavailable(err)
		case kept:
			return nil
		}
	}
	return errBusy
}

// addUpstream notes in a new session, and its data, what WithUpstream was given.
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

// originOfSession returns where the login of a session was made.
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

// withoutEndedUpstream returns those of sessions whose users have not logged out where they
// began. Most often none has: then all of them take one question to the blocklist.
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

// endedUpstream reports whether the user has logged out where one of sessions began.
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
