package ginjwt_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestOrdersThatBuyNoTicket(t *testing.T) {
	t.Parallel()
	const (
		texts  = "The body must be a JSON object of the texts method and url"
		upper  = "The method must be an HTTP method in upper case"
		begins = "The url must begin with one slash: it is a path of this service, and a query"
		escape = "The url must be percent-encoded, as a browser sends it"
	)
	mgr, engine := withTickets(t, jwttest.Config(nil))
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	for _, test := range []struct {
		contentType, body string
		status            int
		message           string
	}{
		{"application/json", `{"url":"/live"}`, 200, ""},
		{"application/json; charset=utf-8", ` {"url":"/live","method":"POST"} `, 200, ""},
		{"application/json", `{"url":"/live","access_token":"x"}`, 200, ""}, // the member of InJSON
		{"text/plain", `{"url":"/live"}`, 415, "Send the method and the url as JSON (application/json)"},
		{"", `{"url":"/live"}`, 415, "Send the method and the url as JSON (application/json)"},
		{"application/x-www-form-urlencoded", `url=/live`, 415, "Send the method and the url as JSON (application/json)"},
		{"application/json", ``, 400, texts},
		{"application/json", `null`, 400, texts},
		{"application/json", `["/live"]`, 400, texts},
		{"application/json", `{"url":"/live"`, 400, texts},
		{"application/json", `{"url":"/live"} {}`, 400, texts},
		{"application/json", `{"url":"/live","url":"/other"}`, 400, texts},
		{"application/json", `{"url":"/live","metod":"POST"}`, 400, texts},
		{"application/json", `{"url":"/live","method":null}`, 400, texts},
		{"application/json", `{"url":5}`, 400, texts},
		{"application/json", "{\"url\":\"/live\xff\"}", 400, "The body cannot be read"},
		{"application/json", `{"url":"/live?` + strings.Repeat("x", 16<<10) + `"}`, 413, "The body is too large"},
		{"application/json", `{"url":"/live?` + strings.Repeat("x", 1<<20) + `"}`, 413, "The body is too large"},
		{"application/json", `{"url":"/live","method":"get"}`, 400, upper},
		{"application/json", `{"url":"/live","method":""}`, 400, upper},
		{"application/json", `{"url":"/live","method":"GET "}`, 400, upper},
		{"application/json", `{}`, 400, begins},
		{"application/json", `{"url":"live"}`, 400, begins},
		{"application/json", `{"url":"?room=1"}`, 400, begins},
		{"application/json", `{"url":"https://evil.example/live"}`, 400, begins},
		{"application/json", `{"url":"//evil.example/live"}`, 400, begins},
		{"application/json", `{"url":"/\\evil.example/live"}`, 400, escape},
		{"application/json", `{"url":"/live room"}`, 400, escape},
		{"application/json", `{"url":"/live\r\nHost: evil.example"}`, 400, escape},
		{"application/json", `{"url":"/live\u0000"}`, 400, escape},
		{"application/json", `{"url":"/live?room=ü"}`, 400, escape},
		{"application/json", `{"url":"/live#ticket"}`, 400, "The url must not have a fragment"},
		{"application/json", `{"url":"/live%zz"}`, 400, "The url is malformed"},
		{"application/json", `{"url":"/live?ticket=x"}`, 400, "The url must not have the parameter ticket: it is for the ticket"},
		{"application/json", `{"url":"/live?a=1&%74icket"}`, 400, "The url must not have the parameter ticket: it is for the ticket"},
	} {
		w := jwttest.Do(engine, "POST", "/ticket", bearer, jwttest.JSON(test.body), jwttest.Header("Content-Type", test.contentType))
		assert.Equal(t, test.status, w.Code, "%s %.99s: %s", test.contentType, test.body, w.Body)
		if test.message != "" {
			assert.JSONEq(t, `{"msg":"`+test.message+`"}`, w.Body.String(), test.body)
		}
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}
}

