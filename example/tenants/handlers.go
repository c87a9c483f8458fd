package main

import (
	"crypto/subtle"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// reset is the purpose of a link that sets a new password.
var reset = ginjwt.Purpose{Name: "reset-password", Expires: 30 * time.Minute, OnlyNewest: true}

func (s *service) login(c *gin.Context) {
	if pair, ok := s.newPair(c); ok {
		c.Render(http.StatusOK, pair)
	}
}

func (s *service) webLogin(c *gin.Context) {
	pair, ok := s.newPair(c)
	if !ok {
		return
	}
	if err := s.jwt.SetPairCookies(c, pair); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// newPair checks a password of this tenant, and starts a session.
func (s *service) newPair(c *gin.Context) (pair ginjwt.TokenPair, ok bool) {
	var sent struct{ Name, Password string }
	if err := c.ShouldBindJSON(&sent); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Send name and password as JSON"})
		return pair, false
	}
	right, err := s.users.check(c, sent.Name, sent.Password)
	if err != nil {
		s.fail(c, err)
		return pair, false
	}
	if !right {
		c.JSON(http.StatusUnauthorized, gin.H{"msg": "Wrong name or password"})
		return pair, false
	}
	if pair, err = s.jwt.CreateTokenPair(c, sent.Name); err != nil {
		s.jwt.Refuse(c, err)
		return pair, false
	}
	return pair, true
}

// fail responds to a failure of the database.
func (s *service) fail(c *gin.Context, err error) {
	log.Print("tenant ", s.tenant.ID, ": ", err)
	c.Header("Retry-After", "1")
	c.JSON(http.StatusServiceUnavailable, gin.H{"msg": "Try again"})
}

// sendLink mails a link. The link has the host from the directory, not the host of the request.
// Send the mail after the response, as example/accounts does: the time of the response must not
// tell who has an account.
func (s *service) sendLink(c *gin.Context) {
	var sent struct{ Name string }
	if err := c.ShouldBindJSON(&sent); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Send a name as JSON"})
		return
	}
	known, err := s.users.exists(c, sent.Name)
	if err != nil {
		s.fail(c, err)
		return
	}
	if known {
		token, err := s.jwt.CreatePurposeToken(c, reset, sent.Name)
		if err != nil {
			s.jwt.Refuse(c, err)
			return
		}
		s.mail(c.Request.Context(), sent.Name, "https://"+s.tenant.Host+"/password?token="+url.QueryEscape(token))
	}
	c.Status(http.StatusAccepted) // for unknown names too
}

// resetPassword uses a link up, and ends all sessions of the user in this tenant.
func (s *service) resetPassword(c *gin.Context) {
	var sent struct{ Token, Password string }
	if err := c.ShouldBindJSON(&sent); err != nil || len(sent.Password) < 8 || len(sent.Password) > 72 { // bcrypt reads 72 bytes
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Send a token and a password of 8 to 72 bytes as JSON"})
		return
	}
	token, err := s.jwt.ConsumePurposeToken(c, reset, sent.Token)
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	if err := s.users.setPassword(c, token.Identity, sent.Password); err != nil {
		s.fail(c, err)
		return
	}
	if err := s.jwt.EndSessions(c, token.Identity); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// isOwnService reports whether a service of this tenant asks about a token.
func (s *service) isOwnService(c *gin.Context) bool {
	id, secret, ok := c.Request.BasicAuth()
	return ok && id == s.tenant.ID && subtle.ConstantTimeCompare([]byte(secret), []byte(s.tenant.ClientSecret)) == 1
}
