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

// authenticate returns the user whose name and password are in the body, or
// answers that there is none. It does not say which of the two was wrong.
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

// withNewPassword changes the password to that in the body and ends all
// sessions of the user, who is returned; or it answers what is wrong.
//
// Routes ask for a fresh token: a stolen one, or one that was refreshed on a
// computer left alone, is not enough to take over an account. What a login
// needs is changed before the sessions end, or a thief could log in again; who
// did so in between has tokens of the password before, which userOf refuses.
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

// deleteMe ends all sessions of the user, for whom nobody can log in any more.
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

// hashed returns the hash of a new password, or answers what is wrong with it.
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
