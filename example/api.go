package main

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// hello greets users by name, and everybody else too.
func (a *app) hello(c *gin.Context) {
	name := "stranger"
	if u := currentUser(c); u != nil {
		name = u.Name
	}
	a.answer(c, http.StatusOK, gin.H{"hello": name})
}

func (a *app) login(c *gin.Context) {
	if u := a.authenticate(c); u != nil {
		a.answerTokens(c, u)
	}
}

// refresh answers with an access token that is not fresh: nobody has typed a
// password for it.
func (a *app) refresh(c *gin.Context) {
	access, err := a.jwt.CreateAccessToken(c, currentUser(c))
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerToken(c, access, "")
}

// logout revokes the access token and, if it is in the body, the refresh
// token.
func (a *app) logout(c *gin.Context) {
	var body struct {
		RefreshToken string `json:"refresh_token"`
	}
	if c.Request.ContentLength != 0 && !a.read(c, &body) {
		return
	}
	access, _ := ginjwt.GetToken(c)
	tokens := []*ginjwt.Token{access}
	if body.RefreshToken != "" {
		refresh := a.tokenOf(c, ginjwt.RefreshToken, body.RefreshToken)
		if refresh == nil {
			a.say(c, http.StatusBadRequest, "refresh_token is not a refresh token of yours")
			return
		}
		tokens = append(tokens, refresh)
	}
	if err := a.revoke(c, tokens...); err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{a.messageKey: "Logged out"})
}

func (a *app) me(c *gin.Context) {
	a.answer(c, http.StatusOK, currentUser(c))
}

func (a *app) listUsers(c *gin.Context) {
	all, err := a.users.first(c.Request.Context(), 100)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{"users": all})
}

// tokenAnswer has the members of RFC 6749 §5.1.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in,omitempty"` // seconds; absent: never
}

// answerTokens answers to someone who has just shown a password.
func (a *app) answerTokens(c *gin.Context, u *user) {
	access, refresh, err := a.createTokens(c, u)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answerToken(c, access, refresh)
}

func (a *app) answerToken(c *gin.Context, access, refresh string) {
	token, err := a.jwt.DecodeToken(c, access)
	if err != nil {
		a.fail(c, err)
		return
	}
	answer := tokenAnswer{AccessToken: access, TokenType: "Bearer", RefreshToken: refresh}
	if !token.ExpiresAt.IsZero() {
		answer.ExpiresIn = int64(token.ExpiresAt.Sub(token.IssuedAt) / time.Second)
	}
	c.Header("Cache-Control", "no-store")
	a.answer(c, http.StatusOK, answer)
}
