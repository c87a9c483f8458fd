package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// webLogin sets the cookies. The answer has no tokens, so that scripts never
// see them.
func (a *app) webLogin(c *gin.Context) {
	u := a.authenticate(c)
	if u == nil {
		return
	}
	access, refresh, err := a.createTokens(c, u)
	if err == nil {
		err = a.jwt.SetAccessCookies(c, access)
	}
	if err == nil {
		err = a.jwt.SetRefreshCookies(c, refresh)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{a.messageKey: "Logged in"})
}

func (a *app) webRefresh(c *gin.Context) {
	access, err := a.jwt.CreateAccessToken(c, currentUser(c))
	if err == nil {
		err = a.jwt.SetAccessCookies(c, access)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{a.messageKey: "Refreshed"})
}

// webLogout is behind the refresh token, which is still there when the access
// token has expired. It revokes both and removes the cookies.
func (a *app) webLogout(c *gin.Context) {
	refresh, _ := ginjwt.GetToken(c)
	tokens := []*ginjwt.Token{refresh}
	if cookie, err := c.Request.Cookie(a.accessCookie); err == nil {
		if access := a.tokenOf(c, ginjwt.AccessToken, cookie.Value); access != nil {
			tokens = append(tokens, access)
		}
	}
	if err := a.revoke(c, tokens...); err != nil {
		a.fail(c, err)
		return
	}
	a.jwt.UnsetJWTCookies(c)
	a.answer(c, http.StatusOK, gin.H{a.messageKey: "Logged out"})
}

func (a *app) webMe(c *gin.Context) {
	u := currentUser(c)
	a.answer(c, http.StatusOK, gin.H{"name": u.Name, "note": u.note})
}

const maxNote = 500

// webNote keeps a note for the user. The cookie alone is not enough to get
// here: a form on another site would send it too.
func (a *app) webNote(c *gin.Context) {
	var body struct {
		Note string `json:"note"`
	}
	if !a.read(c, &body) {
		return
	}
	if len(body.Note) > maxNote {
		a.say(c, http.StatusBadRequest, "A note has at most 500 bytes")
		return
	}
	if err := a.users.setNote(c.Request.Context(), currentUser(c).ID, body.Note); err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{"note": body.Note})
}
