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

// link is a kind of mailed link. Each link works for the form of its kind, once.
type link struct {
	purpose ginjwt.Purpose
	path    string // of its form
	again   string // the page that mails another link
}

// The magic link has no OnlyNewest: anybody can ask for a magic link, and would make the link
// void that a user is about to open.
var (
	registrationLink = link{ginjwt.Purpose{Name: "registration", Expires: 24 * time.Hour, OnlyNewest: true}, "/register/confirm", "/register"}
	resetLink        = link{ginjwt.Purpose{Name: "password-reset", Expires: 30 * time.Minute, OnlyNewest: true}, "/reset/confirm", "/reset"}
	magicLink        = link{ginjwt.Purpose{Name: "magic-link", Expires: 10 * time.Minute}, "/login/link/confirm", "/login/link"}
	addressLink      = link{ginjwt.Purpose{Name: "new-address", Expires: time.Hour, OnlyNewest: true}, "/address/confirm", "/address"}
)

// handle registers the pages of a link. GET and HEAD only peek, because mail scanners open links
// too. The POST of the form takes these steps:
//
//  1. Peek: does the link work, and which user does it belong to?
//  2. Check the form. If a field is wrong, show the form again: the link still works.
//  3. Consume: of two requests at once, one goes on.
//  4. Change the account.
//
// If step 4 fails, the link is used up and nothing has changed. The user asks for another link.
// Do not take step 4 before step 3, and do not give a link back after a failure: one link could
// then make two changes. Step 4 has a context that is not cancelled, so that a browser that
// disconnects after step 3 misses the response, but not the change.
func (s *service) handle(r gin.IRoutes, l link, look, use gin.HandlerFunc) {
	r.Match(looks, l.path, look)
	r.POST(l.path, use)
}

// newLink returns the URL of a link for a user. The token is in the query: this works without a
// script, and the log leaves the query out. The form moves the token to the body. The host comes
// from the settings, because a client can choose the Host header of its request.
func (s *service) newLink(ctx context.Context, l link, u user, opts ...ginjwt.PurposeOption) (string, error) {
	token, err := s.jwt.CreatePurposeToken(ctx, l.purpose, u.id, opts...)
	return s.public + l.path + "?" + url.Values{"token": {token}}.Encode(), err
}

// peek returns the user of a link without using the link up.
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

// unchanged binds a link to the state of its account. A change of the password or the address
// makes all earlier links of the account void.
func (s *service) unchanged() ginjwt.Binding {
	return ginjwt.BoundBy(func(ctx context.Context, id string) ([]string, error) {
		u, err := s.users.byID(ctx, id)
		if u == nil {
			return nil, err
		}
		return u.state(), err
	})
}

// refusal is the response to a link that does not work.
type refusal struct {
	kind        error
	status      int
	title, text string
}

var refusals = []refusal{
	{
		ginjwt.ErrConsumed, http.StatusGone, "This link was used",
		"A link works once. If it was you who used it just now, all is done. Otherwise ask for another one.",
	},
	{
		ginjwt.ErrExpiredToken, http.StatusGone, "This link has expired",
		"Ask for another one.",
	},
	{
		ginjwt.ErrRevokedToken, http.StatusGone, "This link is void",
		"Use the link in the newest mail, or ask for another one.",
	},
	{
		ginjwt.ErrNotBound, http.StatusGone, "This link is void",
		"It is for another account, or the account has changed since it was sent, maybe by this link. If something is left to do, ask for another one.",
	},
	{
		errChanged, http.StatusGone, "This link is void",
		"The account was changed a moment ago. Ask for another one.",
	},
	{
		errTaken, http.StatusConflict, "The address has an account",
		"Another account was registered with this address.",
	},
	{
		ginjwt.ErrInvalidToken, http.StatusBadRequest, "This link does not work",
		"Maybe a part of it is missing: copy all of it from the mail. Or ask for another one.",
	},
	{
		ginjwt.ErrUnavailable, http.StatusServiceUnavailable, "Something went wrong",
		"Open the link again in a while. If it was used up, ask for another one.",
	},
}

// refuse tells the user why a link does not work, and what to do next.
func (s *service) refuse(c *gin.Context, l link, err error) {
	_ = c.Error(err)
	for _, r := range refusals {
		if errors.Is(err, r.kind) {
			show(c, r.status, "message.html", view{Title: r.title, Text: r.text, Next: l.again, Button: "Ask for another link"})
			return
		}
	}
	fail(c, err)
}
