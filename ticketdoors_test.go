package ginjwt_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// Handlers of net/http accept tickets like handlers of Gin, and do not see them either.
func TestTicketsAtTheDoorForHTTP(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	tickets := ginjwt.Locations(ginjwt.InTicket)
	tell := func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(ginjwt.GetJWTIdentity(r.Context()) + " " + r.URL.String() + " " + r.RequestURI))
	}
	mux := http.NewServeMux()
	mux.Handle("POST /ticket", mgr.HTTPHandler(mgr.TicketHandler()))
	mux.Handle("GET /wrapped", mgr.Middleware(tickets)(http.HandlerFunc(tell)))
	mux.HandleFunc("GET /verified", func(w http.ResponseWriter, r *http.Request) {
		own := r.URL
		verified, err := mgr.VerifyRequest(r, tickets)
		if err != nil {
			mgr.RefuseRequest(w, verified, err)
			return
		}
		assert.Same(t, own, r.URL)
		assert.Contains(t, r.URL.RawQuery, "ticket=", "the request of the server is left alone")
		tell(w, verified)
	})
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	for _, path := range []string{"/wrapped", "/verified"} {
		ticket := buy(t, mux, "GET", path+"?page=2", bearer)
		assert.Equal(t, 422, use(mux, "GET", path, ticket).Code, path)
		assert.Equal(t, "alice "+path+"?page=2 "+path+"?page=2", use(mux, "GET", path+"?page=2", ticket).Body.String())
		assert.Equal(t, 401, use(mux, "GET", path+"?page=2", ticket).Code, path)
	}
}

// A middleware before the check may have changed the path, or parsed the query.
func TestRequestsWithoutTheirTicketAreOtherwiseWhatCame(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.POST("/ticket", mgr.TicketHandler())
	var seen *http.Request
	show := func(c *gin.Context) { seen = c.Request }
	engine.GET("/a/*rest", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), show)
	mounted := http.StripPrefix("/mount", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NotEmpty(t, r.FormValue("ticket"))
		engine.ServeHTTP(w, r)
		assert.NotEmpty(t, r.Form["ticket"], "the request of the server is left alone")
	}))
	bearer := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))
	for target, uri := range map[string]string{
		"/mount/a/b%2Fc":                           "/mount/a/b%2Fc",
		"/mount/a/b%2Fc?page=2":                    "/mount/a/b%2Fc?page=2",
		"http://u:p@example.com/mount/a/b?page=2&": "/a/b?page=2&", // the whole URL may have a password
	} {
		_, path, _ := strings.Cut(target, "/mount")
		ticket := buy(t, engine, "GET", path, bearer)
		require.Equal(t, 200, use(mounted, "GET", target, ticket, func(r *http.Request) {
			r.RequestURI = strings.TrimSuffix(r.URL.Scheme+"://"+r.URL.Host, "://") + r.URL.RequestURI()
		}).Code, target)
		assert.Equal(t, uri, seen.RequestURI, target)
		assert.Equal(t, path, seen.URL.RequestURI(), target)
		assert.NotContains(t, seen.Form, "ticket", target)
		assert.Equal(t, seen.URL.Query().Get("page"), seen.Form.Get("page"), target)
	}
}

// No cache keeps the response to a URL with a token or ticket, whatever is wrong with the URL.
func TestAnswersToTicketsAreKeptNowhere(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.QueryStringValuePrefix = "Bearer "
	var at []ginjwt.Location
	config.Observer = ginjwt.ObserverFunc(func(_ context.Context, e ginjwt.Event) { at = append(at, e.Location) })
	mgr, engine := newManager(t, config)
	engine.GET("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InQueryString, ginjwt.InTicket)), identify)
	for _, query := range []string{"ticket=a&ticket=b", "ticket=x", "jwt=Bearer+a&jwt=Bearer+b", "jwt=a.b.c"} {
		w := jwttest.Do(engine, "GET", "/live?"+query)
		assert.GreaterOrEqual(t, w.Code, 400, query)
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), query)
		assert.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"), query)
	}
	assert.Empty(t, jwttest.Do(engine, "GET", "/live").Header().Get("Cache-Control"))
	ticket, query := ginjwt.InTicket, ginjwt.InQueryString
	assert.Equal(t, []ginjwt.Location{ticket, ticket, query, query, ""}, at)
}

