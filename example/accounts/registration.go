package main

import (
	"context"

	"github.com/gin-gonic/gin"
)

var registerForm = view{
	Title: "Register", Text: "We send you a mail with a link. It opens the page on which you choose your password.",
	Action: "/register", Button: "Send the link",
}

// askRegistration mails the link that confirms an address. The password is chosen behind the link,
// not here: a stranger who registers your address has no password for the account that you
// confirm.
func (s *service) askRegistration(c *gin.Context) {
	s.askForLink(c, registerForm, s.mailRegistration)
}

// mailRegistration makes an account that nobody can log in to yet. Who has one already is
// told by mail, and not on the page, where everybody can ask.
func (s *service) mailRegistration(ctx context.Context, address string) error {
	u, err := s.users.byAddress(ctx, address)
	if u == nil && err == nil {
		u, err = s.users.create(ctx, address)
	}
	if err != nil {
		return err
	}
	if u.confirmed() {
		return s.mailer.send(ctx, message{u.address, "You have an account", "Somebody, probably you, wanted to register this address. It has an account: log in at\n\n" +
			s.public + "/login\n\nIf you do not know the password, choose a new one at\n\n" + s.public + "/reset\n"})
	}
	url, err := s.newLink(ctx, registrationLink, *u, s.unchanged())
	if err != nil {
		return err
	}
	return s.mailer.send(ctx, message{u.address, "Confirm your address", "Open this page to confirm your address, and to choose a password:\n\n" + url +
		"\n\nIt works for a day. If you did not register, you need not do anything.\n"})
}

// confirmRegistration sets the first password, with which the account is confirmed. It does
// not log in: the link may have been opened on another device, or planted by a stranger.
func (s *service) confirmRegistration(c *gin.Context) {
	if u := s.choosePassword(c, registrationLink); u != nil {
		seeOther(c, "/login?note=registered")
	}
}
