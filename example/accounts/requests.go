package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
)

// askForLink handles the form of a page that mails links. The response and its time do not reveal
// whether the address has an account: send finds that out, in the outbox.
func (s *service) askForLink(c *gin.Context, form view, send func(ctx context.Context, address string) error) {
	form.Address = c.PostForm("address")
	address, problem := parseAddress(form.Address)
	if problem != "" {
		form.Problem = problem
		show(c, http.StatusUnprocessableEntity, "ask.html", form)
		return
	}
	if !s.mayMail(c, form.Action, address) {
		return
	}
	s.later(c, func(ctx context.Context) error { return send(ctx, address) })
}

// mayMail reports whether an address may get another mail from a page now. If not, it responds.
// So nobody can fill a mailbox. It also counts addresses without an account, or the limit would
// tell them apart.
//
// A stranger can use up the limit of an address. The user then gets no new link from this page
// for an hour, and logs in with the password. Each page has its own limit: a thief who knows the
// password and asks for magic links must not stop the user from choosing a new password.
//
// The limit of the client comes first, so that a client at its limit uses up no other limit.
func (s *service) mayMail(c *gin.Context, page, address string) bool {
	if s.limits.allow("mails from "+client(c), 30) && s.limits.allow("mail of "+page+" to "+address, 5) {
		return true
	}
	tooMany(c)
	return false
}

// later puts a job into the outbox, and responds that a mail is on its way.
func (s *service) later(c *gin.Context, job func(context.Context) error) {
	if !s.outbox.add(job) {
		show(c, http.StatusServiceUnavailable, "message.html", view{Title: "Please try again later", Text: "No mail was sent."})
		return
	}
	show(c, http.StatusOK, "message.html", view{
		Title: "Look into your mailbox", Text: "A mail is on its way. If it does not come, look into the folder for spam, and check the address.",
	})
}

func tooMany(c *gin.Context) {
	c.Header("Retry-After", "3600")
	show(c, http.StatusTooManyRequests, "message.html", view{Title: "Too many requests", Text: "Please try again in an hour."})
}
