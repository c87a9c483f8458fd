package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
)

// askForLink takes the form of a page that mails links. The answer, and the time it takes, do
// not tell whether the address has an account: send finds that out, in the outbox.
func (s *service) askForLink(c *gin.Context, form view, send func(ctx context.Context, address string) error) {
	form.Address = c.PostForm("address")
	address, problem := parseAddress(form.Address)
	if problem != "" {
		form.Problem = problem
		show(c, http.StatusUnprocessableEntity, "ask.html", form)
		return
	}
	if !s.mayMail(c, address) {
		return
	}
	s.later(c, func(ctx context.Context) error { return send(ctx, address) })
}

// mayMail reports whether an address may get another mail now, or answers that it may not, so
// that nobody fills a mailbox. Addresses without an account are counted too, or the limit
// would tell them apart. A stranger can use the limit up: the user is sent no new link for an
// hour, and logs in with the password.
func (s *service) mayMail(c *gin.Context, address string) bool {
	if s.limits.allow("mail to "+address, 5) && s.limits.allow("mails from "+client(c), 30) {
		return true
	}
	tooMany(c)
	return false
}

// later does a job in the outbox, and answers that a mail is on its way.
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
