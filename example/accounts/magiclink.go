package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

var magicLinkForm = view{
	Title: "Log in without a password", Text: "We send you a mail with a link that logs you in. Open it in this browser.",
	Action: "/login/link", Button: "Send the link",
}

// askMagicLink mails a link that works only in the browser that asked for it. So a thief cannot
// use a link from a mailbox, and an attacker cannot log you in to the attacker's account with a
// link. sameOrigin must come before: otherwise another site could ask, in your browser, for a
// link to the attacker's account.
func (s *service) askMagicLink(c *gin.Context) {
	browser := s.markBrowser(c)
	s.askForLink(c, magicLinkForm, func(ctx context.Context, address string) error {
		return s.mailMagicLink(ctx, address, browser)
	})
}

func (s *service) mailMagicLink(ctx context.Context, address string, browser ginjwt.Binding) error {
	u, err := s.users.byAddress(ctx, address)
	if u == nil || !u.confirmed() {
		return err
	}
	url, err := s.newLink(ctx, magicLink, *u, browser, s.unchanged())
	if err != nil {
		return err
	}
	return s.mail(ctx, u.address, "Your link to log in", magicLinkText, url)
}

const magicLinkText = `Open this page to log in, in the browser where you asked for it:

%s

It works for ten minutes. If you did not ask for it, you need not do anything.
`

// magicLinkPage shows a button. It does not log in, because browsers prefetch pages, with cookies.
func (s *service) magicLinkPage(c *gin.Context) {
	token := c.Query("token")
	if _, err := s.peek(c, magicLink, token, s.browser(c), s.unchanged()); err != nil {
		s.refuseMagicLink(c, err)
		return
	}
	show(c, http.StatusOK, "confirm.html", view{
		Title: "Log in", Text: "One more step, and you are logged in.",
		Action: magicLink.path, Token: token, Button: "Log in",
	})
}

// useMagicLink logs the user in.
func (s *service) useMagicLink(c *gin.Context) {
	token := c.PostForm("token")
	bound := []ginjwt.Binding{s.browser(c), s.unchanged()}
	u, err := s.peek(c, magicLink, token, bound...)
	if err == nil {
		_, err = s.jwt.ConsumePurposeToken(c, magicLink.purpose, token, bound...)
	}
	if err == nil {
		err = s.startSession(c, *u)
	}
	if err != nil {
		s.refuseMagicLink(c, err)
		return
	}
	seeOther(c, "/")
}

func (s *service) refuseMagicLink(c *gin.Context, err error) {
	if !errors.Is(err, ginjwt.ErrNotBound) {
		s.refuse(c, magicLink, err)
		return
	}
	_ = c.Error(err)
	show(c, http.StatusForbidden, "message.html", view{
		Title: "Not in this browser",
		Text:  "Open the link in the browser where you asked for it. If this is the one, the account has changed since: ask for another link.",
		Next:  magicLink.again, Button: "Ask for another link",
	})
}

// browserCookie returns the name of the cookie that marks a browser.
func (s *service) browserCookie() string { return s.cookieName("browser") }

// markBrowser binds a link to the browser of the request. A browser that asks twice keeps its
// mark, so that both links work.
//
// The cookie is Lax, not Strict: the user opens the link from another site, and its page must
// receive the cookie. The form comes from our own page, and has the cookie in any case.
func (s *service) markBrowser(c *gin.Context) ginjwt.Binding {
	mark, err := c.Cookie(s.browserCookie())
	if err != nil || mark == "" {
		mark = rand.Text()
	}
	http.SetCookie(c.Writer, &http.Cookie{
		Name: s.browserCookie(), Value: mark, Path: "/", MaxAge: int(magicLink.purpose.Expires.Seconds()),
		HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
	return ginjwt.BoundTo(mark)
}

// browser returns the binding of a link that this browser has asked for.
func (s *service) browser(c *gin.Context) ginjwt.Binding {
	mark, _ := c.Cookie(s.browserCookie()) // no cookie: an empty state matches no link
	return ginjwt.BoundTo(mark)
}
