package main

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// sessions keeps the sessions in memory, to show how they work. Use a session library in
// a real service.
type sessions struct {
	mu   sync.Mutex
	byID map[string]session
	now  func() time.Time
}

type session struct {
	user    string
	expires time.Time
}

// login makes a session with a new random ID, and sends the ID in a cookie.
func (s *sessions) login(c *gin.Context) {
	id := rand.Text() // 128 random bits or more: nobody can guess it
	s.mu.Lock()
	s.byID[id] = session{c.GetString("user"), s.now().Add(12 * time.Hour)}
	s.mu.Unlock()
	http.SetCookie(c.Writer, &http.Cookie{
		Name: "session", Value: id, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	})
	c.JSON(http.StatusOK, gin.H{"msg": "Logged in"})
}

// me looks the ID up.
func (s *sessions) me(c *gin.Context) {
	id, _ := c.Cookie("session")
	s.mu.Lock()
	found := s.byID[id]
	s.mu.Unlock()
	if !s.now().Before(found.expires) {
		c.JSON(http.StatusUnauthorized, gin.H{"msg": "Log in"})
		return
	}
	c.JSON(http.StatusOK, gin.H{"user": found.user})
}

// logout deletes the session. Copies of the cookie are useless from now on.
func (s *sessions) logout(c *gin.Context) {
	id, _ := c.Cookie("session")
	s.mu.Lock()
	delete(s.byID, id)
	s.mu.Unlock()
	c.JSON(http.StatusOK, gin.H{"msg": "Logged out"})
}

// sameOrigin keeps other sites from logging their visitors in or out.
func sameOrigin(c *gin.Context) {
	var protection http.CrossOriginProtection
	if err := protection.Check(c.Request); err != nil {
		c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Use this site"})
	}
}
