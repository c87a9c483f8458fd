package threats_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The model of bound tokens: a few lines that say who is let in, beside real managers that share
// their stores and have each value of the setting.

// modelToken is a pair of tokens, and the number of the key that it is bound to; -1: none.
type modelToken struct {
	access, refresh string
	key             int
}

// modelProof is a proof that a client has made, with what it is for.
type modelProof struct {
	encoded      string
	key          int
	method, path string
	access       string
	issued       time.Time
}

type dpopModel struct {
	*rand.Rand
	t      *testing.T
	clock  *jwttest.Clock
	apps   []*dpopApp
	keys   []*jwttest.DPoPKey
	tokens []modelToken
	proofs []modelProof
	used   map[string]bool // by process, or "all", and the proof

	latest struct { // request with an access token
		token        modelToken
		method, path string
		proof        *modelProof
	}
}

var modelModes = []string{"off", "accepted", "accepted", "demanded", "demanded"}

func newDPoPModel(t *testing.T, seed uint64) *dpopModel {
	m := &dpopModel{Rand: rand.New(rand.NewPCG(seed, 19)), t: t, clock: &jwttest.Clock{}, used: map[string]bool{}}
	now := m.clock.Now
	sessions, once := &ginjwt.MemorySessions{Now: now}, &ginjwt.MemoryOnce{Now: now}
	for _, mode := range modelModes {
		m.apps = append(m.apps, newDPoPApp(t, func(c *ginjwt.Config) {
			c.DPoP, c.Now, c.Sessions, c.Once, c.AccessTokenExpires = mode, now, sessions, once, 100*time.Hour
		}))
	}
	m.keys = []*jwttest.DPoPKey{jwttest.NewDPoPKey(t, m.clock), jwttest.NewDPoPKey(t, m.clock)}
	return m
}

// proof makes a proof that is mostly right for a request, or takes an old one; nil: none.
func (m *dpopModel) proof(token modelToken, method, path string) *modelProof {
	switch n := m.IntN(10); {
	case n == 0:
		return nil
	case n <= 2 && len(m.proofs) > 0:
		return &m.proofs[len(m.proofs)-1-m.IntN(min(len(m.proofs), 5))]
	}
	p := modelProof{key: max(token.key, 0), method: method, path: path, access: token.access, issued: m.clock.Now()}
	switch m.IntN(12) {
	case 0:
		p.key = 1 - p.key
	case 1:
		p.method = "PUT"
	case 2:
		p.path = "/elsewhere"
	case 3:
		p.access = m.tokens[m.IntN(len(m.tokens))].access
	case 4:
		p.access = ""
	case 5:
		p.issued = p.issued.Add(time.Duration(m.IntN(130)-65) * time.Second)
	}
	p.encoded = m.keys[p.key].Proof(m.t, p.method, "http://example.com"+p.path, p.access, func(_, claims map[string]any) { claims["iat"] = p.issued.Unix() })
	m.proofs = append(m.proofs, p)
	return &m.proofs[len(m.proofs)-1]
}

// good reports whether a proof is good for a request to one process, and uses it up.
func (m *dpopModel) good(p *modelProof, app int, key int, method, path, access string, strictly bool) bool {
	if p == nil || key >= 0 && p.key != key || p.method != method || p.path != path || access != "" && p.access != access {
		return false
	}
	if distance := m.clock.Now().Unix() - p.issued.Unix(); distance < -60 || distance > 60 { // "iat" has whole seconds
		return false
	}
	where := fmt.Sprint(app)
	if strictly {
		where = "all"
	}
	if m.used[where+p.encoded] {
		return false
	}
	m.used[where+p.encoded] = true
	return true
}

// passes is the model of a route.
func (m *dpopModel) passes(token modelToken, scheme string, p *modelProof, app int, method, path string) bool {
	strictly := modelModes[app] == "demanded" || path == "/bound"
	if token.key < 0 {
		return !strictly && scheme != "DPoP"
	}
	return scheme != "Bearer" && m.good(p, app, token.key, method, path, token.access, strictly)
}

func (m *dpopModel) send(app int, method, path string, p *modelProof, opts ...jwttest.RequestOption) (code int, body []byte) {
	if p != nil {
		opts = append(opts, jwttest.Header("DPoP", p.encoded))
	}
	w := jwttest.Do(m.apps[app].engine, method, path, opts...)
	return w.Code, w.Body.Bytes()
}

func (m *dpopModel) requireKey(token string, key int, what string) {
	decoded, err := m.apps[0].mgr.DecodeToken(m.t.Context(), token)
	require.NoError(m.t, err, what)
	want := ""
	if key >= 0 {
		want = m.keys[key].Thumbprint(m.t)
	}
	require.Equal(m.t, want, decoded.KeyThumbprint(), what)
}

