package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// renewalPause is the time in which a session is renewed once at most: the
// requests of one page bring one new cookie, and if that response is lost, a
// later one brings another.
const renewalPause = 10 * time.Second

// ImplicitRefresh returns a handler that keeps users of a web page logged in
// while they use it (a sliding session). Where JWTRequired verifies an access
// token from a cookie that expires within d, the response sets cookies with a
// new one of the same session, which lives on for as long as after a rotation.
// It is not fresh, has no claims but those of the AdditionalClaimsLoader, and
// SessionLifetime still ends it.
//
// It stands anywhere before the handlers that write:
//
//	pages := router.Group("/", mgr.ImplicitRefresh(10*time.Minute), mgr.JWTRequired())
//
// Only responses to GET and HEAD with a status below 400 get cookies, and none
// that sets or removes the access cookie itself, or follows a logout. They say
// "Cache-Control: no-store". When a store does not answer, the response goes out
// without cookies, and the error is in c.Errors.
//
// ImplicitRefresh panics if called before InitApp, without Config.Sessions, or
// with a d that is not between zero and Config.AccessTokenExpires.
func (m *JWTManager) ImplicitRefresh(d time.Duration) gin.HandlerFunc {
	m.mustHaveSessions("ImplicitRefresh")
	if d <= 0 || d >= m.config.AccessTokenExpires {
		panic("ginjwt: ImplicitRefresh: the time must be more than zero, and less than Config.AccessTokenExpires")
	}
	return func(c *gin.Context) {
		w := &renewingWriter{ResponseWriter: c.Writer, renew: func() { m.renew(c, d) }}
		c.Writer = w
		c.Next()
		if !w.Written() {
			w.beforeHeader()
		}
	}
}

// renewingWriter calls renew before the header is sent: only then is it known
// whether this is a response that may bring a token.
type renewingWriter struct {
	gin.ResponseWriter
	renew func()
	done  bool
}

func (w *renewingWriter) beforeHeader() {
	if !w.done && !w.Written() {
		w.done = true
		w.renew()
	}
}

func (w *renewingWriter) Write(b []byte) (int, error) {
	w.beforeHeader()
	return w.ResponseWriter.Write(b)
}

func (w *renewingWriter) WriteString(s string) (int, error) {
	w.beforeHeader()
	return w.ResponseWriter.WriteString(s)
}

func (w *renewingWriter) WriteHeaderNow() {
	w.beforeHeader()
	w.ResponseWriter.WriteHeaderNow()
}

func (w *renewingWriter) Flush() {
	w.beforeHeader()
	w.ResponseWriter.Flush()
}

// Unwrap lets [http.ResponseController] find what is beneath.
func (w *renewingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// renew sets cookies with a new access token if one is due.
func (m *JWTManager) renew(c *gin.Context, within time.Duration) {
	token, ok := GetToken(c)
	if !ok || !m.mayBeRenewed(c, token) || token.ExpiresAt.Sub(m.config.Now()) > within {
		return
	}
	pair, err := m.sessions.renewed(c.Request.Context(), token, m.userOf(c, token))
	if err == nil && pair.AccessToken != "" {
		err = m.SetAccessCookies(c, pair.AccessToken)
	}
	if err != nil {
		_ = c.Error(err) // the response is good without
	}
}

// mayBeRenewed reports whether a new token may be in this response.
func (m *JWTManager) mayBeRenewed(c *gin.Context, token *Token) bool {
	safe := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
	return safe && c.Writer.Status() < http.StatusBadRequest &&
		token.Location == InCookies && token.Type == AccessToken && token.SessionID != "" && !token.ExpiresAt.IsZero() &&
		!m.setsAccessCookie(c.Writer.Header())
}

// setsAccessCookie reports whether the application sets or removes the cookie.
func (m *JWTManager) setsAccessCookie(header http.Header) bool {
	for _, line := range header["Set-Cookie"] {
		if strings.HasPrefix(line, m.config.AccessCookieName+"=") {
			return true
		}
	}
	return false
}

// userOf returns what the claims loaders are given for a token: its user, or else
// the identity.
func (m *JWTManager) userOf(c *gin.Context, token *Token) any {
	if v := verifiedIn(c.Request.Context()); v != nil && v.user != nil {
		return v.user
	}
	return token.Identity
}

// renewed returns a new access token for the session of token; none if that has
// ended, or has just been renewed. As in a rotation it is signed first, and one
// step of the store decides who may hand it out.
func (p *sessionPolicy) renewed(ctx context.Context, token *Token, user any) (none TokenPair, err error) {
	now := p.now()
	s, err := p.renewable(ctx, token, now)
	if s.ID == "" || err != nil {
		return none, err
	}
	data, err := dataOf(s)
	if err != nil {
		return none, failure(err)
	}
	next := s
	next.RotatedAt = now
	next.ExpiresAt = later(s.ExpiresAt, data.expiry(s, p.config, now))
	spec := p.minter.specOf(nil)
	spec.csrf = token.CSRF // which forms on pages that are open have in them
	pair, err := p.accessPair(ctx, next, user, spec, now)
	if err != nil {
		return none, err
	}
	won, err := p.store.Replace(ctx, s, next)
	switch {
	case err != nil:
		return none, unavailable(err)
	case !won:
		return none, nil
	}
	return pair, nil
}

// renewable returns the session of token; none if there is nothing to renew.
// The handler may have ended it, so the blocklist is asked again.
func (p *sessionPolicy) renewable(ctx context.Context, token *Token, now time.Time) (none store.Session, err error) {
	err = p.revocations.check(ctx, token)
	if errors.Is(err, ErrRevokedToken) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	s, ok, err := p.store.Get(ctx, token.SessionID)
	if err != nil {
		return none, unavailable(err)
	}
	data, _ := dataOf(s)
	left := s.ExpiresAt.Sub(now)
	longer := later(s.ExpiresAt, data.expiry(s, p.config, now)).Sub(token.ExpiresAt) >= time.Second
	if !ok || s.Realm != p.config.Realm || s.Identity != token.Identity || left < time.Second || !longer || now.Sub(s.RotatedAt) < renewalPause {
		return none, nil
	}
	return s, nil
}
