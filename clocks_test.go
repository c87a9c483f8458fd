package ginjwt_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// process is one of several processes of a service. It has its own clock.
type process struct {
	mgr    *ginjwt.JWTManager
	engine *gin.Engine
}

// processesApart returns two processes that share their stores. Their clocks differ. The
// clock of the first process is a fraction of a second after a whole second.
func processesApart(t *testing.T, fraction, apart time.Duration, change func(*ginjwt.Config)) (one, other process) {
	t.Helper()
	start := time.Date(2035, 1, 2, 3, 4, 5, 0, time.UTC).Add(fraction)
	sessions, list := new(ginjwt.MemorySessions), new(ginjwt.MemoryBlocklist)
	at := func(now time.Time) process {
		config := jwttest.Config(nil)
		config.Now = func() time.Time { return now }
		config.Sessions, config.Blocklist = sessions, list
		if change != nil {
			change(&config)
		}
		engine := gin.New()
		mgr := ginjwt.New(config)
		require.NoError(t, mgr.InitApp(engine))
		ok := func(c *gin.Context) { c.Status(http.StatusOK) }
		engine.GET("/access", mgr.JWTRequired(), ok)
		engine.GET("/fresh", mgr.JWTRequired(ginjwt.Fresh(), ginjwt.FreshWithin(time.Minute)), ok)
		engine.POST("/refresh", mgr.RefreshHandler())
		engine.POST("/logout", mgr.LogoutHandler())
		return process{mgr, engine}
	}
	return at(start), at(start.Add(apart))
}

func (p process) do(method, path, token string) int {
	return jwttest.Do(p.engine, method, path, jwttest.Bearer(token)).Code
}

func TestNewTokensAreGoodWhereTheClockIsASecondApart(t *testing.T) {
	t.Parallel()
	withoutNBF := func(c *ginjwt.Config) { c.DisableEncodeNBF = true }
	for name, change := range map[string]func(*ginjwt.Config){"nbf": nil, "no nbf": withoutNBF} {
		for _, apart := range []time.Duration{-time.Second, -100 * time.Millisecond, 100 * time.Millisecond, time.Second} {
			for fraction := time.Duration(0); fraction < time.Second; fraction += 50 * time.Millisecond {
				t.Run(fmt.Sprintf("%s, %v apart, at %v", name, apart, fraction), func(t *testing.T) {
					t.Parallel()
					one, other := processesApart(t, fraction, apart, change)
					login := ginjwt.WithClaims(ginjwt.Claims{"auth_time": one.mgr.Config().Now().Unix()})
					pair := jwttest.TokenPair(t, one.mgr, "alice", ginjwt.WithFresh(), login)

					assert.Equal(t, 200, other.do("GET", "/access", pair.AccessToken))
					assert.Equal(t, 200, other.do("GET", "/fresh", pair.AccessToken))
					assert.Equal(t, 200, other.do("POST", "/refresh", pair.RefreshToken))
					assert.Equal(t, 200, other.do("POST", "/refresh", jwttest.RefreshToken(t, one.mgr, "alice")), "it starts a session")
					assert.Equal(t, 204, other.do("POST", "/logout", pair.AccessToken))
					assert.Equal(t, 401, one.do("GET", "/access", pair.AccessToken))
				})
			}
		}
	}
}

func TestOwnTokensThatAreTooNewAreRefused(t *testing.T) {
	t.Parallel()
	one, other := processesApart(t, 0, -1100*time.Millisecond, nil)
	pair := jwttest.TokenPair(t, one.mgr, "alice")
	assert.Equal(t, 422, other.do("GET", "/access", pair.AccessToken))
	assert.Equal(t, 422, other.do("POST", "/refresh", pair.RefreshToken))

	leeway := func(c *ginjwt.Config) { c.DecodeLeeway = 2 * time.Second }
	for apart, status := range map[time.Duration]int{-2 * time.Second: 200, -2100 * time.Millisecond: 422} {
		one, other = processesApart(t, 0, apart, leeway)
		assert.Equal(t, status, other.do("GET", "/access", jwttest.AccessToken(t, one.mgr, "alice")), "a longer leeway counts alone, %v", apart)
	}
}

func TestAChosenNotBeforeHoldsToTheSecond(t *testing.T) {
	t.Parallel()
	for apart, status := range map[time.Duration]int{
		time.Second: 200, 990 * time.Millisecond: 422, 0: 422, -time.Second: 422,
	} {
		one, other := processesApart(t, 0, apart, nil)
		later := ginjwt.WithNotBefore(one.mgr.Config().Now().Add(time.Second))
		assert.Equal(t, status, other.do("GET", "/access", jwttest.AccessToken(t, one.mgr, "alice", later)), "%v", apart)
	}
	one, other := processesApart(t, 0, -time.Second, nil)
	earlier := ginjwt.WithNotBefore(one.mgr.Config().Now().Add(-time.Hour))
	assert.Equal(t, 200, other.do("GET", "/access", jwttest.AccessToken(t, one.mgr, "alice", earlier)))
}

func TestTimesOfOtherIssuersHoldToTheSecond(t *testing.T) {
	t.Parallel()
	secret := []byte("the secret of somebody else, long enough")
	_, p := processesApart(t, 500*time.Millisecond, 0, func(c *ginjwt.Config) {
		c.Issuers = []ginjwt.Issuer{{
			Name: "https://them", IdentityPrefix: "them:", Keys: []keys.Key{{Verify: secret, AllowMissingKeyID: true}}, Audience: []string{"api"},
			Leeway: -1,
		}}
	})
	now := p.mgr.Config().Now().Unix()
	for _, row := range []struct {
		claims ginjwt.Claims
		path   string
		status int
	}{
		{ginjwt.Claims{"iat": now, "nbf": now}, "/access", 200},
		{ginjwt.Claims{"iat": now + 1, "nbf": now}, "/access", 422},
		{ginjwt.Claims{"iat": now, "nbf": now + 1}, "/access", 422},
		{ginjwt.Claims{"iat": now + 1, "nbf": now + 1}, "/access", 422},
		{ginjwt.Claims{"iat": now, "fresh": true, "auth_time": now}, "/fresh", 200},
		{ginjwt.Claims{"iat": now, "fresh": true, "auth_time": now + 1}, "/fresh", 401},
	} {
		claims := jwt.MapClaims{"iss": "https://them", "aud": "api", "sub": "bob", "jti": "7", "exp": now + 60}
		for name, value := range row.claims {
			claims[name] = value
		}
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
		require.NoError(t, err)
		assert.Equal(t, row.status, p.do("GET", row.path, token), "%v", row.claims)
	}
}

func TestATokenWithoutIssueTimeHasAChosenNotBefore(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	_, p := processesApart(t, 500*time.Millisecond, 0, nil)
	now := p.mgr.Config().Now().Unix()
	for nbf, status := range map[int64]int{now: 200, now + 1: 422} {
		claims := jwt.MapClaims{"sub": "alice", "jti": "7", "nbf": nbf, "exp": now + 60}
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(config.SecretKey))
		require.NoError(t, err)
		assert.Equal(t, status, p.do("GET", "/access", token))
	}
}
