package ginjwt_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// targetApp lets a request in by a proof for any URL, whatever its path.
type targetApp struct {
	mgr    *ginjwt.JWTManager
	engine *gin.Engine
	key    *jwttest.DPoPKey
	token  string
}

func newTargetApp(t testing.TB, origins ...string) *targetApp {
	t.Helper()
	clock := &jwttest.Clock{}
	config := jwttest.Config(clock)
	config.DPoP, config.DPoPOrigins = "accepted", origins
	mgr, engine := ginjwt.New(config), gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.NoRoute(mgr.JWTRequired(), func(c *gin.Context) { c.Status(http.StatusOK) })
	a := &targetApp{mgr: mgr, engine: engine, key: jwttest.NewDPoPKey(t, clock)}
	a.token = jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(a.key.Thumbprint(t)))
	return a
}

// takes reports whether a request line with a Host is let in by a proof for htu. The request is
// read as a server reads it; ok is false if a server refuses it.
func (a *targetApp) takes(t testing.TB, target, host, htu string) (takes, ok bool) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n")))
	if err != nil {
		return false, false
	}
	r.Header.Set("Authorization", "DPoP "+a.token)
	r.Header.Set("DPoP", a.key.Proof(t, "GET", htu, a.token))
	w := httptest.NewRecorder()
	a.engine.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		require.Contains(t, w.Header().Get("WWW-Authenticate"), `reason="dpop_proof_invalid"`, "%s %s", target, htu)
	}
	return w.Code == http.StatusOK, true
}

