package main

import (
	"context"

	"github.com/gin-gonic/gin"
)

var resetForm = view{
	Title: "Choose a new password", Text: "We send you a mail with a link to a page on which you choose a new password.",
	Action: "/reset", Button: "Send the link",
}

func (s *service) askReset(c *gin.Context) {
	s.askForLink(c, resetForm, s.mailReset)
}

// mailReset sends the mail to the address in the database, not to the address that was typed: a
// database may treat two addresses as equal.
func (s *service) mailReset(ctx context.Context, address string) error {
	u, err := s.users.byAddress(ctx, address)
	if u == nil || !u.confirmed() {
		return err
	}
	url, err := s.newLink(ctx, resetLink, *u, s.unchanged())
	if err != nil {
		return err
	}
	return s.mail(ctx, u.address, "Choose a new password", resetText, url)
}

const resetText = `Open this page to choose a new password:

%s

It works for half an hour. If you did not ask for it, you need not do anything: your
password is still good.
`

// resetPassword sets the new password first, and then ends the sessions. In the other order a
// thief who knows the old password could log in between the two. The user logs in with the new
// password.
func (s *service) resetPassword(c *gin.Context) {
	u := s.choosePassword(c, resetLink)
	if u == nil {
		return
	}
	if err := s.endLogins(context.WithoutCancel(c.Request.Context()), u.id); err != nil {
		_ = c.Error(err)
		seeOther(c, "/login?note=sessions")
		return
	}
	seeOther(c, "/login?note=password")
}
