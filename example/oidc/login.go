package main

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"github.com/gin-jwt-extended/ginjwt"
)

// Cookies of this file. Each is for one path, and scripts cannot read them.
const (
	loginCookie   = "login"    // the login that /callback expects
	idTokenCookie = "id_token" // tells the provider which user logs out
)

func (s *service) setCookie(c *gin.Context, name, value, path string, maxAge int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: maxAge, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// login sends the browser to the provider. The answer must come back to this browser (state),
// and must be for this login (nonce). An attacker who sees the answer cannot use it (PKCE).
func (s *service) login(c *gin.Context) {
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	s.setCookie(c, loginCookie, state+"."+nonce+"."+verifier, "/callback", 600)
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, s.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)))
}

// callback handles the response of the provider. It starts a session of this service, which
// ends with the session at the provider.
func (s *service) callback(c *gin.Context) {
	idToken, encoded, err := s.verifiedLogin(c)
	if err != nil {
		_ = c.Error(err)
		c.String(http.StatusBadRequest, "The login failed. Go back and try again.")
		return
	}
	var claims struct {
		SID string `json:"sid"`
	}
	if err := idToken.Claims(&claims); err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	pair, err := s.jwt.CreateTokenPair(c, identityPrefix+idToken.Subject,
		ginjwt.WithUpstream(idToken.Issuer, claims.SID, idToken.Subject, idToken.IssuedAt),
		ginjwt.WithDevice(c.Request.UserAgent()))
	if err == nil {
		err = s.jwt.SetPairCookies(c, pair)
	}
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	s.setCookie(c, loginCookie, "", "/callback", -1)
	s.setCookie(c, idTokenCookie, encoded, "/logout", 0)
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, "/")
}

// verifiedLogin returns the ID token of the login that this browser started.
func (s *service) verifiedLogin(c *gin.Context) (idToken *oidc.IDToken, encoded string, err error) {
	cookie, err := c.Request.Cookie(loginCookie)
	if err != nil {
		return nil, "", errors.New("this browser has begun no login")
	}
	parts := strings.Split(cookie.Value, ".")
	if len(parts) != 3 || !isSame(parts[0], c.Query("state")) {
		return nil, "", errors.New("the login is another one")
	}
	if code := c.Query("error"); code != "" {
		return nil, "", errors.New("the provider refused the login")
	}
	tokens, err := s.oauth.Exchange(c.Request.Context(), c.Query("code"), oauth2.VerifierOption(parts[2]))
	if err != nil {
		return nil, "", err
	}
	encoded, _ = tokens.Extra("id_token").(string)
	idToken, err = s.provider.Verifier(&oidc.Config{ClientID: s.oauth.ClientID}).Verify(c.Request.Context(), encoded)
	if err != nil {
		return nil, "", err
	}
	if !isSame(parts[1], idToken.Nonce) {
		return nil, "", errors.New("the ID token is of another login")
	}
	return idToken, encoded, nil
}

func isSame(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// logoutAtProvider runs when the session of this service has ended, and sends the browser to the
// provider to log out there as well (OpenID Connect RP-Initiated Logout 1.0).
func (s *service) logoutAtProvider(c *gin.Context) {
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	idToken, err := c.Request.Cookie(idTokenCookie)
	if s.provider.Claims(&metadata) != nil || metadata.EndSession == "" || err != nil {
		c.Redirect(http.StatusSeeOther, "/")
		return
	}
	s.setCookie(c, idTokenCookie, "", "/logout", -1)
	query := url.Values{
		"id_token_hint":            {idToken.Value},
		"client_id":                {s.oauth.ClientID},
		"post_logout_redirect_uri": {s.public + "/"},
	}
	separator := "?"
	if strings.Contains(metadata.EndSession, "?") {
		separator = "&"
	}
	c.Redirect(http.StatusSeeOther, metadata.EndSession+separator+query.Encode())
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<title>ginjwt and OpenID Connect</title>
{{if .Identity}}
<p>Logged in as {{.Identity}}.</p>
<form method="post" action="/logout"><input type="hidden" name="csrf_token" value="{{.CSRF}}"><button>Log out</button></form>
{{else}}
<p><a href="/login">Log in</a></p>
{{end}}
`))

// page shows who is logged in. A user whose session has ended can log in again.
func (s *service) page(c *gin.Context) {
	var shown struct{ Identity, CSRF string }
	if token, err := s.jwt.VerifyJWTInRequest(c, ginjwt.Optional()); err == nil && token != nil {
		shown.Identity, shown.CSRF = token.Identity, token.CSRF
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(c.Writer, shown); err != nil {
		_ = c.Error(err)
	}
}