// TicketHandler sells tickets to clients that a route with the same options would let in, and only
// for POST.
func TestWhoBuysTickets(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.TokenLocation = []ginjwt.Location{ginjwt.InTicket, ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InJSON}
	mgr, engine := withTickets(t, config)
	engine.POST("/readers", mgr.TicketHandler(ginjwt.Scopes("read")))
	engine.POST("/login", func(c *gin.Context) {
		require.NoError(t, mgr.SetPairCookies(c, newPair(t, mgr)))
	})
	alice := jwttest.AccessToken(t, mgr, "alice")
	reader := jwttest.AccessToken(t, mgr, "reader", ginjwt.WithClaims(ginjwt.Claims{"scope": "read"}))
	cookies := jwttest.Cookies(jwttest.Do(engine, "POST", "/login"))
	withoutCSRF := func(r *http.Request) { r.Header.Del("X-CSRF-TOKEN") }
	body := jwttest.JSON(`{"url":"/live"}`)
	for _, test := range []struct {
		name   string
		path   string
		opts   []jwttest.RequestOption
		status int
		answer string
	}{
		{"a header", "/ticket", []jwttest.RequestOption{jwttest.Bearer(alice), body}, 200, ""},
		{"a body", "/ticket", []jwttest.RequestOption{jwttest.JSON(`{"url":"/live","access_token":"` + alice + `"}`)}, 200, ""},
		{"a cookie", "/ticket", []jwttest.RequestOption{body, cookies}, 200, ""},
		{"a cookie without its CSRF value", "/ticket", []jwttest.RequestOption{body, cookies, withoutCSRF}, 401, `{"msg":"Missing CSRF token"}`},
		{"nothing", "/ticket", []jwttest.RequestOption{body}, 401, ""},
		{"nothing, and no order", "/ticket", nil, 401, ""},
		{"a refresh token", "/ticket", []jwttest.RequestOption{jwttest.Bearer(jwttest.RefreshToken(t, mgr, "alice")), body}, 422, `{"msg":"Only non-refresh tokens are allowed"}`},
		{"a ticket", "/ticket?ticket=" + buy(t, engine, "POST", "/ticket", jwttest.Bearer(alice)), []jwttest.RequestOption{body}, 401, ""},
		{"a ticket in the header", "/ticket", []jwttest.RequestOption{jwttest.Bearer(buy(t, engine, "POST", "/ticket", jwttest.Bearer(alice))), body}, 422, `{"msg":"The specified typ value is not allowed"}`},
		{"no scope", "/readers", []jwttest.RequestOption{jwttest.Bearer(alice), body}, 403, `{"msg":"Insufficient scope"}`},
		{"the scope", "/readers", []jwttest.RequestOption{jwttest.Bearer(reader), body}, 200, ""},
	} {
		w := jwttest.Do(engine, "POST", test.path, test.opts...)
		assert.Equal(t, test.status, w.Code, "%s: %s", test.name, w.Body)
		if test.answer != "" {
			assert.JSONEq(t, test.answer, w.Body.String(), test.name)
		}
	}
	clock.Advance(15 * time.Minute)
	assert.Equal(t, 401, jwttest.Do(engine, "POST", "/ticket", jwttest.Bearer(alice), body).Code, "it has expired")

	engine.Any("/any", mgr.TicketHandler())
	for method, status := range map[string]int{"GET": 405, "HEAD": 405, "PUT": 405, "DELETE": 405, "OPTIONS": 204} {
		w := jwttest.Do(engine, method, "/any", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")), body)
		assert.Equal(t, status, w.Code, method)
		assert.Equal(t, "POST", w.Header().Get("Allow"), method)
		assert.Empty(t, w.Body.String(), method)
	}
}

// Only a route with InTicket accepts a ticket. It accepts no other token as a ticket.
func TestTicketsBuyNoTokens(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.TokenLocation = []ginjwt.Location{ginjwt.InTicket, ginjwt.InHeaders, ginjwt.InQueryString, ginjwt.InCookies, ginjwt.InJSON}
	mgr, engine := withTickets(t, config)
	engine.Any("/headers", mgr.JWTRequired(ginjwt.Locations(ginjwt.InHeaders, ginjwt.InQueryString, ginjwt.InCookies, ginjwt.InJSON)), identify)
	engine.POST("/refresh", mgr.RefreshHandler())
	engine.POST("/refresh/required", mgr.RefreshRequired(), identify)
	engine.POST("/any", mgr.JWTRequired(ginjwt.AnyType()), identify)
	engine.POST("/logout", mgr.LogoutHandler())
	engine.POST("/introspect", mgr.IntrospectionHandler(func(*gin.Context) bool { return true }))
	pair := newPair(t, mgr)
	for path, lowest := range map[string]int{
		"/headers": 400, "/refresh": 400, "/refresh/required": 400, "/any": 400,
		"/logout": 204, // ends nothing: see below
	} {
		ticket := buy(t, engine, "POST", path, jwttest.Bearer(pair.AccessToken))
		assert.GreaterOrEqual(t, use(engine, "POST", path, ticket).Code, lowest, path)
		for name, opt := range map[string]jwttest.RequestOption{
			"header": jwttest.Bearer(ticket), "cookie": jwttest.Header("Cookie", "refresh_token_cookie="+ticket+"; access_token_cookie="+ticket),
			"body": jwttest.JSON(`{"refresh_token":"` + ticket + `","access_token":"` + ticket + `"}`),
			"form": jwttest.Form("grant_type", "refresh_token", "refresh_token", ticket),
		} {
			w := jwttest.Do(engine, "POST", path, opt, jwttest.Header("X-CSRF-TOKEN", "x"))
			assert.GreaterOrEqual(t, w.Code, lowest, "%s in %s: %s", path, name, w.Body)
		}
	}
	ticket := buy(t, engine, "GET", "/live", jwttest.Bearer(pair.AccessToken))
	_, err := mgr.DecodeToken(t.Context(), ticket)
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	_, err = mgr.VerifyToken(t.Context(), ticket)
	require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
	w := jwttest.Do(engine, "POST", "/introspect", jwttest.Form("token", ticket))
	assert.JSONEq(t, `{"active":false}`, w.Body.String())
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/headers", jwttest.Bearer(pair.AccessToken)).Code, "and the session goes on")

	for name, other := range map[string]string{
		"an access token": pair.AccessToken, "a refresh token": pair.RefreshToken, "garbage": "x", "nothing signed": "eyJhbGciOiJub25lIn0.e30.",
	} {
		assert.Equal(t, 422, use(engine, "GET", "/live", other).Code, name)
	}
	assert.Equal(t, 200, use(engine, "GET", "/live", ticket).Code)
}

// Handlers behind a ticket get its token, which works for this request only.
func TestHandlersGetNoTokensForATicket(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	config.RenewedTokenHeader = "X-Renewed-Token"
	mgr, engine := newManager(t, config)
	engine.POST("/ticket", mgr.TicketHandler())
	engine.Any("/live", mgr.ImplicitRefresh(14*time.Minute), mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
		_, err := mgr.CreateTicket(c, "GET", "/other")
		require.ErrorIs(t, err, ginjwt.ErrWrongToken)
		token, _ := ginjwt.GetToken(c)
		_, err = mgr.RotateTokens(c, token)
		require.ErrorIs(t, err, ginjwt.ErrWrongToken)
		_, err = mgr.DecodeToken(c, token.Raw())
		require.ErrorIs(t, err, ginjwt.ErrInvalidToken)
		require.ErrorIs(t, mgr.SetAccessCookies(c, token.Raw()), ginjwt.ErrInvalidToken)
		c.String(200, "done")
	})
	engine.POST("/sell", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), mgr.TicketHandler())
	clockwise := jwttest.Bearer(newPair(t, mgr).AccessToken)
	w := use(engine, "GET", "/live", buy(t, engine, "GET", "/live", clockwise))
	assert.Equal(t, "done", w.Body.String())
	assert.Empty(t, w.Header().Get("X-Renewed-Token"))
	assert.Empty(t, w.Header().Values("Set-Cookie"))
	w = use(engine, "POST", "/sell", buy(t, engine, "POST", "/sell", clockwise), jwttest.JSON(`{"url":"/live"}`))
	assert.Equal(t, 401, w.Code, w.Body)
}

