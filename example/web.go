package main

import (
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

func (a *app) webLogin(c *gin.Context) {
	if u := a.authenticate(c); u != nil {
		a.answerCookies(c, u, "Logged in")
	}
}

// webChangePassword sets the cookies of a new session.
func (a *app) webChangePassword(c *gin.Context) {
	if u := a.withNewPassword(c); u != nil {
		a.answerCookies(c, u, "Password changed")
	}
}

func (a *app) webMe(c *gin.Context) {
	u := currentUser(c)
	a.answer(c, http.StatusOK, gin.H{"name": u.Name, "note": u.note})
}

const maxNote = 500

// webNote stores a note for the user. JWTRequired also checks which page sends the request:
// a form on another site would send the cookie too.
func (a *app) webNote(c *gin.Context) {
	var body struct {
		Note string `json:"note"`
	}
	if !a.read(c, &body) {
		return
	}
	if utf8.RuneCountInString(body.Note) > maxNote {
		a.say(c, http.StatusBadRequest, "A note has at most 500 characters")
		return
	}
	if err := a.users.setNote(c.Request.Context(), currentUser(c).ID, body.Note); err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, http.StatusOK, gin.H{"note": body.Note})
}
