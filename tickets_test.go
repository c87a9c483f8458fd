package ginjwt_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// withTickets returns a manager and an engine that sells tickets at /ticket and accepts them at
// /live.
func withTickets(t *testing.T, config ginjwt.Config, setup ...func(*ginjwt.JWTManager)) (*ginjwt.JWTManager, *gin.Engine) {
	t.Helper()
	mgr, engine := newManager(t, config, setup...)
	engine.POST("/ticket", mgr.TicketHandler())
	engine.Any("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), identify)
	return mgr, engine
}

// order is the body of a request for a ticket.
func order(t *testing.T, method, target string) jwttest.RequestOption {
	t.Helper()
	body, err := json.Marshal(map[string]string{"method": method, "url": target})
	require.NoError(t, err)
	return jwttest.JSON(string(body))
}

// buy returns a ticket.
func buy(t *testing.T, h http.Handler, method, target string, opts ...jwttest.RequestOption) string {
	t.Helper()
	w := jwttest.Do(h, "POST", "/ticket", append([]jwttest.RequestOption{order(t, method, target)}, opts...)...)
	require.Equal(t, 200, w.Code, w.Body.String())
	var answer struct {
		Ticket    string `json:"ticket"`
		ExpiresIn int    `json:"expires_in"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Equal(t, 30, answer.ExpiresIn)
	return answer.Ticket
}

// use opens target with a ticket at the end of its query.
func use(h http.Handler, method, target, ticket string, opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return jwttest.Do(h, method, target+separator+"ticket="+ticket, opts...)
}

func TestATicketLetsOneRequestIn(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, engine := withTickets(t, config)
	pair := newPair(t, mgr)
	bought, err := mgr.VerifyToken(t.Context(), pair.AccessToken)
	require.NoError(t, err)
	engine.GET("/files/:file", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
		token, ok := ginjwt.GetToken(c)
		require.True(t, ok)
		assert.Equal(t, "alice", ginjwt.GetJWTIdentity(c))
		assert.Equal(t, ginjwt.InTicket, ginjwt.GetJWTRequestLocation(c))
		assert.Equal(t, bought.Header(), ginjwt.GetJWTHeader(c))
		assert.Equal(t, bought.ID, token.ID)
		assert.Equal(t, pair.SessionID, token.SessionID)
		assert.Equal(t, bought.ExpiresAt, token.ExpiresAt)
		assert.Empty(t, token.Raw(), "it is no credential")
		assert.Empty(t, token.CSRF, "the ticket was in a URL")
		want, got := bought.Claims(), ginjwt.GetJWT(c)
		assert.NotEmpty(t, want["csrf"])
		delete(want, "csrf")
		delete(got, "csrf")
		assert.EqualValues(t, want, got)
		c.String(200, c.Request.URL.String()+" "+c.Request.RequestURI+" "+c.Query("page"))
	})
	ticket := buy(t, engine, "GET", "/files/a%20b?page=2&raw", jwttest.Bearer(pair.AccessToken))
	w := use(engine, "GET", "/files/a%20b?page=2&raw", ticket)
	assert.Equal(t, 200, w.Code, w.Body.String())
	assert.Equal(t, "/files/a%20b?page=2&raw /files/a%20b?page=2&raw 2", w.Body.String(), "handlers do not see the ticket")
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))

	w = use(engine, "GET", "/files/a%20b?page=2&raw", ticket)
	assert.Equal(t, 401, w.Code)
	assert.JSONEq(t, `{"msg":"Token has already been used"}`, w.Body.String())
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="token_consumed"`)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
}

// A request that is refused before the last check does not use the ticket up, for example the HEAD
// request of a link scanner.
func TestATicketIsForOneRequest(t *testing.T) {
	t.Parallel()
	const (
		mismatch = `{"msg":"The ticket is for another request"}`
		cross    = `{"msg":"The request comes from another origin"}`
		two      = `{"msg":"More than one 'ticket' query parameter"}`
		missing  = `{"msg":"Missing 'ticket' query parameter"}`
	)
	mgr, engine := withTickets(t, jwttest.Config(nil))
	engine.Any("/Live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), identify)
	engine.Any("/live/:room", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), identify)
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	page := jwttest.Header("Origin", "https://app.example")

	const target = "/live?room=1&since=%7e5"
	ticket := buy(t, engine, "GET", target, bearer, page)
	for _, test := range []struct {
		method, target string
		origin         []string
		status         int
		body, reason   string
	}{
		{"POST", target + "&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"HEAD", target + "&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"get", target + "&ticket=" + ticket, nil, 404, "404 page not found", ""},
		{"GET", "/Live?room=1&since=%7e5&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", "/live/1?room=1&since=%7e5&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", "/%6cive?room=1&since=%7e5&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", "/live?ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", "/live?room=2&since=%7e5&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", "/live?since=%7e5&room=1&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", "/live?room=1&since=~5&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", "/live?room=1&since=%7E5&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", target + "&room=2&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", target + "&&ticket=" + ticket, nil, 422, mismatch, "ticket_mismatch"},
		{"GET", target + "&ticket=" + ticket + "&", nil, 422, mismatch, "ticket_mismatch"},
		{"GET", target + "&ticket=" + ticket + "&ticket=" + ticket, nil, 401, two, "multiple_tokens"},
		{"GET", target + "&ticket=" + ticket + "&%74icket=", nil, 401, two, "multiple_tokens"},
		{"GET", target + "&ticket=", nil, 401, missing, "token_missing"},
		{"GET", target + "&Ticket=" + ticket, nil, 401, missing, "token_missing"},
		{"GET", target + "&ticket=" + ticket, []string{"https://evil.example"}, 403, cross, "csrf_cross_origin"},
		{"GET", target + "&ticket=" + ticket, []string{"http://app.example"}, 403, cross, "csrf_cross_origin"},
		{"GET", target + "&ticket=" + ticket, []string{"https://app.example:8443"}, 403, cross, "csrf_cross_origin"},
		{"GET", target + "&ticket=" + ticket, []string{"http://example.com"}, 403, cross, "csrf_cross_origin"}, // the origin of the service itself
		{"GET", target + "&ticket=" + ticket, []string{"null"}, 403, cross, "csrf_cross_origin"},
		{"GET", target + "&ticket=" + ticket, []string{"https://app.example", "https://app.example"}, 403, cross, "csrf_cross_origin"},
	} {
		w := jwttest.Do(engine, test.method, test.target, func(r *http.Request) {
			if test.origin != nil {
				r.Header["Origin"] = test.origin
			}
		})
		assert.Equal(t, test.status, w.Code, "%s %s %s", test.method, test.target, test.origin)
		assert.Equal(t, test.body, strings.TrimSpace(w.Body.String()), "%s %s %s", test.method, test.target, test.origin)
		if test.reason != "" {
			assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="`+test.reason+`"`)
		}
	}
	w := use(engine, "GET", target, ticket, page)
	assert.Equal(t, 200, w.Code, "nothing has burnt it: %s", w.Body)
}

// The ticket may stand anywhere in the query. The rest must be the query that it was bought for.
func TestWhereATicketStandsInTheQuery(t *testing.T) {
	t.Parallel()
	mgr, engine := withTickets(t, jwttest.Config(nil))
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	for _, test := range []struct{ bought, used string }{
		{"/live", "/live?ticket=T"},
		{"/live?", "/live?ticket=T"},
		{"/live?", "/live?&ticket=T"},
		{"/live", "/live?ticket=T&"},
		{"/live?a=1", "/live?a=1&ticket=T"},
		{"/live?a=1", "/live?ticket=T&a=1"},
		{"/live?a=1&b=2", "/live?a=1&ticket=T&b=2"},
		{"/live?a=1&", "/live?a=1&&ticket=T"},
		{"/live?a", "/live?a&ticket=T"},
		{"/live?a=b=c;d&%zz", "/live?a=b=c;d&%zz&ticket=T"},
		{"/live?q=a+b%20c", "/live?q=a+b%20c&%74icket=T"},
	} {
		ticket := buy(t, engine, "GET", test.bought, bearer)
		w := jwttest.Do(engine, "GET", strings.Replace(test.used, "=T", "="+ticket, 1))
		assert.Equal(t, 200, w.Code, "%s: %s", test.used, w.Body)
	}
}

// A browser sends Origin with a WebSocket, and with requests to another origin. It sends none with
// a download or an EventSource of the same origin.
func TestOriginsOfTickets(t *testing.T) {
	t.Parallel()
	mgr, engine := withTickets(t, jwttest.Config(nil))
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	for _, test := range []struct {
		buyer, user, host string // origins; with the user's, its Sec-Fetch-Site
		status            int
	}{
		{"https://app.example", "https://app.example", "api.example", 200},
		{"https://app.example", "", "api.example", 200},
		{"https://app.example", "https://api.example", "api.example", 403},
		{"https://api.example", "https://api.example", "api.example", 200},
		{"", "", "api.example", 200},
		{"", "https://api.example", "api.example", 200},
		{"", "http://API.example", "api.example", 200}, // behind a proxy the scheme is unknown
		{"", "https://app.example", "api.example", 403},
		{"", "https://api.example:8443", "api.example", 403},
		{"", "http://localhost:8080", "localhost:8080", 200},
		{"", "http://localhost:3000", "localhost:8080", 403},
		{"", "null", "api.example", 403},
		{"", "null", "", 403},
		{"null", "null", "api.example", 403},
		{"null", "", "api.example", 200},
		{"https://app.example", "null", "api.example", 403},
		{"", "https://public.example same-origin", "behind-a-proxy", 200},
		{"", "https://api.example cross-site", "api.example", 403},
		{"", "https://api.example same-site", "api.example", 403},
		{"", "null same-origin", "api.example", 403},
		{"https://app.example", "https://api.example same-origin", "api.example", 403},
		{"https://app.example", "https://app.example cross-site", "api.example", 200},
	} {
		at := func(page string) jwttest.RequestOption {
			return func(r *http.Request) {
				r.Host = test.host
				origin, site, told := strings.Cut(page, " ")
				if origin != "" {
					r.Header.Set("Origin", origin)
				}
				if told {
					r.Header.Set("Sec-Fetch-Site", site)
				}
			}
		}
		ticket := buy(t, engine, "GET", "/live", bearer, at(test.buyer))
		w := use(engine, "GET", "/live", ticket, at(test.user))
		assert.Equal(t, test.status, w.Code, "%+v: %s", test, w.Body)
	}
}

func TestTicketsExpireAfterHalfAMinute(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		leeway, after time.Duration
		status        int
	}{
		{0, 29 * time.Second, 200},
		{0, 30 * time.Second, 401},
		{5 * time.Second, 34 * time.Second, 200},
		{5 * time.Second, 35 * time.Second, 401},
		{0, -time.Second, 200}, // the clock of another process of the service
		{0, -2 * time.Second, 422},
	} {
		clock := &jwttest.Clock{}
		config := jwttest.Config(clock)
		config.DecodeLeeway = test.leeway
		mgr, engine := withTickets(t, config)
		ticket := buy(t, engine, "GET", "/live", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
		clock.Advance(test.after)
		w := use(engine, "GET", "/live", ticket)
		assert.Equal(t, test.status, w.Code, "%+v: %s", test, w.Body)
	}
}

// When a ticket is used, the token that bought it is checked again, at that time.
func TestATicketIsNoBetterThanItsToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile func(t *testing.T, mgr *ginjwt.JWTManager, clock *jwttest.Clock, pair ginjwt.TokenPair, token *ginjwt.Token)
		status    int
		body      string
	}{
		"nothing happens": {func(*testing.T, *ginjwt.JWTManager, *jwttest.Clock, ginjwt.TokenPair, *ginjwt.Token) {}, 200, "alice"},
		"the token is revoked": {func(t *testing.T, mgr *ginjwt.JWTManager, _ *jwttest.Clock, _ ginjwt.TokenPair, token *ginjwt.Token) {
			require.NoError(t, mgr.RevokeToken(t.Context(), token))
		}, 401, `{"msg":"Token has been revoked"}` + "\n"},
		"the session ends": {func(t *testing.T, mgr *ginjwt.JWTManager, _ *jwttest.Clock, pair ginjwt.TokenPair, _ *ginjwt.Token) {
			require.NoError(t, mgr.EndSession(t.Context(), pair.SessionID))
		}, 401, `{"msg":"Token has been revoked"}` + "\n"},
		"the token expires": {func(_ *testing.T, _ *ginjwt.JWTManager, clock *jwttest.Clock, _ ginjwt.TokenPair, _ *ginjwt.Token) {
			clock.Advance(10 * time.Second)
		}, 401, `{"msg":"Token has expired"}` + "\n"},
		"the session rotates": {func(t *testing.T, mgr *ginjwt.JWTManager, _ *jwttest.Clock, pair ginjwt.TokenPair, _ *ginjwt.Token) {
			mustRotate(t, mgr, pair.RefreshToken)
		}, 200, "alice"},
	} {
		config, clock := sessionsConfig()
		mgr, engine := withTickets(t, config)
		pair := newPair(t, mgr)
		token, err := mgr.DecodeToken(t.Context(), pair.AccessToken)
		require.NoError(t, err)
		clock.Advance(15*time.Minute - 10*time.Second)
		ticket := buy(t, engine, "GET", "/live", jwttest.Bearer(pair.AccessToken))
		test.meanwhile(t, mgr, clock, pair, token)
		w := use(engine, "GET", "/live", ticket)
		assert.Equal(t, test.status, w.Code, name)
		assert.Equal(t, test.body, w.Body.String(), name)
	}
}

// The requirements of a route apply to the token that bought the ticket, with and without an
// earlier check in the same request.
func TestRoutesAskTheTokenBehindATicket(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	mgr, engine := newManager(t, jwttest.Config(clock), func(m *ginjwt.JWTManager) {
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			if token.Identity == "gone" {
				return nil, nil
			}
			return "user " + token.Identity, nil
		})
	})
	engine.POST("/ticket", mgr.TicketHandler())
	both := ginjwt.Locations(ginjwt.InTicket, ginjwt.InHeaders)
	group := engine.Group("/group", mgr.JWTRequired(both))
	group.Use(func(c *gin.Context) { // like a tracer
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), valueKey{}, "trace"))
	})
	for path, opts := range map[string][]ginjwt.RequiredOption{
		"/plain": {both}, "/scoped": {both, ginjwt.Scopes("read")}, "/fresh": {both, ginjwt.Fresh()}, "/recent": {both, ginjwt.FreshWithin(time.Minute)},
		"/optional": {both, ginjwt.Optional()}, "/unchecked": {both, ginjwt.SkipRevocationCheck()},
	} {
		handler := func(c *gin.Context) { c.String(200, ginjwt.GetCurrentUser[string](c)) }
		engine.GET(path, mgr.JWTRequired(opts...), handler)
		group.GET(path, mgr.JWTRequired(opts...), handler)
	}
	alice := jwttest.AccessToken(t, mgr, "alice")
	reader := jwttest.AccessToken(t, mgr, "reader", ginjwt.WithFresh(), ginjwt.WithClaims(ginjwt.Claims{"scope": "read"}))
	for _, test := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/plain", alice, 200, "user alice"},
		{"/scoped", alice, 403, `{"msg":"Insufficient scope"}` + "\n"},
		{"/scoped", reader, 200, "user reader"},
		{"/fresh", alice, 401, `{"msg":"Fresh token required"}` + "\n"},
		{"/fresh", reader, 200, "user reader"},
		{"/recent", reader, 200, "user reader"},
		{"/optional", alice, 200, "user alice"},
		{"/unchecked", alice, 200, "user alice"},
	} {
		for _, path := range []string{test.path, "/group" + test.path} {
			ticket := buy(t, engine, "GET", path, jwttest.Bearer(test.token))
			w := use(engine, "GET", path, ticket)
			assert.Equal(t, test.status, w.Code, path)
			assert.Equal(t, test.body, w.Body.String(), path)
			if test.status != 200 && path == test.path {
				continue
			}
			assert.Equal(t, 401, use(engine, "GET", path, ticket).Code, "the group has used it up: "+path)
		}
	}
	revoked, unasked := buy(t, engine, "GET", "/plain", jwttest.Bearer(reader)), buy(t, engine, "GET", "/unchecked", jwttest.Bearer(reader))
	token, err := mgr.DecodeToken(t.Context(), reader)
	require.NoError(t, err)
	require.NoError(t, mgr.RevokeToken(t.Context(), token))
	assert.Equal(t, 401, use(engine, "GET", "/plain", revoked).Code)
	assert.Equal(t, 200, use(engine, "GET", "/unchecked", unasked).Code, "the route does not ask")
	w := jwttest.Do(engine, "GET", "/group/plain", jwttest.Bearer(alice))
	assert.Equal(t, "user alice", w.Body.String())
}

// Two managers stand for two processes: they share only keys and stores.
func TestTicketsAreGoodInAnotherProcess(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.Once, config.Blocklist = &ginjwt.MemoryOnce{Now: clock.Now}, &ginjwt.MemoryBlocklist{}
	one, first := withTickets(t, config)
	_, second := withTickets(t, config)
	alice := jwttest.AccessToken(t, one, "alice")

	ticket := buy(t, first, "GET", "/live", jwttest.Bearer(alice))
	assert.Equal(t, "alice", use(second, "GET", "/live", ticket).Body.String())
	assert.Equal(t, 401, use(first, "GET", "/live", ticket).Code)
	assert.Equal(t, 401, use(second, "GET", "/live", ticket).Code)

	ticket = buy(t, first, "GET", "/live", jwttest.Bearer(alice))
	token, err := one.DecodeToken(t.Context(), alice)
	require.NoError(t, err)
	require.NoError(t, one.RevokeToken(t.Context(), token))
	assert.Equal(t, `{"msg":"Token has been revoked"}`+"\n", use(second, "GET", "/live", ticket).Body.String())
}

// Of all requests with one ticket at the same moment, one is let in.
func TestOneOfManyUsersOfATicketWins(t *testing.T) {
	t.Parallel()
	mgr, engine := withTickets(t, jwttest.Config(nil))
	ticket := buy(t, engine, "GET", "/live", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	var statuses [1000]int
	var users sync.WaitGroup
	start := make(chan struct{})
	for i := range statuses {
		users.Go(func() {
			<-start
			statuses[i] = use(engine, "GET", "/live", ticket).Code
		})
	}
	close(start)
	users.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	assert.Equal(t, map[int]int{200: 1, 401: 999}, counts)
}
