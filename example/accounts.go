package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

type credentials struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

func (a *app) register(c *gin.Context) {
	var body credentials
	if !a.read(c, &body) {
		return
	}
	if !validName(body.Name) {
		a.say(c, http.StatusBadRequest, "A name has 1 to 32 letters, digits, dots, dashes or underscores")
		return
	}
	hash := a.hashed(c, body.Password)
	if hash == nil {
		return
	}
	u, err := a.users.create(c.Request.Context(), body.Name, hash)
	switch {
	case err != nil:
		a.fail(c, err)
	case u == nil:
		a.say(c, http.StatusConflict, "This name is taken")
	default:
		a.answer(c, http.StatusCreated, u)
	}
}

// authenticate returns the user whose name and password are in the body. If they do not
// match, it answers the request, and does not tell which of the two was wrong.
func (a *app) authenticate(c *gin.Context) *user {
	var body credentials
	if !a.read(c, &body) {
		return nil
	}
	u, err := a.users.byName(c.Request.Context(), body.Name)
	if err != nil {
		a.fail(c, err)
		return nil
	}
	var hash []byte
	if u != nil {
		hash = u.passwordHash
	}
	if !a.passwords.match(hash, body.Password) {
		c.Header("WWW-Authenticate", `Bearer realm="api"`) // RFC 9110 §15.5.2
		a.say(c, http.StatusUnauthorized, "Wrong name or password")
		return nil
	}
	return u
}

// withNewPassword sets the password in the body, ends all sessions of the user, and
// returns the user. If something is wrong, it answers the request.
//
// Its routes require a fresh token: a stolen token, or a refreshed token on an unattended
// computer, must not be enough to take over an account. The password changes before the
// sessions end: otherwise a thief could log in again. Somebody who logs in between has
// tokens with the old password version, which userOf refuses.
func (a *app) withNewPassword(c *gin.Context) *user {
	var body struct {
		NewPassword string `json:"new_password"`
	}
	if !a.read(c, &body) {
		return nil
	}
	hash := a.hashed(c, body.NewPassword)
	if hash == nil {
		return nil
	}
	u := currentUser(c)
	changed, err := a.users.setPassword(c.Request.Context(), u.ID, u.passwordVersion, hash)
	if err == nil && changed == nil {
		a.say(c, http.StatusConflict, "The password was changed a moment ago")
		return nil
	}
	if err == nil {
		err = a.jwt.EndSessions(c, ginjwt.GetJWTIdentity(c))
	}
	if err != nil {
		a.fail(c, err)
		return nil
	}
	return changed
}

// deleteMe deletes the user first, so that nobody can log in again, and then ends all
// sessions.
func (a *app) deleteMe(c *gin.Context) {
	err := a.users.delete(c.Request.Context(), currentUser(c).ID)
	if err == nil {
		err = a.jwt.EndSessions(c, ginjwt.GetJWTIdentity(c))
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.jwt.UnsetJWTCookies(c)
	a.answer(c, http.StatusOK, gin.H{a.messageKey: "Deleted"})
}

// hashed returns the hash of a new password. If the password is not allowed, it answers the
// request.
func (a *app) hashed(c *gin.Context, password string) []byte {
	if problem := passwordProblem(password); problem != "" {
		a.say(c, http.StatusBadRequest, problem)
		return nil
	}
	hash, err := a.passwords.hash(password)
	if err != nil {
		a.fail(c, err)
		return nil
	}
	return hash
}