// The URL of a proof and that of the request are compared by RFC 3986 §6.2.2 and §6.2.3.
func TestTargetsOfProofs(t *testing.T) {
	t.Parallel()
	a := newTargetApp(t)
	for _, v := range []struct {
		target, host, htu string
		takes             bool
	}{
		{"/a", "example.com", "http://example.com/a", true},
		{"/a?x=1", "example.com", "http://example.com/a?y=2#z", true},
		{"/a", "EXAMPLE.com", "HTTP://example.COM/a", true},
		{"/a", "example.com:80", "http://example.com/a", true},
		{"/a", "example.com", "http://example.com:80/a", true},
		{"/a", "example.com", "http://example.com:/a", true},
		{"/a", "example.com:8080", "http://example.com:8080/a", true},
		{"/a", "example.com:8080", "http://example.com/a", false},
		{"/a", "example.com", "http://example.com:8080/a", false},
		{"/a", "example.com:443", "http://example.com/a", false},
		{"/a", "example.com", "https://example.com/a", false},
		{"/a", "example.com", "https://example.com:80/a", false},
		{"/", "example.com", "http://example.com", true},
		{"/", "example.com", "http://example.com?x", true},
		{"/a", "example.com", "http://example.com/a/", false},
		{"/a/", "example.com", "http://example.com/a", false},
		{"//a", "example.com", "http://example.com/a", false},
		{"//a", "example.com", "http://example.com//a", true},
		{"/a", "example.com", "http://example.com/A", false},
		{"/%61", "example.com", "http://example.com/a", true},
		{"/a", "example.com", "http://example.com/%61", true},
		{"/%7Ea", "example.com", "http://example.com/~a", true},
		{"/%7ea", "example.com", "http://example.com/%7Ea", true},
		{"/%2f", "example.com", "http://example.com/%2F", true},
		{"/a%2Fb", "example.com", "http://example.com/a/b", false},
		{"/a%252Fb", "example.com", "http://example.com/a%2Fb", false},
		{"/%2561", "example.com", "http://example.com/%61", false},
		{"/a%3Fb", "example.com", "http://example.com/a?b", false},
		{"/a%23b", "example.com", "http://example.com/a#b", false},
		{"/a%3Bb", "example.com", "http://example.com/a;b", false}, // both may mean something else to a service
		{"/a;b=1", "example.com", "http://example.com/a;b=1", true},
		{"/a/../b", "example.com", "http://example.com/b", false}, // a router may take them for two
		{"/a/../b", "example.com", "http://example.com/a/../b", false},
		{"/b", "example.com", "http://example.com/a/../b", true},
		{"/b", "example.com", "http://example.com/a/%2E%2e/b", true},
		{"/b", "example.com", "http://example.com/../../b", true},
		{"/a/", "example.com", "http://example.com/a/b/..", true},
		{"/a/b/.", "example.com", "http://example.com/a/b/", false},
		{"/a//../b", "example.com", "http://example.com/a/b", false},
		{"/a/...", "example.com", "http://example.com/a/...", true},
		{"/a/..b", "example.com", "http://example.com/a/..b", true},
		{"/a%2F..%2Fb", "example.com", "http://example.com/b", false},
		{"/%C3%BC", "example.com", "http://example.com/%c3%bc", true},
		{"/\u00fc", "example.com", "http://example.com/%c3%bc", true},
		{"/\u00fc", "example.com", "http://example.com/\u00fc", false}, // no URL
		{"/a|b", "example.com", "http://example.com/a|b", true},        // as browsers send it
		{"/a^b", "example.com", "http://example.com/a^b", true},
		{"/a[b]", "example.com", "http://example.com/a[b]", true},
		{"/a'b(c)!*", "example.com", "http://example.com/a'b(c)!*", true},
		{"/a%7Cb", "example.com", "http://example.com/a|b", true},
		{"/a|b", "example.com", "http://example.com/a%7cb", true},
		{"/a%5Bb", "example.com", "http://example.com/a[b", true},
		{"/a%2Fb|c", "example.com", "http://example.com/a%2Fb|c", true},
		{"/a/b|c", "example.com", "http://example.com/a%2Fb|c", false},
		{"/a/b%7Cc", "example.com", "http://example.com/a%2Fb|c", false},
		{"http://example.com/a%2Fb|c", "example.com", "http://example.com/a/b|c", false},
		{"/a", "[::1]", "http://[::1]/a", true},
		{"/a", "[::1]:80", "http://[::1]/a", true},
		{"/a", "[::1]:8080", "http://[::1]:8080/a", true},
		{"/a", "[::1]", "http://[::1]:8080/a", false},
		{"/a", "[2001:DB8::80]", "http://[2001:db8::80]/a", true},
		{"/a", "[2001:db8::]", "http://[2001:db8::80]/a", false},
		{"/a", "127.0.0.1", "http://127.0.0.1/a", true},
		{"/a", "127.0.0.1", "http://2130706433/a", false},
		{"/a", "", "http:///a", false},
		{"/a", "", "http://example.com/a", false},
		{"http://example.com/a", "example.com", "http://example.com/a", true},
		{"http://example.com/a", "other.example", "http://example.com/a", true}, // RFC 9112 §3.2.2: the Host does not count
		{"http://example.com/a", "other.example", "http://other.example/a", false},
		{"http://example.com/%61/../b|c?x", "example.com", "http://example.com/b|c", false},
		{"http://example.com/%61/b|c?x", "example.com", "http://example.com/a/b|c", true},
		{"http://example.com", "example.com", "http://example.com/", true},
		{"HTTP://example.com/a", "example.com", "http://example.com/a", true},
		{"x:/b?://example.com/a", "example.com", "http://example.com/a", false}, // a server takes the path /b
		{"http:/b?://example.com/a", "example.com", "http://example.com/a", false},
		{"x:/b/://example.com/a", "example.com", "http://example.com/a", false},
		{"x://example.com/a", "example.com", "http://example.com/a", false},
		{"x:b?://example.com/a", "example.com", "http://example.com/a", false},
		{"http:/a", "example.com", "http://example.com/a", false},
		{"http://example.com/a#/b", "example.com", "http://example.com/a", false}, // a server takes the path /a%23/b
		{"http://example.com/a#/b", "example.com", "http://example.com/a%23/b", true},
		{"http://example.com/a?#/b", "example.com", "http://example.com/a", true},
		{"http://example.com?/a", "example.com", "http://example.com/a", false},
		{"*", "example.com", "http://example.com/", false},
		{"/a", "user@example.com", "http://example.com/a", false},
		{"/a", "example.com", "http://user@example.com/a", false},
		{"/a", "example.com", "http://example.com\\a", false},
		{"/a", "example.com", "http://example.com/a ", false},
		{"/a", "example.com", "http:/example.com/a", false},
		{"/a", "example.com", "http:example.com/a", false},
		{"/a", "example.com", "//example.com/a", false},
		{"/a", "example.com", "/a", false},
		{"/a", "example.com", "http://example.com/%", false},
		{"/a", "example.com", "http://example.com/a%zz", false},
		{"/a", "example.com", "ftp://example.com/a", false},
		{"/a", "example.com.", "http://example.com/a", false},
	} {
		takes, ok := a.takes(t, v.target, v.host, v.htu)
		assert.Equal(t, v.takes, takes && ok, "GET %s, Host: %s, htu %s", v.target, v.host, v.htu)
	}
}

