package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// door is a route with a credential. use sends what c has to the tenant at.
type door struct {
	use    func(w *world, at string, c credentials) *httptest.ResponseRecorder
	home   int    // the status at the tenant that made the credential
	abroad int    // the status at another tenant
	body   string // of the response abroad, if it is not that of a refusal
}

func bearer(method, path string, of func(credentials) string, opts ...jwttest.RequestOption) func(*world, string, credentials) *httptest.ResponseRecorder {
	return func(w *world, at string, c credentials) *httptest.ResponseRecorder {
		return w.do(at, method, path, append(opts, jwttest.Bearer(of(c)))...)
	}
}

func form(path, field string, of func(credentials) string) func(*world, string, credentials) *httptest.ResponseRecorder {
	return func(w *world, at string, c credentials) *httptest.ResponseRecorder {
		return w.do(at, "POST", path, jwttest.Form(field, of(c)))
	}
}

func cookies(method, path, csrf string) func(*world, string, credentials) *httptest.ResponseRecorder {
	return func(w *world, at string, c credentials) *httptest.ResponseRecorder {
		return w.do(at, method, path, jwttest.Cookies(c.cookies), jwttest.Header("X-CSRF-TOKEN", c.csrf(csrf)))
	}
}

// introspect asks a tenant, as a service of that tenant.
func introspect(of func(credentials) string) func(*world, string, credentials) *httptest.ResponseRecorder {
	return func(w *world, at string, c credentials) *httptest.ResponseRecorder {
		w.directory.mu.Lock()
		asked := w.directory.tenants[at+".test"]
		w.directory.mu.Unlock()
		return w.do(at, "POST", "/introspect", jwttest.Form("token", of(c)), basic(asked.ID, asked.ClientSecret))
	}
}

func basic(id, secret string) jwttest.RequestOption {
	return func(r *http.Request) { r.SetBasicAuth(id, secret) }
}

func access(c credentials) string   { return c.access }
func refresh(c credentials) string  { return c.refresh }
func ticket(c credentials) string   { return c.ticket }
func link(c credentials) string     { return c.link }
func provider(c credentials) string { return c.provider }
func logout(c credentials) string   { return c.logout }

const inactive = `{"active":false}` + "\n"

var doors = map[string]door{
	"access token":               {use: bearer("GET", "/me", access), home: 200, abroad: 422},
	"token of the provider":      {use: bearer("GET", "/me", provider), home: 200, abroad: 422},
	"list of sessions":           {use: bearer("GET", "/sessions", access), home: 200, abroad: 422},
	"order of a ticket":          {use: bearer("POST", "/ticket", access, jwttest.JSON(`{"url":"/download"}`)), home: 200, abroad: 422},
	"refresh token":              {use: bearer("POST", "/refresh", refresh), home: 200, abroad: 422},
	"logout, access token":       {use: bearer("POST", "/logout", access), home: 204, abroad: 422},
	"logout, refresh token":      {use: bearer("POST", "/logout", refresh), home: 204, abroad: 422},
	"logout, form":               {use: form("/logout", "refresh_token", refresh), home: 204, abroad: 422},
	"introspect access token":    {use: introspect(access), home: 200, abroad: 200, body: inactive},
	"introspect refresh token":   {use: introspect(refresh), home: 200, abroad: 200, body: inactive},
	"revoke access token":        {use: form("/revoke", "token", access), home: 200, abroad: 200},
	"revoke refresh token":       {use: form("/revoke", "token", refresh), home: 200, abroad: 200},
	"logout token":               {use: form("/backchannel-logout", "logout_token", logout), home: 200, abroad: 400},
	"cookies":                    {use: cookies("GET", "/me", "__Host-csrf-access"), home: 200, abroad: 422},
	"cookies, change":            {use: cookies("POST", "/note", "__Host-csrf-access"), home: 200, abroad: 422},
	"cookies, refresh":           {use: cookies("POST", "/refresh", "__Host-csrf-refresh"), home: 200, abroad: 422},
	"cookies, logout":            {use: cookies("POST", "/logout", "__Host-csrf-access"), home: 204, abroad: 204}, // cookies that nobody can read are removed
	"service of another tenant":  {home: 200, abroad: 401, use: asOwnService},
	"password":                   {home: 200, abroad: 401, use: logIn},
	"session ID":                 {home: 204, abroad: 404, use: endSession},
	"link, the purpose token":    {home: 204, abroad: 422, use: useLink},
	"link as an access token":    {use: bearer("GET", "/me", link), home: 422, abroad: 422},
	"ticket":                     {home: 200, abroad: 422, use: useTicket},
	"ticket as an access token":  {use: bearer("GET", "/me", ticket), home: 422, abroad: 422},
	"logout token in the header": {use: bearer("GET", "/me", logout), home: 422, abroad: 422},
}

