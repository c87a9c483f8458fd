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

// A newer magic link does not void the older ones: anybody can ask for one, and would void the
// link that a user is about to open.
var (
	registrationLink = link{ginjwt.Purpose{Name: "registration", Expires: 24 * time.Hour, OnlyNewest: true}, "/register/confirm", "/register"}
	resetLink        = link{ginjwt.Purpose{Name: "password-reset", Expires: 30 * time.Minute, OnlyNewest: true}, "/reset/confirm", "/reset"}
	magicLink        = link{ginjwt.Purpose{Name: "magic-link", Expires: 10 * time.Minute}, "/login/link/confirm", "/login/link"}
	addressLink      = link{ginjwt.Purpose{Name: "new-address", Expires: time.Hour, OnlyNewest: true}, "/address/confirm", "/address"}
)

// handle registers the pages of a link. GET and HEAD look, as scanners of mail open links too.
// POST, which comes from the form, takes these steps:
//
//  1. Peek: does the link work, and whose is it?
//  2. Check the form. If a field is wrong, show the form again: the link still works.
//  3. Consume: of two requests at once, one goes on.
//  4. Change the account.
//
// If step 4 fails, the link is used up and nothing has changed: the user asks for another
// one. That is the safe side: with 4 before 3, or with a link that is given back after a
// failure, one link can make two changes. Step 4 has a context that is not cancelled: a
// browser that goes away after step 3 misses the answer, and not the change.
func (s *service) handle(r gin.IRoutes, l link, look, use gin.HandlerFunc) {
	r.Match(looks, l.path, look)
	r.POST(l.path, use)
}

// newLink returns the URL of a link for a user. The token is in the query, which works without
// a script, and which the log leaves out; the form moves it to the body. The URL begins as
// configured: the Host header of a request is whatever its sender likes.
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

// refusal is an answer to a request with a link that does not work.
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

// refuse says why a link does not work, and what to do next.
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
