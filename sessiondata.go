package ginjwt

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// sessionData holds the choices of the login, for the whole session.
type sessionData struct {
	Claims  Claims     `json:"claims,omitzero"`   // in access tokens
	Idle    int64      `json:"idle,omitzero"`     // seconds, instead of Config.RefreshTokenExpires
	Life    int64      `json:"lifetime,omitzero"` // seconds, instead of Config.SessionLifetime
	Cookies cookieSpec `json:"cookies,omitzero"`

	UpstreamAt int64 `json:"upstream_at,omitzero"` // Unix seconds when the issuer of Session.Upstream identified the user
}

// dataOf returns the data that is stored with s.
func dataOf(s store.Session) (d sessionData, err error) {
	if s.Data == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(s.Data), &d, strictjson.Exact); err != nil {
		return d, errors.New("the data of the session cannot be read") // without err: the data may hold secrets
	}
	return d, nil
}

// text returns the data as the JSON that stores keep.
func (d sessionData) text() (string, error) {
	b, err := json.Marshal(d, strictjson.Exact)
	switch {
	case err != nil:
		return "", fmt.Errorf("ginjwt: session options of the login: %w", err)
	case string(b) == "{}":
		return "", nil
	case len(b) > store.MaxData:
		return "", fmt.Errorf("ginjwt: session options of the login: %d bytes of JSON, stores keep at most %d: pass fewer claims to WithSessionClaims", len(b), store.MaxData)
	}
	return string(b), nil
}

// idleLifetime is how long an unused session lives.
func (d sessionData) idleLifetime(config *Config) time.Duration {
	return or(time.Duration(d.Idle)*time.Second, config.RefreshTokenExpires)
}

// lastEnd returns when s ends even if it is used; zero: never. A SessionLifetime that was
// shortened after the login applies too, unless the login chose its own.
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

// expiry returns when s ends if it is used now and then no more. It is a whole second,
// like the "exp" of the refresh token.
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
