// Command accounts is a service with all mailed links of an account: registration, password
// reset, login by mail, and change of the address.
//
//	JWT_SECRET_KEY=$(openssl rand -base64 32) go run ./example/accounts
//
// It writes mails to the log. Behind a proxy with TLS, set PUBLIC_URL to the address that
// browsers use, such as https://accounts.example.org.
//
// The links contain purpose tokens. GET peeks at a token, POST uses it up. Read links.go first,
// then reset.go.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/bcrypt"

	"github.com/gin-jwt-extended/ginjwt"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	// Several processes share these, as well as the users, the outbox and the limits:
	//
	//	store, err := redisstore.New(client, redisstore.Options{MaxStaleness: time.Second})
	//	config.Sessions, config.Blocklist, config.Once = store.Sessions(), store.Blocklist(ctx), store.Once()
	config.Sessions = &ginjwt.MemorySessions{}
	config.Blocklist = &ginjwt.MemoryBlocklist{}
	config.Once = &ginjwt.MemoryOnce{}

	address := or(os.Getenv("LISTEN"), "localhost:8080")
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	passwords, err := newPasswords(bcrypt.DefaultCost)
	if err != nil {
		log.Fatal(err)
	}
	s := &service{
		public:    or(os.Getenv("PUBLIC_URL"), "http://"+address),
		users:     newMemoryUsers(),
		passwords: passwords,
		mailer:    logMailer{log.Default()},
		outbox:    newOutbox(log.Default()),
		log:       log.Default(),
	}
	go s.outbox.run(context.Background())
	router, err := s.newRouter(config)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s; mails, and the links in them, are written to this log", s.public)
	server := &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 20 * time.Second}
	log.Fatal(server.Serve(listener))
}

// service is a web service with users who have e-mail addresses.
type service struct {
	jwt       *ginjwt.JWTManager
	public    string // the URL of the service: links begin with it
	users     userStore
	passwords passwords
	mailer    mailer
	outbox    *outbox
	limits    *limiter
	log       *log.Logger
}

func (s *service) newRouter(config ginjwt.Config) (*gin.Engine, error) {
	config.TokenLocation = []ginjwt.Location{ginjwt.InCookies}
	config.CSRFCheckForm = true
	config.DisableCookieSecure = !s.secure()
	config.AccessCookieName, config.RefreshCookieName = s.cookieName("access"), s.cookieName("refresh")
	s.jwt = ginjwt.New(config)
	s.jwt.UserLookupLoader(s.lookup)
	s.limits = newLimiter(s.jwt.Config().Now)
	router := gin.New()
	router.RedirectTrailingSlash = false // in debug mode Gin logs redirects with the query
	// Name your proxies here. Otherwise all their clients share one limit. By default Gin
	// trusts the IP address that any client claims.
	if err := router.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	router.Use(logged(s.log), recovered(s.log), limited)
	if err := s.jwt.InitApp(router); err != nil {
		return nil, fmt.Errorf("the settings: %w", err)
	}
	router.Use(s.jwt.ImplicitRefresh(s.jwt.Config().AccessTokenExpires / 2))
	s.routes(router)
	return router, nil
}

// routes registers all pages. Forms that neither a login nor the token of a link protects are
// accepted from our own pages only.
func (s *service) routes(r *gin.Engine) {
	r.GET("/style.css", styleSheet)

	r.Match(looks, "/", s.loggedIn("/login"), s.accountPage)
	r.Match(looks, "/login", s.loginPage)
	r.POST("/login", sameOrigin, s.login)
	r.POST("/logout", s.loggedIn("/login"), s.logout)
	r.POST("/logout/all", s.loggedIn("/login"), s.logoutEverywhere)

	r.Match(looks, "/register", page("ask.html", registerForm))
	r.POST("/register", sameOrigin, s.askRegistration)
	r.Match(looks, "/reset", page("ask.html", resetForm))
	r.POST("/reset", sameOrigin, s.askReset)
	r.Match(looks, "/login/link", page("ask.html", magicLinkForm))
	r.POST("/login/link", sameOrigin, s.askMagicLink)
	r.Match(looks, "/address", s.loggedIn("/login"), s.addressPage)
	r.POST("/address", s.loggedIn("/login"), s.askNewAddress)

	links := r.Group("", noReferrer)
	s.handle(links, registrationLink, s.passwordPage(registrationLink), s.confirmRegistration)
	s.handle(links, resetLink, s.passwordPage(resetLink), s.resetPassword)
	s.handle(links, magicLink, s.magicLinkPage, s.useMagicLink)
	s.handle(links.Group("", s.loggedIn("/login?note=open")), addressLink, s.addressLinkPage, s.confirmAddress)
}

// looks are the methods that change nothing.
var looks = []string{http.MethodGet, http.MethodHead}

// secure reports whether cookies are for HTTPS only: always, except on the machine of a developer.
func (s *service) secure() bool { return !strings.HasPrefix(s.public, "http://") }

// cookieName returns the name of a cookie. With the prefix, no other host and no page without
// HTTPS can set the cookie (RFC 6265bis §4.1.3.2). So a neighbouring host cannot log a visitor
// in to its own account, where the visitor would confirm an address.
func (s *service) cookieName(name string) string {
	if s.secure() {
		return "__Host-" + name
	}
	return name
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
