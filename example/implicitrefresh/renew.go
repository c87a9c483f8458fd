package main

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

const (
	idleTime    = time.Hour        // how long a token lives
	renewWithin = 30 * time.Minute // before its expiry, a token is replaced
	loginTime   = 12 * time.Hour   // then the user has to type the password again
)

// loginClaims are copied from token to token.
type loginClaims struct {
	AuthTime int64 `json:"auth_time"` // when the password was checked, in Unix seconds
}

// renew sets cookies with a new token if the token of the request is about to
// expire. Put it after JWTRequired and before the handler: headers must be set before
// the handler writes, and a handler that removes the cookies must come last.
func (s *service) renew(c *gin.Context) {
	token, ok := ginjwt.GetToken(c)
	if !ok || !s.isDue(c.Request.Method, token) {
		return
	}
	if err := s.replace(c, token); err != nil {
		_ = c.Error(err) // for the log; the token of the request is still valid
	}
}

// isDue reports whether token has to be replaced. A token in a header belongs to a
// client without cookies. A request that changes something may be the logout.
func (s *service) isDue(method string, token *ginjwt.Token) bool {
	safe := method == http.MethodGet || method == http.MethodHead
	return safe && token.Location == ginjwt.InCookies && token.ExpiresAt.Sub(s.now()) <= renewWithin
}

// replace sets cookies with a token that lives longer than old, but not beyond the
// end of the login. The new token is not fresh, because nobody typed a password. It
// has the ID of old, so that a logout ends both.
func (s *service) replace(c *gin.Context, old *ginjwt.Token) error {
	claims, err := ginjwt.GetJWTClaims[loginClaims](c)
	if err != nil {
		return err
	}
	left := time.Unix(claims.AuthTime, 0).Add(loginTime).Sub(s.now())
	lifetime := min(idleTime, left.Truncate(time.Second))
	if lifetime <= old.ExpiresAt.Sub(s.now()) || !mayLogIn(old.Identity) {
		return nil
	}
	encoded, err := s.jwt.CreateAccessToken(c, old.Identity,
		ginjwt.WithID(old.ID),
		ginjwt.WithExpires(lifetime),
		ginjwt.WithClaims(ginjwt.Claims{"auth_time": claims.AuthTime}))
	if err != nil {
		return err
	}
	return s.jwt.SetAccessCookies(c, encoded)
}

// logout revokes all tokens of the login. They share one ID, which stays revoked for
// as long as any of them can live: another response may bring one to the browser.
func (s *service) logout(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	last := &ginjwt.Token{ID: token.ID, ExpiresAt: s.now().Add(loginTime)}
	if err := s.jwt.RevokeToken(c, last); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	s.jwt.UnsetJWTCookies(c)
	c.JSON(http.StatusOK, gin.H{"msg": "Logged out"})
}

// mayLogIn is for the demo. In real life, ask your database: a user who was locked
// out after the login must not stay logged in.
func mayLogIn(username string) bool { return username == "alice" }