// Behind a proxy only the origins of the settings count, and not what the request says.
func TestTargetsBehindAProxy(t *testing.T) {
	t.Parallel()
	a := newTargetApp(t, "https://API.example.com:443", "https://www.example.com/api/", "http://[::1]:8080")
	for _, v := range []struct {
		target, htu string
		takes       bool
	}{
		{"/a", "https://api.example.com/a", true},
		{"/a", "https://www.example.com/api/a", true},
		{"/a", "http://[::1]:8080/a", true},
		{"/", "https://www.example.com/api/", true},
		{"/", "https://www.example.com/api", true}, // without its path, which a proxy removes, this URL has the path "/"
		{"/", "https://www.example.com/api/a", false},
		{"//", "https://www.example.com/api", false},
		{"/a", "https://www.example.com/api", false},
		{"/a", "https://www.example.com/a", false},
		{"/a", "https://api.example.com/api/a", false},
		{"/a", "http://api.example.com/a", false},
		{"/a", "http://localhost/a", false},
		{"/a", "https://evil.example/a", false},
		{"/../a", "https://www.example.com/api/a", false},
		{"/a", "https://www.example.com/a/../api/a", true},
		{"/../a", "https://www.example.com/a", false},
		{"http://evil.example/a", "http://evil.example/a", false},
		{"http://evil.example/a", "https://api.example.com/a", true},
	} {
		for _, host := range []string{"localhost", "evil.example", "api.example.com"} {
			takes, ok := a.takes(t, v.target, host, v.htu)
			assert.Equal(t, v.takes, takes && ok, "GET %s, Host: %s, htu %s", v.target, host, v.htu)
		}
	}
}

// The model of the comparison: the algorithms of RFC 3986 as they are written there.

// modelTarget is a URL in parts, as a client writes them.
type modelTarget struct{ scheme, host, port, path, rest string }

func (u modelTarget) String() string { return u.scheme + "://" + u.host + u.port + u.path + u.rest }

var (
	modelEscape = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	modelOdd    = regexp.MustCompile(`[^A-Za-z0-9._~!$&'()*+,;=:@/%-]`)
	modelPlain  = regexp.MustCompile(`^[A-Za-z0-9._~-]$`)
)

// normal is the form of "htu". A request keeps its dot segments: asked.
func (u modelTarget) normal() string { return u.origin() + modelDots(u.escaped()) }

func (u modelTarget) asked() string { return u.origin() + u.escaped() }

func (u modelTarget) origin() string {
	port := strings.TrimPrefix(u.port, ":")
	if port == map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.scheme)] {
		port = ""
	}
	return strings.ToLower(u.scheme+"://"+u.host) + ":" + port
}

func (u modelTarget) escaped() string {
	path := modelEscape.ReplaceAllStringFunc(u.path, func(escape string) string {
		var octet byte
		_, _ = fmt.Sscanf(escape, "%%%02x", &octet)
		if modelPlain.MatchString(string(rune(octet))) {
			return string(rune(octet))
		}
		return strings.ToUpper(escape)
	})
	return modelOdd.ReplaceAllStringFunc(path, func(c string) string { return fmt.Sprintf("%%%02X", c) })
}

