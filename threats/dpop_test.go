package threats_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// dpopApp is an application with every door that a bound token may be shown at.
type dpopApp struct {
	*attackApp
	key *jwttest.DPoPKey // of alice
}

func newDPoPApp(t testing.TB, settings func(*ginjwt.Config), loaders ...func(*ginjwt.JWTManager)) *dpopApp {
	t.Helper()
	a := &dpopApp{}
	a.attackApp = attackNew(t, func(c *ginjwt.Config) {
		c.DPoP = "accepted"
		c.Sessions = &ginjwt.MemorySessions{Now: c.Now}
		c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies, ginjwt.InQueryString, ginjwt.InJSON}
		c.DisableCookieCSRFProtect = true // so that a cookie is refused for its proof only
		if settings != nil {
			settings(c)
		}
	}, loaders...)
	a.key = jwttest.NewDPoPKey(t, a.clock)
	m, e := a.mgr, a.engine
	login := func(c *gin.Context) {
		pair, err := m.CreateTokenPair(c, "alice")
		if err != nil {
			m.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair)
	}
	e.POST("/login", login)
	e.POST("/again", m.JWTRequired(), login)
	e.POST("/access", m.JWTRequired(), func(c *gin.Context) {
		token, err := m.CreateAccessToken(c, "alice")
		if err != nil {
			m.Refuse(c, err)
			return
		}
		c.String(http.StatusOK, token)
	})
	e.Any("/bound", m.JWTRequired(ginjwt.Bound()), attackHandler)
	e.POST("/tokens", m.RefreshHandler())
	e.POST("/both", m.RefreshHandler(ginjwt.RequireAccessToken()))
	e.POST("/logout", m.LogoutHandler())
	e.POST("/revoke", m.RevocationHandler())
	e.POST("/introspect", m.IntrospectionHandler(func(*gin.Context) bool { return true }))
	e.POST("/ticket", m.TicketHandler())
	e.GET("/live", m.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), attackHandler)
	e.Any("/net", gin.WrapH(m.Middleware()(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Ran", "yes") }))))
	return a
}

// login returns a pair that is bound to key; nil: to none.
func (a *dpopApp) login(t testing.TB, key *jwttest.DPoPKey) (pair ginjwt.TokenPair) {
	t.Helper()
	var opts []jwttest.RequestOption
	if key != nil {
		opts = append(opts, key.Sign(t, ""))
	}
	w := jwttest.Do(a.engine, "POST", "/login", opts...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	return pair
}

// refuses sends a request, and requires that its refusal has the reason.
func (a *dpopApp) refuses(t *testing.T, reason, method, target string, opts ...jwttest.RequestOption) {
	t.Helper()
	w := jwttest.Do(a.engine, method, target, opts...)
	assert.Contains(t, []int{400, 401}, w.Code, w.Body)
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="`+reason+`"`, w.Body)
	assert.Empty(t, w.Header().Get("X-Ran"), "the handler ran")
}

// passes sends a request that must be accepted.
func (a *dpopApp) passes(t *testing.T, method, target string, opts ...jwttest.RequestOption) *httptest.ResponseRecorder {
	t.Helper()
	w := jwttest.Do(a.engine, method, target, opts...)
	assert.Contains(t, []int{200, 204}, w.Code, "%s %s: %s", method, target, w.Body)
	return w
}

func dpopHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return b64(string(sum[:]))
}

// dpopSend is the request with a token in the scheme DPoP, and with a proof.
func dpopSend(token string, proofs ...string) jwttest.RequestOption {
	return func(r *http.Request) {
		r.Header.Set("Authorization", "DPoP "+token)
		if len(proofs) > 0 {
			r.Header["Dpop"] = proofs
		}
	}
}

// dpopForger makes proofs of any form with the key of alice, who lets her token be bound to it.
type dpopForger struct {
	app   *dpopApp
	alg   string
	key   any
	token string
}

func newDPoPForger(t *testing.T, a *dpopApp, alg string) *dpopForger {
	t.Helper()
	f := &dpopForger{app: a, alg: alg, key: alienKeys().of(alg)}
	w := jwttest.Do(a.engine, "POST", "/login", jwttest.Header("DPoP", f.sign(f.header(), f.claims("POST", "/login"))))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var pair ginjwt.TokenPair
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	f.token = pair.AccessToken
	return f
}

func (f *dpopForger) jwk() string { return publicJWK(publicOf(f.key)) }

// header has more members after those that a proof needs.
func (f *dpopForger) header(members ...string) string {
	return `{"typ":"dpop+jwt","alg":"` + f.alg + `","jwk":` + f.jwk() + dpopMembers(members) + `}`
}

func (f *dpopForger) claims(method, path string, members ...string) string {
	hash := ""
	if f.token != "" {
		hash = `,"ath":"` + dpopHash(f.token) + `"`
	}
	return fmt.Sprintf(`{"jti":%q,"htm":%q,"htu":"http://example.com%s","iat":%s%s%s}`, rand.Text(), method, path, f.app.at(0), hash, dpopMembers(members))
}

func (f *dpopForger) get(members ...string) string { return f.claims("GET", "/private", members...) }

func (f *dpopForger) sign(header, claims string) string { return seal(f.alg, f.key, header, claims) }

func dpopMembers(members []string) string {
	return strings.Join(append([]string{""}, members...), ",")
}