func asOwnService(w *world, at string, c credentials) *httptest.ResponseRecorder {
	return w.do(at, "POST", "/introspect", jwttest.Form("token", c.access), basic(c.tenant.ID, c.tenant.ClientSecret))
}

func logIn(w *world, at string, c credentials) *httptest.ResponseRecorder {
	return w.do(at, "POST", "/login", jwttest.JSON(`{"name":"alice","password":"`+c.password+`"}`))
}

func useLink(w *world, at string, c credentials) *httptest.ResponseRecorder {
	return w.do(at, "POST", "/password", jwttest.JSON(`{"token":"`+c.link+`","password":"a new password"}`))
}

func useTicket(w *world, at string, c credentials) *httptest.ResponseRecorder {
	return w.do(at, "GET", "/download?ticket="+c.ticket, jwttest.Header("Sec-Fetch-Site", "same-origin"))
}

// endSession ends the session of c, with a token of alice at the tenant.
func endSession(w *world, at string, c credentials) *httptest.ResponseRecorder {
	own := c.access
	if at != c.tenant.ID {
		own = w.visitor.access
	}
	return w.do(at, "DELETE", "/sessions/"+c.session, jwttest.Bearer(own))
}

// Each credential of acme is used at globex: it is refused, and no store is written to. Then
// the same request works at acme, and everything of globex still works.
func TestNothingCrosses(t *testing.T) {
	t.Parallel()
	for store, open := range map[string]storesOf{"memory": inMemory, "SQLite": inSQLite} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			nothingCrossesIn(t, open)
		})
	}
}

func TestNothingCrossesInRedis(t *testing.T) {
	t.Parallel()
	nothingCrossesIn(t, inRedis(t))
}

func nothingCrossesIn(t *testing.T, stores storesOf) {
	t.Helper()
	for keys, same := range map[string]bool{"own keys": false, "same keys": true} {
		for name, d := range doors {
			t.Run(keys+"/"+name, func(t *testing.T) {
				t.Parallel()
				nothingCrosses(t, newWorld(t, stores, same), d)
			})
		}
	}
}

func nothingCrosses(t *testing.T, w *world, d door) {
	t.Helper()
	acme, globex := w.credentials(t, "acme"), w.credentials(t, "globex")
	w.visitor = globex
	before := w.writes.n.Load()
	abroad := d.use(w, "globex", acme)
	assert.Equal(t, d.abroad, abroad.Code, abroad.Body)
	if d.body != "" {
		assert.Equal(t, d.body, abroad.Body.String())
	}
	assert.NotContains(t, abroad.Body.String(), "alice")
	assert.Equal(t, before, w.writes.n.Load(), "nothing is written")

	home := d.use(w, "acme", acme)
	assert.Equal(t, d.home, home.Code, home.Body)
	assert.NotContains(t, home.Body.String(), inactive)
	stillWorks(t, w, globex)
}

// stillWorks uses everything that c has.
func stillWorks(t *testing.T, w *world, c credentials) {
	t.Helper()
	for _, name := range []string{
		"access token", "token of the provider", "introspect access token", "introspect refresh token", "ticket", "cookies, change", "refresh token", "cookies, refresh",
		"session ID", "link, the purpose token",
	} {
		got := doors[name].use(w, c.tenant.ID, c)
		require.Equal(t, doors[name].home, got.Code, "%s: %s", name, got.Body)
		require.NotContains(t, got.Body.String(), inactive, name)
	}
}