func TestCreateTicket(t *testing.T) {
	t.Parallel()
	mgr, engine := withTickets(t, jwttest.Config(nil))
	page := func(method, target string) gin.HandlerFunc {
		return func(c *gin.Context) {
			ticket, err := mgr.CreateTicket(c, method, target)
			if err != nil {
				c.String(500, err.Error())
				return
			}
			c.String(200, ticket)
		}
	}
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	engine.GET("/page", mgr.JWTRequired(), page("GET", "/live?room=1"))
	engine.GET("/method", mgr.JWTRequired(), page("get", "/live"))
	engine.GET("/target", mgr.JWTRequired(), page("GET", "https://example.com/live"))
	engine.GET("/optional", mgr.JWTRequired(ginjwt.Optional()), page("GET", "/live"))
	engine.GET("/refresh", mgr.RefreshRequired(), page("GET", "/live"))
	engine.GET("/open", page("GET", "/live"))

	ticket := jwttest.Do(engine, "GET", "/page", bearer).Body.String()
	assert.Equal(t, 403, use(engine, "GET", "/live?room=1", ticket, jwttest.Header("Origin", "https://evil.example")).Code)
	assert.Equal(t, "alice", use(engine, "GET", "/live?room=1", ticket, jwttest.Header("Origin", "https://example.com")).Body.String())

	for path, message := range map[string]string{
		"/method":   "ginjwt: CreateTicket: The method must be an HTTP method in upper case",
		"/target":   "ginjwt: CreateTicket: The url must begin with one slash: it is a path of this service, and a query",
		"/optional": "ginjwt: no token in the request (token_missing): an anonymous visitor has no token for a ticket",
		"/refresh":  "ginjwt: wrong type of token (token_wrong_type): Only access tokens are allowed",
	} {
		opt := bearer
		switch path {
		case "/optional":
			opt = func(*http.Request) {}
		case "/refresh":
			opt = jwttest.Bearer(jwttest.RefreshToken(t, mgr, "alice"))
		}
		assert.Equal(t, message, jwttest.Do(engine, "GET", path, opt).Body.String())
	}
	assert.Panics(t, func() { jwttest.Do(engine, "GET", "/open") })
}

