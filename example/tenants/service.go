package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// shared is what all tenants share. It has the connections and the goroutines; a tenant has
// none.
type shared struct {
	sessions  ginjwt.SessionStore
	blocklist ginjwt.Blocklist
	once      ginjwt.Once
	users     users
	mail      func(ctx context.Context, to, link string)
	now       func() time.Time // nil: time.Now

	provider     string      // "iss" of the identity provider; empty: there is none
	providerKeys keys.Source // fetched once for all tenants
}

// config returns the settings of a tenant.
func (s shared) config(t tenant, list []keys.Key) ginjwt.Config {
	issuer := "urn:example:tenant:" + t.ID
	config := ginjwt.Config{
		Realm:        t.ID,   // separates sessions, revoked tokens, links and tickets
		Keys:         list,   // separates tokens
		EncodeIssuer: issuer, // separates tokens even if two tenants have the same key
		DecodeIssuer: issuer,

		Sessions: s.sessions, Blocklist: s.blocklist, Once: s.once, // shared

		// Browsers take a cookie with this prefix only from its own host: a neighbour cannot
		// set it for the parent domain.
		TokenLocation:         []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies},
		AccessCookieName:      "__Host-access",
		RefreshCookieName:     "__Host-refresh",
		AccessCSRFCookieName:  "__Host-csrf-access",
		RefreshCSRFCookieName: "__Host-csrf-refresh",

		Now: s.now,
	}
	if s.provider != "" && t.ClientID != "" {
		config.Issuers = []ginjwt.Issuer{{
			Name:           s.provider,
			KeySource:      s.providerKeys,
			Audience:       []string{t.ClientID}, // separates the tokens of the provider
			LogoutAudience: []string{t.ClientID}, // and its logouts
			IdentityPrefix: "provider:",
			RequiredClaims: []string{"exp"},
		}}
	}
	return config
}

// service serves one tenant. Its handlers use the manager and the users of that tenant, and
// cannot reach others.
type service struct {
	tenant tenant
	jwt    *ginjwt.JWTManager
	users  tenantUsers
	mail   func(ctx context.Context, to, link string)
}

// newRouter makes the app of a tenant. All tenants have the same routes.
func (s shared) newRouter(t tenant) (*gin.Engine, error) {
	list, err := keys.Parse([]byte(t.Keys))
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", t.ID, err)
	}
	jwt := ginjwt.New(s.config(t, list))
	router := gin.New()
	if err := router.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	router.Use(gin.Recovery())
	if err := jwt.InitApp(router); err != nil {
		return nil, fmt.Errorf("tenant %s: %w", t.ID, err)
	}
	if _, err := jwt.CreateAccessToken(context.Background(), "nobody"); err != nil { // no key signs
		return nil, fmt.Errorf("tenant %s: %w", t.ID, err)
	}
	a := &service{t, jwt, tenantUsers{s.users, t.ID}, s.mail}
	a.routes(router)
	return router, nil
}

func (s *service) routes(router *gin.Engine) {
	required := s.jwt.JWTRequired()
	router.POST("/login", s.login)
	router.POST("/web/login", s.webLogin)
	router.POST("/refresh", s.jwt.RefreshHandler())
	router.POST("/logout", s.jwt.LogoutHandler())
	router.GET("/me", required, s.me)
	router.POST("/note", required, s.me) // stands for a change: cookies need the CSRF value
	router.GET("/sessions", required, s.jwt.SessionsHandler())
	router.DELETE("/sessions/:id", required, s.jwt.EndSessionHandler())
	router.POST("/ticket", s.jwt.TicketHandler())
	router.GET("/download", s.jwt.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), s.me)
	router.POST("/password/link", s.sendLink)
	router.POST("/password", s.resetPassword)
	router.POST("/introspect", s.jwt.IntrospectionHandler(s.isOwnService))
	router.POST("/revoke", s.jwt.RevocationHandler())
	router.GET("/.well-known/jwks.json", s.jwt.JWKSHandler())
	if len(s.jwt.Config().Issuers) > 0 {
		router.POST("/backchannel-logout", s.jwt.BackChannelLogoutHandler())
	}
}

func (s *service) me(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"tenant": s.tenant.ID, "user": ginjwt.GetJWTIdentity(c)})
}
