package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/spa/script"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func init() { gin.SetMode(gin.ReleaseMode) }

// service is an application with logins, served by TLS and HTTP/2 under every name.
type service struct {
	t      *testing.T
	jwt    *ginjwt.JWTManager
	clock  *jwttest.Clock // nil: the real one
	prefix string         // of all its routes
	router *gin.Engine
	port   string

	// trouble may keep an answer of /refresh back, and reports whether it is lost.
	// What the library has done is done by then.
	trouble func() (lost bool)

	mu     sync.Mutex
	reused int
	issued map[string]bool // every token that was in an answer
	events []string        // refreshes and logouts, for the log of a failed test

	refused map[string]int // refusals, by their reason
	proof   string         // the newest of GET /messages
}

// place is where a service is, and how it is set.
type place struct {
	prefix    string // of its routes
	clock     *jwttest.Clock
	origins   []string // of pages that may use it
	configure func(*ginjwt.Config)
	like      *service // another deployment of it, with the same sessions
}

func newService(t *testing.T, at place) *service {
	t.Helper()
	s := &service{t: t, clock: at.clock, prefix: at.prefix, router: gin.New(), trouble: func() bool { return false }, issued: map[string]bool{}, refused: map[string]int{}}
	config := jwttest.Config(at.clock)
	config.DPoP, config.DPoPNonce = "accepted", true
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	config.Sessions = &ginjwt.MemorySessions{Now: config.Now}
	config.Blocklist = &ginjwt.MemoryBlocklist{Now: config.Now}
	if at.like != nil {
		former := at.like.jwt.Config()
		config.Sessions, config.Blocklist = former.Sessions, former.Blocklist
	}
	if at.configure != nil {
		at.configure(&config)
	}
	s.jwt = ginjwt.New(config)
	s.jwt.OnReuse(s.onReuse)
	require.NoError(t, s.jwt.InitApp(s.router))
	s.router.Use(allow(at.origins))
	s.routes(s.router.Group(at.prefix))
	s.port = serve(t, s)
	return s
}

// serve serves under every name until the test ends, and returns the port.
func serve(t *testing.T, handler http.Handler) (port string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that a browser opens in advance
	server.StartTLS()
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	return address.Port()
}

// allow answers for CORS.
func allow(origins []string) gin.HandlerFunc {
	return func(c *gin.Context) {
		origin := c.GetHeader("Origin")
		for _, allowed := range origins {
			if !strings.HasPrefix(origin, allowed+":") {
				continue
			}
			c.Header("Access-Control-Allow-Origin", origin)
			c.Header("Access-Control-Allow-Credentials", "true")
			c.Header("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce, Date")
			if c.Request.Method == http.MethodOptions {
				c.Header("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP, Idempotency-Key, X-CSRF-TOKEN, X-XSRF-TOKEN")
				c.AbortWithStatus(http.StatusNoContent)
			}
		}
	}
}

func (s *service) routes(at *gin.RouterGroup) {
	required := s.jwt.JWTRequired()
	at.GET("/", s.servePage)
	at.GET("/empty", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/html", []byte("<!doctype html><title>empty</title>"))
	})
	at.GET("/client.js", func(c *gin.Context) { c.File(c.Query("file")) })
	for _, name := range []string{"session", "dpop", "app"} {
		at.GET("/"+name+".js", serveDocumented(name))
	}
	at.GET("/worker.js", func(c *gin.Context) { c.File("testdata/worker.js") })
	at.POST("/login", s.login)
	at.POST("/refresh", s.jwt.RefreshHandler())
	at.POST("/logout", s.jwt.LogoutHandler())
	at.GET("/messages", required, func(c *gin.Context) {
		c.Data(http.StatusOK, "text/html", []byte("<!doctype html><title>messages</title><p>secrets of "+ginjwt.GetJWTIdentity(c)))
	})
	at.POST("/messages", required, func(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) })
	at.POST("/ticket", s.jwt.TicketHandler())
	at.GET("/ws", s.jwt.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), acceptAll)
}

// login logs the user in whom the query names.
func (s *service) login(c *gin.Context) {
	pair, err := s.jwt.CreateTokenPair(c, c.DefaultQuery("as", "alice"))
	if in := c.Query("in"); err == nil && in != "headers" && in != "dpop" {
		err = s.jwt.SetPairCookies(c, pair, ginjwt.Persistent(c.Query("persistent") != ""))
		pair.AccessToken, pair.RefreshToken = "", ""
	}
	if err != nil {
		s.jwt.Refuse(c, err)
		return
	}
	c.JSON(http.StatusOK, pair)
}

// settings are what the script of a page has to know.
type settings struct {
	API       string            `json:"api"` // where the routes are
	Login     string            `json:"login"`
	Refresh   string            `json:"refresh"`
	Logout    string            `json:"logout"`
	InHeaders bool              `json:"inHeaders"` // else tokens are in cookies
	DPoP      bool              `json:"dpop"`      // tokens are bound to a key
	CSRF      map[string]string `json:"csrf"`      // the cookies "access" and "refresh", and the "header"
}

