package main

import (
	"context"

	"github.com/gin-gonic/gin"
)

var registerForm = view{
	Title: "Register", Text: "We send you a mail with a link. It opens the page on which you choose your password.",
	Action: "/register", Button: "Send the link",
}

// askRegistration mails a link that confirms an address. The user chooses the password behind
// the link, not here. So a stranger who registers your address does not know the password of the
// account that you confirm.
func (s *service) askRegistration(c *gin.Context) {
	s.askForLink(c, registerForm, s.mailRegistration)
}

// mailRegistration creates an account that nobody can log in to yet. If the address has an
// account, a mail says so. The page does not, because anybody can ask there.
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

// confirmRegistration sets the first password, which confirms the account. It does not log in,
// because the link may come from an attacker and lead to the attacker's account.
func (s *service) confirmRegistration(c *gin.Context) {
	if u := s.choosePassword(c, registrationLink); u != nil {
		seeOther(c, "/login?note=registered")
	}
}
