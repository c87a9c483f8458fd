package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// link is a kind of link in mails. One link is good for the form of its kind, once.
type link struct {
	purpose ginjwt.Purpose
	path    string // of its form
	again   string // the page that mails another one
}

// A newer magic link does not void older ones: each is for one browser, and anybody can ask
// for one, and so lock out a user who is about to log in.
var (
	registrationLink = link{ginjwt.Purpose{Name: "registration", Expires: 24 * time.Hour, OnlyNewest: true}, "/register/confirm", "/register"}
	resetLink        = link{ginjwt.Purpose{Name: "password-reset", Expires: 30 * time.Minute, OnlyNewest: true}, "/reset/confirm", "/reset"}
	magicLink        = link{ginjwt.Purpose{Name: "magic-link", Expires: 10 * time.Minute}, "/login/link/confirm", "/login/link"}
	addressLink      = link{ginjwt.Purpose{Name: "new-address", Expires: time.Hour, OnlyNewest: true}, "/address/confirm", "/address"}
)

// handle registers the pages of a link. GET and HEAD look, as scanners of mail and previews
// open links too. POST, which comes from the form, does these steps:
//
//  1. Peek: does the link work, and whose is it?
//  2. Check the form. If a field is wrong, show the form again: the link still works.
//  3. Consume: of two requests at once, one goes on.
//  4. Change the account.
//
// If step 4 fails, the link is used up and nothing has changed: the user asks for another
// one. That is the safe side. With 3 and 4 the other way round, or a link that is given
// back after a failure, one link makes several changes for those who can cause failures.
// The context of step 4 is not cancelled: a browser that goes away loses the answer only.
func (s *service) handle(r gin.IRoutes, l link, look, use gin.HandlerFunc) {
	r.Match(looks, l.path, look)
	r.POST(l.path, use)
}

// newLink returns the URL of a link for a user. The token is in the query, which needs no
// script and which logged leaves out; the form moves it to the body. The URL begins as
// configured, as the Host header says what the sender of the request likes.
func (s *service) newLink(ctx context.Context, l link, u user, opts ...ginjwt.PurposeOption) (string, error) {
	token, err := s.jwt.CreatePurposeToken(ctx, l.purpose, u.id, opts...)
	return s.public + l.path + "?" + url.Values{"token": {token}}.Encode(), err
}

// peek returns whose a link is, and leaves it as it is.
func (s *service) peek(c *gin.Context, l link, token string, bound ...ginjwt.Binding) (*user, error) {
	looked, err := s.jwt.PeekPurposeToken(c, l.purpose, token, bound...)
	if err != nil {
		return nil, err
	}
	u, err := s.users.byID(c, looked.Identity)
	if u == nil && err == nil {
		err = errChanged
	}
	return u, err
}

// unchanged binds a link to the state of its account: a change of the password or of the
// address voids all links of the account that were mailed before.
func (s *service) unchanged() ginjwt.Binding {
	return ginjwt.BoundBy(func(ctx context.Context, id string) ([]string, error) {
		u, err := s.users.byID(ctx, id)
		if u == nil {
			return nil, err
		}
		return u.state(), err
	})
}

// refusals say why a link does not work, and what to do next.
var refusals = []struct {
	kind        error
	status      int
	title, text string
}{
	{ginjwt.ErrConsumed, http.StatusGone, "This link was used", "A link works once. If it was you who used it just now, all is done. Otherwise ask for another one."},
	{ginjwt.ErrExpiredToken, http.StatusGone, "This link has expired", "Ask for another one."},
	{ginjwt.ErrRevokedToken, http.StatusGone, "This link is void", "Use the link in the newest mail, or ask for another one."},
	{ginjwt.ErrNotBound, http.StatusGone, "This link is void", "It is for another account, or the account has changed since it was sent, maybe by this link. If something is left to do, ask for another one."},
	{errChanged, http.StatusGone, "This link is void", "The account was changed a moment ago. Ask for another one."},
	{errTaken, http.StatusConflict, "The address has an account", "Another account was registered with this address."},
	{ginjwt.ErrInvalidToken, http.StatusBadRequest, "This link does not work", "Maybe a part of it is missing: copy all of it from the mail. Or ask for another one."},
}

// refuse answers a request with a link that does not work.
func (s *service) refuse(c *gin.Context, l link, err error) {
	_ = c.Error(err)
	for _, r := range refusals {
		if errors.Is(err, r.kind) {
			show(c, r.status, "message.html", view{Title: r.title, Text: r.text, Next: l.again, Button: "Ask for another link"})
			return
		}
	}
	show(c, http.StatusServiceUnavailable, "message.html", view{
		Title: "Something went wrong", Text: "Open the link again in a while. If it was used up, ask for another one.",
		Next: l.again, Button: "Ask for another link",
	})
}
