package main

import (
	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// createTokens makes a fresh access token and a refresh token.
func (a *app) createTokens(c *gin.Context, u *user) (access, refresh string, err error) {
	access, err = a.jwt.CreateAccessToken(c, u, ginjwt.WithFresh())
	if err != nil {
		return "", "", err
	}
	refresh, err = a.jwt.CreateRefreshToken(c, u)
	return access, refresh, err
}

// tokenOf returns a token to revoke, or nil if it is not one of that type that
// belongs to the current user. One that has expired will do.
func (a *app) tokenOf(c *gin.Context, typ ginjwt.TokenType, encoded string) *ginjwt.Token {
	token, err := a.jwt.DecodeToken(c, encoded, ginjwt.AllowExpired())
	if err != nil || token.Type != typ || token.Identity != ginjwt.GetJWTIdentity(c) {
		return nil
	}
	return token
}

func (a *app) revoke(c *gin.Context, tokens ...*ginjwt.Token) error {
	for _, token := range tokens {
		if err := a.jwt.RevokeToken(c, token); err != nil {
			return err
		}
	}
	return nil
}