// login returns a new pair, or none.
func (m *dpopModel) login(app int, what string) {
	p, key := m.proof(modelToken{key: m.IntN(2), access: ""}, "POST", "/login"), -1
	want := true
	switch mode := modelModes[app]; {
	case mode == "off", mode == "accepted" && p == nil:
	default:
		if want = m.good(p, app, -1, "POST", "/login", "", mode == "demanded"); want {
			key = p.key
		}
	}
	code, body := m.send(app, "POST", "/login", p)
	require.Equal(m.t, want, code == http.StatusOK, "%s: %d %s", what, code, body)
	if want {
		m.add(body, key, what)
		m.tokens = m.tokens[max(0, len(m.tokens)-8):]
	}
}

// add adds the pair of a response.
func (m *dpopModel) add(body []byte, key int, what string) {
	var pair ginjwt.TokenPair
	require.NoError(m.t, json.Unmarshal(body, &pair), what)
	m.requireKey(pair.AccessToken, key, what)
	m.requireKey(pair.RefreshToken, key, what)
	require.Equal(m.t, key >= 0, pair.TokenType == "DPoP", what)
	token := modelToken{pair.AccessToken, pair.RefreshToken, key}
	m.tokens = append(m.tokens, token)
}

// visit sends an access token to a route.
func (m *dpopModel) visit(app int, what string) (passed bool) {
	token := m.tokens[m.IntN(len(m.tokens))]
	path := []string{"/private", "/bound", "/net", "/access"}[m.IntN(4)]
	method := "POST"
	if path != "/access" && m.IntN(2) == 0 {
		method = "GET"
	}
	p, scheme := m.proof(token, method, path), []string{"DPoP", "DPoP", "Bearer", "Cookie"}[m.IntN(4)]
	if m.latest.proof != nil && m.IntN(3) == 0 { // somebody sends all of it again
		token, method, path, p = m.latest.token, m.latest.method, m.latest.path, m.latest.proof
	}
	m.latest.token, m.latest.method, m.latest.path, m.latest.proof = token, method, path, p
	header := jwttest.Header("Authorization", scheme+" "+token.access)
	if scheme == "Cookie" {
		header = jwttest.Header("Cookie", "access_token_cookie="+token.access)
	}
	want, key := m.passes(token, scheme, p, app, method, path), token.key
	if want && path == "/access" && key < 0 && modelModes[app] == "accepted" && p != nil { // the new token is bound
		if want = m.good(p, app, -1, method, path, "", false); want {
			key = p.key
		}
	}
	code, body := m.send(app, method, path, p, header)
	require.Equal(m.t, want, code == http.StatusOK, "%s: %s %s %s: %d %s", what, scheme, method, path, code, body)
	if want && path == "/access" {
		m.requireKey(string(body), key, what)
	}
	return want
}

// refresh exchanges a refresh token.
func (m *dpopModel) refresh(app int, what string) {
	i := m.IntN(len(m.tokens))
	token := m.tokens[i]
	p := m.proof(token, "POST", "/tokens")
	want := modelModes[app] != "demanded"
	if token.key >= 0 {
		want = m.good(p, app, token.key, "POST", "/tokens", "", !want)
	}
	code, body := m.send(app, "POST", "/tokens", p, jwttest.JSON(`{"refresh_token":"`+token.refresh+`"}`))
	require.Equal(m.t, want, code == http.StatusOK, "%s: %d %s", what, code, body)
	if want {
		last := len(m.tokens)
		m.add(body, token.key, what)
		m.tokens[i] = m.tokens[last] // the old pair is gone
		m.tokens = m.tokens[:last]
		m.latest.proof = nil
	}
}

// A random walk over logins, requests, refreshes and time: the managers do what the model says.
func TestDPoPIsAsTheModel(t *testing.T) {
	t.Parallel()
	steps := 4000
	if testing.Short() {
		steps = 500
	}
	seed := rand.Uint64()
	m := newDPoPModel(t, seed)
	for _, key := range []*jwttest.DPoPKey{m.keys[0], m.keys[1], nil} {
		pair := m.apps[1].login(t, key)
		m.tokens = append(m.tokens, modelToken{pair.AccessToken, pair.RefreshToken, slices.Index(m.keys, key)})
	}
	var passed int
	for step := range steps {
		what, app := fmt.Sprintf("seed %d, step %d", seed, step), m.IntN(len(m.apps))
		switch n := m.IntN(10); {
		case n == 0:
			m.login(app, what)
		case n <= 2:
			m.refresh(app, what)
		case n <= 8:
			if m.visit(app, what) {
				passed++
			}
		default:
			m.clock.Advance(time.Duration(m.IntN(30000)) * time.Millisecond)
		}
	}
	assert.Greater(t, passed, steps/20, "otherwise the walk shows nothing")
}