func TestMistakesWithTicketsPanic(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	const buysNone = "ginjwt: Locations: remove InTicket: a route for refresh tokens, logouts or tickets accepts no tickets"
	for want, call := range map[string]func(){
		"ginjwt: TicketHandler must be called after InitApp":                                     func() { ginjwt.New(jwttest.Config(nil)).TicketHandler() },
		"ginjwt: TicketHandler: an anonymous visitor has no token for a ticket: remove Optional": func() { mgr.TicketHandler(ginjwt.Optional()) },
		"ginjwt: TicketHandler: only access tokens get tickets: remove Refresh and AnyType":      func() { mgr.TicketHandler(ginjwt.AnyType()) },
		"ginjwt: TicketHandler: only access tokens get tickets: remove Refresh and AnyType ":     func() { mgr.TicketHandler(ginjwt.Refresh()) },
		buysNone + "  ": func() { mgr.TicketHandler(ginjwt.Locations(ginjwt.InTicket, ginjwt.InHeaders)) },
		buysNone:        func() { mgr.RefreshRequired(ginjwt.Locations(ginjwt.InHeaders, ginjwt.InTicket)) },
		buysNone + " ":  func() { mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket), ginjwt.AnyType()) },
	} {
		assert.PanicsWithValue(t, strings.TrimRight(want, " "), call)
	}
	config, _ := sessionsConfig()
	sessions, _ := newManager(t, config)
	assert.PanicsWithValue(t, buysNone, func() { sessions.RefreshHandler(ginjwt.RefreshFrom(ginjwt.InTicket)) })

	verifies, _ := newManager(t, ginjwt.Config{Issuers: []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{secretKey("a")}}}})
	assert.PanicsWithValue(t, "ginjwt: TicketHandler: a manager signs its tickets, even if it accepts only tokens of other issuers: ginjwt: no signing key: set SecretKey, or an EncodeKeyLoader",
		func() { verifies.TicketHandler() })
}

func TestMistakesInTheSettingsOfTickets(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*ginjwt.Config){
		`ginjwt: TokenLocation (JWT_TOKEN_LOCATION): contains only "ticket"; add another location, such as headers, because clients need a token to get a ticket`: func(c *ginjwt.Config) {
			c.TokenLocation = []ginjwt.Location{ginjwt.InTicket}
		},
		`ginjwt: TicketName (JWT_TICKET_NAME): "jwt" is also QueryStringName; use different parameters for tickets and tokens`: func(c *ginjwt.Config) { c.TicketName = "jwt" },
		`ginjwt: TicketName (JWT_TICKET_NAME): "a b" has characters that must be escaped in a query; use letters and digits`:   func(c *ginjwt.Config) { c.TicketName = "a b" },
		`ginjwt: TicketName (JWT_TICKET_NAME): "a&b" has characters that must be escaped in a query; use letters and digits`:   func(c *ginjwt.Config) { c.TicketName = "a&b" },
		`ginjwt: IdentityClaim (JWT_IDENTITY_CLAIM): "ginjwt_ticket" is a claim of single-use tokens; use another name`:        func(c *ginjwt.Config) { c.IdentityClaim = "ginjwt_ticket" },
	} {
		config := jwttest.Config(nil)
		change(&config)
		assert.EqualError(t, ginjwt.New(config).InitApp(nil), want)
	}
}

func TestTicketsByAnotherName(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TicketName, config.QueryStringName = "admit", "ticket"
	mgr, engine := withTickets(t, config)
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	ticket := buy(t, engine, "GET", "/live?ticket=mine", bearer)
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/live?ticket=mine&admit="+ticket).Code)
	assert.JSONEq(t, `{"msg":"Missing 'admit' query parameter"}`, use(engine, "GET", "/live", buy(t, engine, "GET", "/live", bearer)).Body.String())
}
