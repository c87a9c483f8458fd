package server

import (
	"crypto/subtle"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

var protection = http.NewCrossOriginProtection()

// fromHere refuses pages of other origins, which could log their visitors in as somebody else.
func fromHere(c *gin.Context) {
	if err := protection.Check(c.Request); err != nil {
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Log in from this site"})
	}
}

// login starts a session, and sets its tokens as cookies.
func (s *Service) login(c *gin.Context) {
	pair, ok := s.newPair(c)
	if !ok {
		return
	}
	if err := s.JWT.SetPairCookies(c, pair); err != nil {
		s.JWT.Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
}

// token starts a session, and responds with its tokens.
func (s *Service) token(c *gin.Context) {
	if pair, ok := s.newPair(c); ok {
		c.Render(http.StatusOK, pair) // c.JSON, with "Cache-Control: no-store"
	}
}

// newPair starts a session if the password is right. Otherwise it responds and returns false.
func (s *Service) newPair(c *gin.Context) (pair ginjwt.TokenPair, ok bool) {
	var form struct {
		Username string `json:"username" binding:"required"`
		Password string `json:"password" binding:"required"`
	}
	if err := c.ShouldBindJSON(&form); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Send username and password as JSON"})
		return pair, false
	}
	if !passwordMatches(form.Username, form.Password) {
		c.JSON(http.StatusUnauthorized, gin.H{"msg": "Bad username or password"})
		return pair, false
	}
	pair, err := s.JWT.CreateTokenPair(c, form.Username, ginjwt.WithDevice(c.Request.UserAgent()))
	if err != nil {
		s.JWT.Refuse(c, err)
		return pair, false
	}
	return pair, true
}

// passwordMatches is for the demo. In production compare with a bcrypt or Argon2id hash, also for
// unknown names, and limit the attempts.
func passwordMatches(username, password string) bool {
	right := subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1
	return right && username == "alice"
}

func (s *Service) me(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}

// send sends a message to everybody.
func (s *Service) send(c *gin.Context) {
	var form struct {
		Text string `json:"text" binding:"required,max=1000"`
	}
	if err := c.ShouldBindJSON(&form); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"msg": "Send a text as JSON"})
		return
	}
	s.feed.post(ginjwt.GetJWTIdentity(c), form.Text)
	c.Status(http.StatusNoContent)
}