// modelDots is remove_dot_segments of RFC 3986 §5.2.4.
func modelDots(in string) (out string) {
	if in == "" {
		return "/"
	}
	for in != "" {
		switch {
		case strings.HasPrefix(in, "/./"):
			in = in[2:]
		case in == "/.":
			in = "/"
		case strings.HasPrefix(in, "/../"):
			in, out = in[3:], out[:max(0, strings.LastIndex(out, "/"))]
		case in == "/..":
			in, out = "/", out[:max(0, strings.LastIndex(out, "/"))]
		default:
			end := strings.Index(in[1:], "/") + 1
			if end == 0 {
				end = len(in)
			}
			in, out = in[end:], out+in[:end]
		}
	}
	return out
}

func modelPath(random *rand.Rand) string {
	pieces := []string{"/", "/", "/", "/a", "/b", "/..", "/.", "/%2e", "/%2E%2e", "%2f", "%2F", "a", "%61", "A", "%41", "|", "%7c", "~", "%7E", ";", "%3B", "%25", "%2561", "...", "%C3%BC", "[", "%5b", "+", "%20", "%2B", "^", "'", ":", "@", "//"}
	var b strings.Builder
	b.WriteByte('/')
	for range random.IntN(6) {
		b.WriteString(pieces[random.IntN(len(pieces))])
	}
	return b.String()
}

// A proof is for the URL of the request exactly if the model says so.
func TestTargetsAreThoseOfTheModel(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	origins := []modelTarget{{scheme: "https", host: "api.example.com"}, {scheme: "http", host: "[::1]", port: ":8080"}}
	open, behind := newTargetApp(t), newTargetApp(t, origins[0].String(), origins[1].String())
	one := func(list ...string) string { return list[random.IntN(len(list))] }
	var matches int
	for range 4000 {
		asked := modelTarget{"http", one("example.com", "EXAMPLE.com", "[::1]"), one("", "", ":80", ":8080"), modelPath(random), one("", "?x", "?http://x/y")}
		claimed := modelTarget{one("http", "HTTP", "https"), one("example.com", "Example.COM", "[::1]"), one("", ":", ":80", ":8080", ":443"), modelPath(random), one("", "?y", "#z", "?y#/z")}
		if random.IntN(3) > 0 {
			claimed.path = asked.path
		}
		if random.IntN(2) > 0 {
			claimed.scheme, claimed.host, claimed.port = asked.scheme, asked.host, asked.port
		}
		takes, ok := open.takes(t, asked.path+asked.rest, asked.host+asked.port, claimed.String())
		require.True(t, ok, "seed %d: %s", seed, asked)
		require.Equal(t, asked.asked() == claimed.normal(), takes, "seed %d: a request of %s, a proof for %s", seed, asked, claimed)
		if takes {
			matches++
		}

		if random.IntN(2) > 0 {
			of := origins[random.IntN(2)]
			claimed.scheme, claimed.host, claimed.port = of.scheme, of.host, of.port
		}
		wanted := false
		for _, origin := range origins {
			origin.path = asked.path
			wanted = wanted || origin.asked() == claimed.normal()
		}
		takes, _ = behind.takes(t, asked.path+asked.rest, asked.host+asked.port, claimed.String())
		require.Equal(t, wanted, takes, "seed %d: behind a proxy, a request of %s, a proof for %s", seed, asked, claimed)
	}
	assert.Greater(t, matches, 400, "otherwise the test shows nothing")
}