// servePage has the client in it that the query names.
func (s *service) servePage(c *gin.Context) {
	config := s.jwt.Config()
	forScript, err := json.Marshal(settings{
		API: c.DefaultQuery("api", s.prefix), Login: "/login?" + c.Request.URL.RawQuery, Refresh: "/refresh", Logout: "/logout",
		InHeaders: c.Query("in") != "cookies", DPoP: c.Query("in") == "dpop",
		CSRF: map[string]string{
			"access": config.AccessCSRFCookieName, "refresh": config.RefreshCSRFCookieName, "header": config.AccessCSRFHeaderName,
		},
	})
	if err != nil {
		_ = c.Error(err)
	}
	const html = `<!doctype html><title>page</title><script type="module">
import { Client } from "%s/client.js?file=%s";
window.client = new Client(%s);
</script>`
	c.Data(http.StatusOK, "text/html", fmt.Appendf(nil, html, s.prefix, url.QueryEscape(c.Query("client")), forScript))
}

// serveDocumented has a script of docs/front-end.md, without its types.
func serveDocumented(name string) gin.HandlerFunc {
	return func(c *gin.Context) {
		code, err := script.JavaScript(name)
		if err != nil {
			_ = c.AbortWithError(http.StatusInternalServerError, err)
			return
		}
		c.Data(http.StatusOK, "text/javascript", code)
	}
}

// page returns the address of a page on a host, with a client in it.
func (s *service) page(host string, c client, in string, more ...string) string {
	query := url.Values{"client": {c.file}, "in": {in}}
	for i := 0; i < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return s.at(host, "/?"+query.Encode())
}

func (s *service) at(host, path string) string {
	return "https://" + host + ":" + s.port + s.prefix + path
}

// ServeHTTP notes which tokens go out, and lets answers be late or lost. A lost one
// is one whose connection ends, or in HTTP/2 whose stream does.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == s.prefix+"/ws" {
		s.router.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	s.router.ServeHTTP(answer, r)
	s.note(r, answer)
	if r.URL.Path == s.prefix+"/refresh" && r.Method == http.MethodPost && s.trouble() {
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Date", s.jwt.Config().Now().UTC().Format(http.TimeFormat))
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (s *service) note(r *http.Request, answer *httptest.ResponseRecorder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	config := s.jwt.Config()
	if _, reason, ok := strings.Cut(answer.Header().Get("WWW-Authenticate"), `reason="`); ok {
		s.refused[strings.TrimSuffix(reason, `"`)]++
	}
	if r.Method == http.MethodGet && r.URL.Path == s.prefix+"/messages" {
		s.proof = r.Header.Get("DPoP")
	}
	kept := []string{}
	keep := func(kind, token string) {
		if token != "" {
			s.issued[token] = true
			kept = append(kept, kind)
		}
	}
	for _, c := range answer.Result().Cookies() {
		if c.Name == config.AccessCookieName || c.Name == config.RefreshCookieName {
			keep(c.Name, c.Value)
		}
	}
	var pair ginjwt.TokenPair
	if json.Unmarshal(answer.Body.Bytes(), &pair) == nil {
		keep("access", pair.AccessToken)
		keep("refresh", pair.RefreshToken)
	}
	if r.Method == http.MethodPost && !strings.HasSuffix(r.URL.Path, "/messages") {
		s.events = append(s.events, fmt.Sprint(config.Now().Format("15:04:05.000 "), r.URL.Path, " ", answer.Code, " ", kept))
	}
}

func (s *service) onReuse(_ context.Context, _ ginjwt.Session, _ *ginjwt.Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reused++
}

// assertNobodyReused also shows what happened if the test has failed.
func (s *service) assertNobodyReused() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	assert.Zero(s.t, s.reused, "OnReuse")
	if s.t.Failed() {
		s.t.Log(strings.Join(s.events, "\n"))
	}
}

// sessions returns how many sessions of a user the store has.
func (s *service) sessions(identity string) int {
	s.t.Helper()
	sessions, err := s.jwt.Sessions(s.t.Context(), identity)
	require.NoError(s.t, err)
	return len(sessions)
}

// allIssued returns all tokens that were in an answer since the last call.
func (s *service) allIssued() []string {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	tokens := slices.Collect(maps.Keys(s.issued))
	s.issued = map[string]bool{}
	require.NotEmpty(s.t, tokens)
	return tokens
}

// assertDead sends all tokens that ever were in an answer once more, as somebody
// would who had copied them.
func (s *service) assertDead() {
	s.t.Helper()
	for _, token := range s.allIssued() {
		for _, path := range []string{"/messages", "/refresh"} {
			r := httptest.NewRequest(http.MethodPost, s.prefix+path, nil)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			s.router.ServeHTTP(w, r)
			assert.NotEqual(s.t, http.StatusOK, w.Code, path)
		}
	}
}
