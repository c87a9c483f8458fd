package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// loginNotes are the notes of the login page, by the query parameter "note".
var loginNotes = map[string]string{
	"registered": "Your address is confirmed. Log in with your new password.",
	"password":   "Your password has changed, and all devices are logged out. Log in with the new one.",
	"sessions":   "Your password has changed, but not all devices could be logged out. Log in with the new one, and then log out everywhere.",
	"open":       "Log in first. Then open the link in the mail again.",
}

func (s *service) loginPage(c *gin.Context) {
	show(c, http.StatusOK, "login.html", view{Note: loginNotes[c.Query("note")]})
}

// login does not say whether the address or the password was wrong.
func (s *service) login(c *gin.Context) {
	form := view{Address: c.PostForm("address"), Problem: "The address or the password is wrong."}
	address, problem := parseAddress(form.Address)
	if problem != "" {
		form.Problem = problem
		show(c, http.StatusUnprocessableEntity, "login.html", form)
		return
	}
	if !s.mayTry(c, address) {
		return
	}
	u, err := s.users.byAddress(c, address)
	if err != nil {
		fail(c, err)
		return
	}
	var hash []byte
	if u != nil {
		hash = u.passwordHash
	}
	if !s.passwords.match(hash, c.PostForm("password")) {
		show(c, http.StatusForbidden, "login.html", form)
		return
	}
	switch err := s.startSession(c, *u); {
	case errors.Is(err, errChanged):
		show(c, http.StatusForbidden, "login.html", form)
	case err != nil:
		fail(c, err)
	default:
		seeOther(c, "/")
	}
}

// mayTry limits the attempts at a password. If there were too many, it responds and returns
// false. As in mayMail, the limit of the client comes first.
func (s *service) mayTry(c *gin.Context, address string) bool {
	if s.limits.allow("passwords from "+client(c), 100) && s.limits.allow("password of "+address+" from "+client(c), 10) {
		return true
	}
	tooMany(c)
	return false
}

// startSession logs in a user who was read before the password or the link was checked. If the
// user has changed since, it ends the session again: a reset may have ended all sessions just
// before this one began.
func (s *service) startSession(c *gin.Context, u user) error {
	pair, err := s.jwt.CreateTokenPair(c, u.id, ginjwt.WithFresh(), ginjwt.WithDevice(c.Request.UserAgent()))
	if err != nil {
		return err
	}
	now, err := s.users.byID(c, u.id)
	if err == nil && (now == nil || !now.same(u)) {
		err = errChanged
	}
	if err != nil {
		return errors.Join(err, s.jwt.EndSession(context.WithoutCancel(c.Request.Context()), pair.SessionID))
	}
	return s.jwt.SetPairCookies(c, pair)
}

// loggedIn lets users who are logged in pass, and sends everybody else to the login page.
func (s *service) loggedIn(loginPage string) gin.HandlerFunc {
	return func(c *gin.Context) {
		_, err := s.jwt.VerifyJWTInRequest(c)
		var e *ginjwt.Error
		switch {
		case errors.Is(err, ginjwt.ErrCSRF):
			_ = c.Error(err)
			show(c, http.StatusForbidden, "message.html", view{Title: "Please try again", Text: "Go back, load the page again, and send the form again."})
			c.Abort()
		case errors.As(err, &e) && e.Status >= http.StatusInternalServerError:
			fail(c, err)
		case err != nil:
			seeOther(c, loginPage)
			c.Abort()
		}
	}
}

// lookup loads the user of a token, for currentUser.
func (s *service) lookup(ctx context.Context, token *ginjwt.Token) (any, error) {
	return s.users.byID(ctx, token.Identity)
}

func currentUser(c *gin.Context) *user { return ginjwt.GetCurrentUser[*user](c) }

// csrf returns the CSRF value for the forms of users who are logged in.
func csrf(c *gin.Context) string {
	token, _ := ginjwt.GetToken(c)
	return token.CSRF
}

func (s *service) accountPage(c *gin.Context) {
	v := view{Address: currentUser(c).address, CSRF: csrf(c)}
	if c.Query("note") == "address" {
		v.Note = "Your address has changed."
	}
	show(c, http.StatusOK, "account.html", v)
}

// logout ends the session, even if the browser disconnects at once.
func (s *service) logout(c *gin.Context) {
	token, _ := ginjwt.GetToken(c)
	if err := s.jwt.EndSessionForToken(context.WithoutCancel(c.Request.Context()), token); err != nil {
		fail(c, err)
		return
	}
	s.jwt.UnsetJWTCookies(c)
	seeOther(c, "/login")
}

// logoutEverywhere ends all sessions, even if the browser disconnects at once.
func (s *service) logoutEverywhere(c *gin.Context) {
	if err := s.endLogins(context.WithoutCancel(c.Request.Context()), currentUser(c).id); err != nil {
		fail(c, err)
		return
	}
	s.jwt.UnsetJWTCookies(c)
	seeOther(c, "/login")
}

// endLogins revokes the links that could start another session or take the account over, and then
// ends all sessions of a user. If one call fails, it still makes the others.
func (s *service) endLogins(ctx context.Context, id string) (failed error) {
	for _, l := range []link{resetLink, magicLink, addressLink} {
		failed = errors.Join(failed, s.jwt.RevokePurposeTokens(ctx, l.purpose, id))
	}
	return errors.Join(failed, s.jwt.EndSessions(ctx, id))
}
