package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// renewalPause is the time in which a session is renewed at most once. So the requests of
// one page get one new cookie. If its response is lost, a later response brings another.
const renewalPause = 10 * time.Second

// ImplicitRefresh returns middleware for sliding sessions: users stay logged in while
// they use the service. If JWTRequired verifies an access token that expires within d,
// the response has a new access token of the same session. The session is prolonged as
// by a rotation. Put the middleware anywhere before the handlers that write:
//
//	pages := router.Group("/", mgr.ImplicitRefresh(10*time.Minute), mgr.JWTRequired())
//
// If the token is from a cookie, the response sets new cookies. If the token is from a
// header, the new token is in the response header Config.RenewedTokenHeader, if you set
// that field.
//
// The new token is never fresh, and does not outlive the session. Its claims are those
// of the session and of the AdditionalClaimsLoader. A token that is only for resources
// stays a token for these resources (see [Resource]).
//
// A response has a new token only under these conditions:
//
//   - Its status is below 400.
//   - It does not log out, and does not set the access cookie or the header itself.
//   - For new cookies, the method is GET or HEAD.
//
// A response with a new token has "Cache-Control: no-store". If a store does not
// reply, the response has no new token, and the error is in c.Errors.
//
// ImplicitRefresh panics if called before InitApp or without Config.Sessions. It also
// panics if d is not between zero and Config.AccessTokenExpires.
func (m *JWTManager) ImplicitRefresh(d time.Duration) gin.HandlerFunc {
	m.mustHaveSessions("ImplicitRefresh")
	if d <= 0 || d >= m.config.AccessTokenExpires {
		panic("ginjwt: ImplicitRefresh: the time must be more than zero, and less than Config.AccessTokenExpires")
	}
	return describe(routeFacts{middleware: true}, func(c *gin.Context) {
		w := &renewingWriter{ResponseWriter: c.Writer, renew: func() []string { return m.renew(c, d) }}
		c.Writer = w
		c.Next()
		if !w.Written() {
			w.beforeHeader()
		}
	})
}

// renewingWriter calls renew right before the header is sent. Only then it is known
// whether the response may have a new token.
type renewingWriter struct {
	gin.ResponseWriter
	renew func() (lines []string) // adds lines to the header
	done  bool
	added []string
}

func (w *renewingWriter) beforeHeader() {
	if !w.done && !w.Written() {
		w.done = true
		w.added = w.renew()
	}
}

// WriteHeader removes the token again if a middleware responds with an error after the
// handlers have written nothing.
func (w *renewingWriter) WriteHeader(status int) {
	if status >= http.StatusBadRequest && len(w.added) > 0 && !w.Written() {
		header := w.Header()
		for name := range header {
			header[name] = slices.DeleteFunc(header[name], func(line string) bool { return slices.Contains(w.added, line) })
		}
		w.added = nil
	}
	w.ResponseWriter.WriteHeader(status)
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

// Unwrap returns the wrapped writer, for [http.ResponseController].
func (w *renewingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// renew adds a new access token to the response if one is due. It returns the header
// lines that it added.
func (m *JWTManager) renew(c *gin.Context, within time.Duration) (lines []string) {
	token, ok := GetToken(c)
	if !ok || !m.mayBeRenewed(c, token) || token.ExpiresAt.Sub(m.config.Now()) > within {
		return nil
	}
	pair, err := m.sessions.renewed(c.Request.Context(), token, m.userOf(c, token))
	switch {
	case err != nil || pair.AccessToken == "":
	case token.Location == InCookies:
		var cookies []*http.Cookie
		if cookies, err = m.tokenCookies(c, pair.cookies, m.accessCookieOf(pair)); err == nil {
			m.putTokenCookies(c, cookies)
		}
		for _, cookie := range cookies {
			lines = append(lines, cookie.String())
		}
	default:
		c.Header(m.config.RenewedTokenHeader, pair.AccessToken)
		c.Header("Cache-Control", "no-store")
		lines = []string{pair.AccessToken}
	}
	if err != nil {
		_ = c.Error(err) // the response is fine without a new token
	}
	return lines
}

// mayBeRenewed reports whether a new token may be in this response.
func (m *JWTManager) mayBeRenewed(c *gin.Context, token *Token) bool {
	if c.Writer.Status() >= http.StatusBadRequest || token.Type != AccessToken || token.session() == "" ||
		token.ExpiresAt.IsZero() || !m.verifier.hasVerified(token) {
		return false
	}
	header := c.Writer.Header()
	switch token.Location {
	case InCookies:
		safe := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
		return safe && !m.setsAccessCookie(header)
	case InHeaders:
		name := m.config.RenewedTokenHeader
		return name != "" && len(header.Values(name)) == 0
	}
	return false
}

// setsAccessCookie reports whether the application sets or removes the access cookie.
func (m *JWTManager) setsAccessCookie(header http.Header) bool {
	for _, line := range header["Set-Cookie"] {
		if strings.HasPrefix(line, m.config.AccessCookieName+"=") {
			return true
		}
	}
	return false
}

// userOf returns the argument of the claims loaders for a token: its user, or else the
// identity.
func (m *JWTManager) userOf(c *gin.Context, token *Token) any {
	if v, _ := verifiedIn(c.Request.Context()); v.user() != nil {
		return v.user()
	}
	return token.Identity
}

// renewed returns a new access token for the session of token; none if the session has
// ended or has just been renewed. As in a rotation, it signs first. Then one atomic step
// of the store decides which request may hand out its token.
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
	spec.csrf = token.CSRF // forms on open pages contain it
	if aud := token.read().payload.audJSON; isOnlyFor(aud, p.config.resourceURLs()) {
		spec.audience, _ = audiencesIn(aud) // otherwise it would open the rest of the service
	}
	pair, err := p.accessPair(ctx, next, user, &spec, now)
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

// renewable returns the session of token; none if there is nothing to renew. It asks the
// blocklist again, because the handler may have ended the session.
func (p *sessionPolicy) renewable(ctx context.Context, token *Token, now time.Time) (none store.Session, err error) {
	err = p.revocations.check(ctx, token)
	if errors.Is(err, ErrRevokedToken) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	s, ok, err := p.store.Get(ctx, token.session())
	if err != nil {
		return none, unavailable(err)
	}
	s = p.bounded(s)
	data, _ := dataOf(s)
	left := s.ExpiresAt.Sub(now)
	longer := later(s.ExpiresAt, data.expiry(s, p.config, now)).Sub(token.ExpiresAt) >= time.Second
	if !ok || s.Realm != p.config.Realm || s.Identity != token.Identity || s.JKT != token.KeyThumbprint() || left < time.Second || !longer || now.Sub(s.RotatedAt) < renewalPause {
		return none, nil
	}
	return s, nil
}