// If a route accepts tickets and headers, the first location that holds something decides.
func TestTicketsBesideOtherLocations(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.POST("/ticket", mgr.TicketHandler())
	engine.GET("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket, ginjwt.InHeaders)), identify)
	engine.GET("/headers", mgr.JWTRequired(ginjwt.Locations(ginjwt.InHeaders, ginjwt.InTicket)), identify)
	engine.GET("/optional", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket), ginjwt.Optional()), identify)
	alice, bob := jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")), jwttest.Bearer(jwttest.AccessToken(t, mgr, "bob"))

	ticket := buy(t, engine, "GET", "/live", alice)
	assert.Equal(t, "bob", jwttest.Do(engine, "GET", "/live", bob).Body.String())
	assert.Equal(t, 422, use(engine, "GET", "/live", "x", bob).Code, "a bad ticket is not passed over")
	assert.Equal(t, "alice", use(engine, "GET", "/live", ticket, bob).Body.String())
	assert.Equal(t, 401, use(engine, "GET", "/live", ticket, bob).Code)
	assert.JSONEq(t, `{"msg":"Missing JWT in ticket or headers (Missing 'ticket' query parameter; Missing Authorization Header)"}`,
		jwttest.Do(engine, "GET", "/live").Body.String())

	ticket = buy(t, engine, "GET", "/headers", alice)
	assert.Equal(t, "bob", use(engine, "GET", "/headers", ticket, bob).Body.String())
	assert.Equal(t, "alice", use(engine, "GET", "/headers", ticket).Body.String(), "nobody had used it")

	ticket = buy(t, engine, "GET", "/optional", alice)
	assert.Equal(t, "", jwttest.Do(engine, "GET", "/optional").Body.String())
	assert.Equal(t, "alice", use(engine, "GET", "/optional", ticket).Body.String())
	assert.Equal(t, 401, use(engine, "GET", "/optional", ticket).Code)
}

// A spent ticket belongs to its request. It must not let in another request that was made from
// the same context.
func TestASpentTicketIsOfItsRequest(t *testing.T) {
	t.Parallel()
	mgr, engine := withTickets(t, jwttest.Config(nil))
	engine.GET("/again", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
		for range 2 {
			token, err := mgr.VerifyJWTInRequest(c, ginjwt.Locations(ginjwt.InTicket))
			require.NoError(t, err)
			assert.Equal(t, "alice", token.Identity)
		}
		for target, want := range map[string]string{"/again": "", "/again?x": "ginjwt: wrong type of token (ticket_mismatch): The ticket is for another request"} {
			r := httptest.NewRequestWithContext(c.Request.Context(), "GET", target, nil)
			_, err := mgr.VerifyRequest(r, ginjwt.Locations(ginjwt.InTicket))
			if want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, want)
			}
		}
		r := httptest.NewRequestWithContext(c.Request.Context(), "POST", "/again", nil)
		_, err := mgr.VerifyRequest(r, ginjwt.Locations(ginjwt.InTicket))
		require.ErrorIs(t, err, ginjwt.ErrWrongToken)
		c.Status(200)
	})
	ticket := buy(t, engine, "GET", "/again", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	assert.Equal(t, 200, use(engine, "GET", "/again", ticket).Code)
}

func TestAPreflightHasNoTicket(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.OPTIONS("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
		c.String(200, c.Request.URL.String()+" "+ginjwt.GetJWTIdentity(c))
	})
	assert.Equal(t, "/live ", jwttest.Do(engine, "OPTIONS", "/live?room=1&ticket=unchecked", preflight).Body.String())
}

