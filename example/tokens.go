package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// startSession starts a session for this device. Call it after the user has typed the
// password: its first access token is fresh.
func (a *app) startSession(c *gin.Context, u *user) (ginjwt.TokenPair, error) {
	return a.jwt.CreateTokenPair(c, u, ginjwt.WithFresh(), ginjwt.WithDevice(c.Request.UserAgent()))
}

// answerTokens starts a session and answers with its tokens.
func (a *app) answerTokens(c *gin.Context, u *user) {
	pair, err := a.startSession(c, u)
	if err != nil {
		a.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	a.answer(c, http.StatusOK, pair)
}

// answerCookies starts a session and sets cookies with its tokens. The tokens are not in
// the body, so scripts never see them.
func (a *app) answerCookies(c *gin.Context, u *user, message string) {
	pair, err := a.startSession(c, u)
	if err == nil {
		err = a.jwt.SetPairCookies(c, pair)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{a.messageKey: message})
}