// The URL of the client counts, also if a router has changed the request since.
func TestTargetsBehindARouter(t *testing.T) {
	t.Parallel()
	a := newTargetApp(t)
	send := func(h http.Handler, target, htu string) int {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("Authorization", "DPoP "+a.token)
		r.Header.Set("DPoP", a.key.Proof(t, "GET", htu, a.token))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	stripped := http.StripPrefix("/api", a.engine)
	for _, target := range []string{"/api/a", "http://example.com/api/a", "/api/%61?x"} {
		assert.Equal(t, 200, send(stripped, target, "http://example.com/api/a"), target)
		assert.Equal(t, 401, send(stripped, target, "http://example.com/a"), target)
	}
	rewriting := gin.New()
	rewriting.GET("/old", func(c *gin.Context) {
		c.Request.URL.Path = "/new"
		rewriting.HandleContext(c)
	})
	rewriting.GET("/new", gin.WrapH(a.engine))
	assert.Equal(t, 200, send(rewriting, "/old", "http://example.com/old"))
	assert.Equal(t, 401, send(rewriting, "/old", "http://example.com/new"))
	assert.Equal(t, 200, send(rewriting, "/new", "http://example.com/new"))
}

// A server of HTTP/2 with TLS: the scheme is https, and :authority is the host.
func TestTargetsOfHTTP2(t *testing.T) {
	t.Parallel()
	a := newTargetApp(t)
	server := httptest.NewUnstartedServer(a.engine)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	for htu, want := range map[string]int{
		server.URL + "/a": 200, strings.Replace(server.URL, "https", "http", 1) + "/a": 401, server.URL + "/b": 401, "https://127.0.0.1/a": 401,
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/a?x", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "DPoP "+a.token)
		r.Header.Set("DPoP", a.key.Proof(t, "GET", htu, a.token))
		response, err := server.Client().Do(r)
		require.NoError(t, err)
		_ = response.Body.Close()
		assert.Equal(t, 2, response.ProtoMajor)
		assert.Equal(t, want, response.StatusCode, htu)
	}
}

var (
	modelURL       = regexp.MustCompile(`^([A-Za-z]+)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$`) // RFC 3986, appendix B
	modelAuthority = regexp.MustCompile(`^(\[[^\]]*\]|[^:@]+)(:[0-9]*)?$`)
)

func modelTargetOf(text string) (u modelTarget, ok bool) {
	parts := modelURL.FindStringSubmatch(text)
	if parts == nil {
		return u, false
	}
	authority := modelAuthority.FindStringSubmatch(parts[2])
	if authority == nil {
		return u, false
	}
	return modelTarget{parts[1], authority[1], authority[2], parts[3], ""}, true
}

// FuzzTarget compares any two URLs. Two that are the same for a manager are the same for the
// model, and a URL of which both make sense is the same as itself.
func FuzzTarget(f *testing.F) {
	for _, seed := range [][2]string{
		{"http://example.com/a", "http://EXAMPLE.com:80/%61?x#y"}, {"https://[::1]:443/../b", "https://[::1]/./b"}, {"http://example.com/a%2fb", "http://example.com/a/b"},
		{"http://u@example.com/", "http://example.com/"}, {"http://example.com\\@evil/", "http://example.com"}, {"http://a:80:80/", "http://a:80/"}, {"HTTP://a:/..%2f|^", "http://a/..%2F%7C%5E"},
		{"http://a/%", "http://a/%25"}, {"http://%61/", "http://a/"}, {"http://[::1%25a]/", "http://[::1%25A]/"}, {"http:///a", "http:/a"}, {"http://a/%00", "http://a/\x00"},
	} {
		f.Add(seed[0], seed[1])
	}
	a := newTargetApp(f)
	f.Fuzz(func(t *testing.T, asked, claimed string) {
		takes := func(asked, claimed string) bool {
			proof := ginjwt.WithProof(a.key.Proof(t, "GET", claimed, a.token), "GET", asked)
			_, err := a.mgr.VerifyToken(t.Context(), a.token, proof)
			return err == nil
		}
		u, ok := modelTargetOf(asked)
		v, alsoOK := modelTargetOf(claimed)
		if takes(asked, claimed) {
			require.True(t, ok && alsoOK, "%q, %q", asked, claimed)
			require.Equal(t, u.normal(), v.normal(), "%q, %q", asked, claimed)
			require.True(t, takes(claimed, asked), "%q, %q", asked, claimed)
			require.True(t, takes(asked, asked) && takes(claimed, claimed), "%q, %q", asked, claimed)
			require.True(t, takes(u.normal(), claimed), "%q: the normal form %q", asked, u.normal())
		}
	})
}
