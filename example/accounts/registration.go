package main

import (
	"context"

	"github.com/gin-gonic/gin"
)

var registerForm = view{
	Title: "Register", Text: "We send you a mail with a link. It opens the page on which you choose your password.",
	Action: "/register", Button: "Send the link",
}

// askRegistration mails a link that confirms an address. The password is chosen behind the
// link and not here: a stranger who registers your address has no password of the account
// that you confirm.
func (s *service) askRegistration(c *gin.Context) {
	s.askForLink(c, registerForm, s.mailRegistration)
}

// mailRegistration makes an account that nobody can log in to yet. A user who has an account
// is told so by mail, and not on the page, where anybody can ask.
func (s *service) mailRegistration(ctx context.Context, address string) error {
	u, err := s.users.byAddress(ctx, address)
	if u == nil && err == nil {
		u, err = s.users.create(ctx, address)
	}
	if err != nil {
		return err
	}
	if u.confirmed() {
		return s.mail(ctx, u.address, "You have an account", accountText, s.public)
	}
	url, err := s.newLink(ctx, registrationLink, *u, s.unchanged())
	if err != nil {
		return err
	}
	return s.mail(ctx, u.address, "Confirm your address", registrationText, url)
}

const registrationText = `Open this page to confirm your address and to choose a password:

%s

It works for a day. If you did not register, you need not do anything.
`

const accountText = `Somebody, probably you, wanted to register this address. It has an account. Log in here:

%[1]s/login

If you do not know the password, choose a new one here:

%[1]s/reset
`

// confirmRegistration sets the first password, which confirms the account. It does not log
// in: the link may be planted by a stranger, whose account it is.
func (s *service) confirmRegistration(c *gin.Context) {
	if u := s.choosePassword(c, registrationLink); u != nil {
		seeOther(c, "/login?note=registered")
	}
}
