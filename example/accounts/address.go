package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

func (s *service) addressPage(c *gin.Context) {
	show(c, http.StatusOK, "address.html", view{CSRF: csrf(c)})
}

// askNewAddress mails a link to the new address. It requires the password, so that a session
// left open on a shared computer is not enough to take over an account.
func (s *service) askNewAddress(c *gin.Context) {
	u := currentUser(c)
	form := view{CSRF: csrf(c), Address: c.PostForm("address")}
	address, problem := parseAddress(form.Address)
	if problem == "" && address == u.address {
		problem = "This is your address already."
	}
	if problem != "" {
		form.Problem = problem
		show(c, http.StatusUnprocessableEntity, "address.html", form)
		return
	}
	if !s.mayTry(c, u.address) {
		return
	}
	if !s.passwords.match(u.passwordHash, c.PostForm("password")) {
		form.Problem = "The password is wrong."
		show(c, http.StatusForbidden, "address.html", form)
		return
	}
	if s.mayMail(c, addressLink.again, address) {
		s.later(c, func(ctx context.Context) error { return s.mailNewAddress(ctx, *u, address) })
	}
}

// mailNewAddress tells the old address before anything changes. Its owner can still choose a
// new password, which makes the link void.
func (s *service) mailNewAddress(ctx context.Context, u user, address string) error {
	err := s.mail(ctx, u.address, "Your address is about to change", changeText, address, s.public)
	if err != nil {
		return err
	}
	other, err := s.users.byAddress(ctx, address)
	if err != nil {
		return err
	}
	if other != nil && other.confirmed() {
		return s.mail(ctx, other.address, "You have an account", takenText)
	}
	url, err := s.newLink(ctx, addressLink, u, ginjwt.BoundTo(u.state()...), ginjwt.WithClaims(ginjwt.Claims{"address": address}))
	if err != nil {
		return err
	}
	return s.mail(ctx, address, "Confirm your new address", newAddressText, url)
}

const changeText = `Somebody who knows your password asks to change the address of your account to %s.

If it is not you, choose a new password now. Then the address stays:

%s/reset
`

const takenText = `Somebody, probably you, wants to use this address for another account. It has an account
already, so nothing has changed.
`

const newAddressText = `Open this page, in a browser where you are logged in, to use this address from now on:

%s

It works for an hour. If you did not ask for it, you need not do anything.
`

const changedText = `The address of your account is now %s.

If it was not you who changed it, write to support at once.
`

// addressLinkPage shows a button. The link works only while its user is logged in. If the
// address was mistyped, the stranger who gets the mail cannot take the account over.
func (s *service) addressLinkPage(c *gin.Context) {
	token := c.Query("token")
	looked, err := s.jwt.PeekPurposeToken(c, addressLink.purpose, token, ginjwt.BoundTo(currentUser(c).state()...))
	if err != nil {
		s.refuse(c, addressLink, err)
		return
	}
	show(c, http.StatusOK, "confirm.html", view{
		Title: "Confirm your new address", Text: "Your account is to have the address " + newAddress(looked) + ".",
		Action: addressLink.path, Token: token, CSRF: csrf(c), Button: "Use this address",
	})
}

// confirmAddress changes the address, and sends a mail to the old one.
func (s *service) confirmAddress(c *gin.Context) {
	u := currentUser(c)
	used, err := s.jwt.ConsumePurposeToken(c, addressLink.purpose, c.PostForm("token"), ginjwt.BoundTo(u.state()...))
	if err == nil {
		err = s.users.setAddress(context.WithoutCancel(c.Request.Context()), *u, newAddress(used))
	}
	if err != nil {
		s.refuse(c, addressLink, err)
		return
	}
	told := s.outbox.add(func(ctx context.Context) error {
		return s.mail(ctx, u.address, "Your address has changed", changedText, newAddress(used))
	})
	if !told {
		_ = c.Error(errOutboxFull)
	}
	seeOther(c, "/?note=address")
}

// newAddress returns the address that a link is for.
func newAddress(t *ginjwt.PurposeToken) string {
	address, _ := t.Claims["address"].(string)
	return address
}