// If the store cannot say whether a ticket was used, nobody gets in.
func TestTicketsWhenTheStoreIsDown(t *testing.T) {
	t.Parallel()
	once, users := &switchedOnce{}, errors.New("no answer")
	config := jwttest.Config(nil)
	config.Once = once
	mgr, engine := withTickets(t, config, func(m *ginjwt.JWTManager) {
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			if token.Location == ginjwt.InTicket {
				return "user", users
			}
			return "user", nil
		})
	})
	ticket := buy(t, engine, "GET", "/live", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	require.Zero(t, once.claims.Load(), "buying asks nobody")
	assert.Equal(t, 422, use(engine, "POST", "/live", ticket).Code)
	assert.Equal(t, 500, use(engine, "GET", "/live", ticket).Code)
	users = nil
	require.Zero(t, once.claims.Load(), "what is refused before is not used up")

	once.down.Store(true)
	w := use(engine, "GET", "/live", ticket)
	assert.Equal(t, 503, w.Code)
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="store_unavailable"`)
	once.down.Store(false)
	assert.Equal(t, 200, use(engine, "GET", "/live", ticket).Code)
}

// A client that has disconnected before the check uses nothing up.
func TestTicketsOfClientsThatHaveGone(t *testing.T) {
	t.Parallel()
	mgr, engine := withTickets(t, jwttest.Config(nil))
	ticket := buy(t, engine, "GET", "/live", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice")))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, httptest.NewRequestWithContext(gone, "GET", "/live?ticket="+ticket, nil))
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, 200, use(engine, "GET", "/live", ticket).Code)
}

// Logs contain URLs and so tickets. A ticket must not reveal the CSRF value, which works for the
// whole session. It must not contain a usable token.
func TestWhatATicketTells(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.EncodeIssuer, config.Realm = "https://id.example", "tenant: 7"
	mgr, engine := withTickets(t, config)
	pair := newPair(t, mgr)
	require.NotEmpty(t, pair.CSRF)
	ticket := buy(t, engine, "GET", "/live?room=1", jwttest.Bearer(pair.AccessToken), jwttest.Header("Origin", "https://app.example"))
	segments := strings.Split(ticket, ".")
	require.Len(t, segments, 3)
	decode := func(segment string) (members map[string]any) {
		text, err := base64.RawURLEncoding.DecodeString(segment)
		require.NoError(t, err)
		assert.NotContains(t, string(text), pair.CSRF)
		require.NoError(t, json.Unmarshal(text, &members))
		return members
	}
	assert.Equal(t, map[string]any{"alg": "HS256", "typ": "ticket+jwt"}, decode(segments[0]))
	claims := decode(segments[1])
	assert.Equal(t, "urn:ginjwt:ticket:tenant%3A+7", claims["aud"])
	assert.Equal(t, "ticket", claims["type"])
	assert.Equal(t, "alice", claims["sub"])
	assert.Equal(t, "https://id.example", claims["iss"])
	assert.EqualValues(t, clock.Now().Unix()+30, claims["exp"])
	assert.NotContains(t, claims, "sid", "only the token in it is of a session")
	said := claims["ginjwt_ticket"].(map[string]any)
	// printf 'ginjwt request ["GET" "/live" "room=1"]' | sha256sum, in base64url
	assert.Equal(t, "iQmXWqWYbKd15VmVOKkCzuQYksOIeTigrol5JSbQxSU", said["req"])
	assert.Equal(t, "https://app.example", said["origin"])
	for _, part := range strings.Split(pair.AccessToken, ".")[2:] {
		assert.NotContains(t, ticket, part)
	}
}

// A token close to MaxTokenSize buys no ticket, because the ticket would be too large.
func TestTicketsForLargeTokens(t *testing.T) {
	t.Parallel()
	mgr, engine := withTickets(t, jwttest.Config(nil))
	large := func(n int) jwttest.RequestOption {
		return jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"note": strings.Repeat("n", n)})))
	}
	ticket := buy(t, engine, "GET", "/live", large(8000))
	assert.Equal(t, 200, use(engine, "GET", "/live", ticket).Code)
	w := jwttest.Do(engine, "POST", "/ticket", large(11900), jwttest.JSON(`{"url":"/live"}`))
	assert.Equal(t, 422, w.Code)
	assert.JSONEq(t, `{"msg":"The access token is too large for a ticket"}`, w.Body.String())
}

func TestEventsOfTickets(t *testing.T) {
	t.Parallel()
	a := newObservedApp(t)
	a.engine.POST("/ticket", a.mgr.TicketHandler())
	a.engine.GET("/live", a.mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), identify)
	ticket := buy(t, a.engine, "GET", "/live", jwttest.Bearer(a.pair.AccessToken))
	id := a.idOf(t, a.pair.AccessToken)
	events := a.take()
	require.Len(t, events, 2)
	ofToken := func(kind ginjwt.EventKind, at ginjwt.Location) ginjwt.Event {
		return ginjwt.Event{Kind: kind, Location: at, TokenType: ginjwt.AccessToken, SessionID: a.pair.SessionID, TokenID: id}
	}
	assert.Equal(t, ofToken(ginjwt.EventAccepted, ginjwt.InHeaders), events[0])
	assert.Equal(t, ginjwt.EventIssued, events[1].Kind)
	assert.Equal(t, ginjwt.TokenType("ticket"), events[1].TokenType)
	assert.NotEqual(t, id, events[1].TokenID)
	spent := events[1]
	spent.Kind, spent.Location = ginjwt.EventConsumed, ginjwt.InTicket

	refused := ginjwt.Event{Kind: ginjwt.EventRefused, Fault: ginjwt.FaultCaller, Reason: "ticket_mismatch", Location: ginjwt.InTicket}
	require.Equal(t, 422, use(a.engine, "GET", "/live?x", ticket).Code)
	assert.Equal(t, []ginjwt.Event{refused}, a.take())
	require.Equal(t, 200, use(a.engine, "GET", "/live", ticket).Code)
	assert.Equal(t, []ginjwt.Event{spent, ofToken(ginjwt.EventAccepted, ginjwt.InTicket)}, a.take())
	require.Equal(t, 401, use(a.engine, "GET", "/live", ticket).Code)
	consumed := ofToken(ginjwt.EventRefused, ginjwt.InTicket)
	consumed.Fault, consumed.Reason = ginjwt.FaultCaller, "token_consumed"
	assert.Equal(t, []ginjwt.Event{consumed}, a.take())
}

// A socket that a ticket has opened ends with the session of the token that bought the ticket.
func TestContextsOfTickets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newTwoProcesses(t)
		p.engine.POST("/ticket", p.mgr.TicketHandler())
		var live context.Context
		p.engine.GET("/live", p.mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
			live = ginjwt.SessionContext(context.WithoutCancel(c.Request.Context()))
		})
		pair := newPair(t, p.mgr)
		require.Equal(t, 200, use(p.engine, "GET", "/live", buy(t, p.engine, "GET", "/live", jwttest.Bearer(pair.AccessToken))).Code)
		require.NoError(t, live.Err())
		require.NoError(t, p.peer.EndSession(t.Context(), pair.SessionID))
		settle()
		assert.Equal(t, ginjwt.CauseApplication, socket{Context: live}.endedFor(t))
	})
}
