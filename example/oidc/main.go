// Command oidc logs users in at an OpenID provider, such as Keycloak, and gives them sessions
// of its own. A session ends with a logout here, at the provider, or in another service of the
// provider.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"golang.org/x/oauth2"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/redisstore"
)

func main() {
	listener, err := net.Listen("tcp", or(os.Getenv("LISTEN"), "localhost:8082"))
	if err != nil {
		log.Fatal(err)
	}
	router, err := start(context.Background(), or(os.Getenv("PUBLIC_URL"), "http://"+listener.Addr().String()))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on http://%s", listener.Addr())
	server := &http.Server{Handler: router, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}

// start reads the environment. public is the address that browsers and the provider use.
func start(ctx context.Context, public string) (*gin.Engine, error) {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		return nil, err
	}
	if err := share(ctx, &config, os.Getenv("REDIS_URL")); err != nil {
		return nil, err
	}
	issuer, client := os.Getenv("ISSUER"), os.Getenv("CLIENT_ID")
	upstream, err := upstreamOf(ctx, issuer, client, os.Getenv("API_AUDIENCE"))
	if err != nil {
		return nil, err
	}
	config.Issuers = []ginjwt.Issuer{upstream}
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	s := &service{
		provider: provider,
		public:   public,
		oauth: oauth2.Config{
			ClientID:     client,
			ClientSecret: os.Getenv("CLIENT_SECRET"),
			Endpoint:     provider.Endpoint(),
			RedirectURL:  public + "/callback",
			Scopes:       []string{oidc.ScopeOpenID},
		},
	}
	return s.newRouter(config)
}

// share keeps sessions and logouts in Redis, for all processes of the service. Without Redis
// they are in the memory of this process.
func share(ctx context.Context, config *ginjwt.Config, address string) error {
	config.Sessions = &ginjwt.MemorySessions{}
	if address == "" {
		return nil
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		return errors.New("REDIS_URL: must be like redis://user:password@host:6379/0") // the error would show the password
	}
	options.ContextTimeoutEnabled = true
	store, err := redisstore.New(redis.NewClient(options), redisstore.Options{MaxStaleness: time.Second})
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	list := store.Blocklist(ctx)
	config.Sessions, config.Blocklist = store.Sessions(), list
	return list.Ready(ctx)
}

// upstreamOf returns the provider as an issuer that can log its users out. The service also
// accepts its access tokens for audience.
func upstreamOf(ctx context.Context, name, client, audience string) (ginjwt.Issuer, error) {
	keys, err := jwks.Discover(ctx, name, jwks.Options{
		AllowLoopbackHTTP: true, // to try it on one machine; leave it out otherwise
		OnError:           func(err error) { log.Print(err) },
	})
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{or(audience, client)},
		IdentityPrefix: identityPrefix,
		RequiredClaims: []string{"exp"},
		LogoutAudience: []string{client},
		LogoutOnly:     audience == "", // then users have only our own tokens
	}, err
}

// identityPrefix is put before the names of users of the provider.
const identityPrefix = "provider:"

// service is a service whose users log in at a provider.
type service struct {
	jwt      *ginjwt.JWTManager
	provider *oidc.Provider
	oauth    oauth2.Config
	public   string
	secure   bool // cookies
}

func (s *service) newRouter(config ginjwt.Config) (*gin.Engine, error) {
	config.EncodeIssuer, config.DecodeIssuer = s.public, s.public
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InCookies}
	config.CSRFCheckForm = true
	config.DisableCookieSecure = strings.HasPrefix(s.public, "http://")
	s.secure = !config.DisableCookieSecure
	s.jwt = ginjwt.New(config)
	router := gin.Default()
	if err := s.jwt.InitApp(router); err != nil {
		return nil, fmt.Errorf("the settings: %w", err)
	}
	router.GET("/", s.page)
	router.GET("/login", s.login)
	router.GET("/callback", s.callback)
	router.POST("/refresh", s.jwt.RefreshHandler())
	router.POST("/logout", s.jwt.LogoutHandler(), s.logoutAtProvider)
	router.POST("/backchannel-logout", s.jwt.BackChannelLogoutHandler())
	router.GET("/protected", s.jwt.JWTRequired(), protected)
	return router, nil
}

// protected runs only for requests with a valid access token, our own or the provider's.
func protected(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}

func or(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
