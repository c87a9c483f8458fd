package contender

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// Values of Config.TokenCacheSize.
const (
	cacheOn  = 0
	cacheOff = -1
)

// newManager is this library with its defaults, the blocklist included.
func newManager(k Keys, cache int, in ...ginjwt.Location) *ginjwt.JWTManager {
	return ginjwt.New(oursConfig(k, cache, in...))
}

func oursConfig(k Keys, cache int, in ...ginjwt.Location) ginjwt.Config {
	return ginjwt.Config{
		Algorithm:      k.Algorithm,
		SecretKey:      string(k.Secret),
		PrivateKey:     string(k.PrivatePEM()),
		TokenCacheSize: cache,
		TokenLocation:  in,
	}
}

func ours(cache int) func(Keys) http.Handler {
	return func(k Keys) http.Handler { return oursProtected(newManager(k, cache)) }
}

// oursWatched has an observer and reads the Token, so that requests do not take the short way
// of a manager without any settings.
func oursWatched(k Keys) http.Handler {
	config := oursConfig(k, cacheOn)
	config.Observer = noObserver{}
	return oursProtectedBy(ginjwt.New(config), func(c *gin.Context) {
		if token, ok := ginjwt.GetToken(c); ok {
			_, _ = c.Writer.WriteString(token.Identity)
		}
	})
}

// noObserver ignores all events.
type noObserver struct{}

func (noObserver) Observe(context.Context, ginjwt.Event) {}

// oursLapsed moves the clock of the manager. So the token expires after it was accepted.
func oursLapsed(cache int) func(Keys) (http.Handler, string) {
	return func(k Keys) (http.Handler, string) {
		var ahead time.Duration
		settings := oursConfig(k, cache)
		settings.Now = func() time.Time { return time.Now().Add(ahead) }
		h, token := oursProtected(ginjwt.New(settings)), Contender{}.Token(k)
		client := NewClient(h, http.MethodGet, "/protected")
		client.Authorize("Bearer " + token)
		if status, _ := client.Do(); status != http.StatusOK {
			panic("a good token is refused")
		}
		ahead = 48 * time.Hour
		return h, token
	}
}

func oursProtected(m *ginjwt.JWTManager) http.Handler {
	return oursProtectedBy(m, func(c *gin.Context) { _, _ = c.Writer.WriteString(ginjwt.GetJWTIdentity(c)) })
}

// oursProtectedBy writes the identity with a handler.
func oursProtectedBy(m *ginjwt.JWTManager, identify gin.HandlerFunc) http.Handler {
	r := newEngine()
	if err := m.InitApp(r); err != nil {
		panic(err)
	}
	r.GET("/protected", m.JWTRequired(), identify)
	r.POST("/protected", m.JWTRequired(), identify)
	return r
}

// OursInBody reads tokens from JSON bodies, which no peer does. Its route is
// POST /protected.
func OursInBody(k Keys) http.Handler {
	return oursProtected(newManager(k, cacheOn, ginjwt.InJSON))
}

func oursLogin(k Keys) http.Handler {
	m := newManager(k, cacheOn)
	r := newEngine()
	if err := m.InitApp(r); err != nil {
		panic(err)
	}
	r.POST("/login", func(c *gin.Context) {
		access, err := m.CreateAccessToken(c, Identity)
		if err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		refresh, err := m.CreateRefreshToken(c, Identity)
		if err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.Render(http.StatusOK, ginjwt.TokenPair{AccessToken: access, RefreshToken: refresh})
	})
	return r
}

func oursCreate(k Keys) func() (string, error) {
	m := newManager(k, cacheOn)
	if err := m.InitApp(nil); err != nil {
		panic(err)
	}
	return func() (string, error) { return m.CreateAccessToken(context.Background(), Identity) }
}
