package ginjwt_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// newManager returns an initialized manager and its engine.
func newManager(t testing.TB, config ginjwt.Config, setup ...func(*ginjwt.JWTManager)) (*ginjwt.JWTManager, *gin.Engine) {
	t.Helper()
	mgr := ginjwt.New(config)
	for _, fn := range setup {
		fn(mgr)
	}
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	return mgr, engine
}

// identify answers with the identity of the request.
func identify(c *gin.Context) { c.String(http.StatusOK, ginjwt.GetJWTIdentity(c)) }

func TestInitAppAttachesTheManager(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", func(c *gin.Context) {
		assert.Same(t, mgr, ginjwt.FromContext(c))
		assert.Same(t, mgr, ginjwt.FromContext(c.Request.Context()))
	})
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/").Code)
	assert.Nil(t, ginjwt.FromContext(t.Context()))
}

func TestInitAppAgainOnlyAttaches(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	other := gin.New()
	require.NoError(t, mgr.InitApp(other))
	other.GET("/", mgr.JWTRequired(), func(c *gin.Context) { assert.Same(t, mgr, ginjwt.FromContext(c)) })
	assert.Equal(t, 200, jwttest.Do(other, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))).Code)
}

func TestInitAppWithoutGin(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	require.NoError(t, mgr.InitApp(nil))
	token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice"))
	require.NoError(t, err)
	assert.Equal(t, "alice", token.Identity)
}

func TestInitAppCanBeTriedAgainAfterAnError(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(ginjwt.Config{})
	engine := gin.New()
	require.Error(t, mgr.InitApp(engine))
	assert.Empty(t, engine.Handlers, "nothing is attached")
	mgr.EncodeKeyLoader(keyLoader()) // loaders can still be registered
	mgr.DecodeKeyLoader(unverifiedKeyLoader())
	require.NoError(t, mgr.InitApp(engine))
}

func TestManagersDoNotTakeEachOthersTokens(t *testing.T) {
	t.Parallel()
	engine := gin.New()
	users, staff := ginjwt.New(jwttest.Config(nil)), ginjwt.New(ginjwt.Config{SecretKey: strings.Repeat("s", 32)})
	shop, office := engine.Group("/shop"), engine.Group("/office")
	require.NoError(t, users.InitApp(shop))
	require.NoError(t, staff.InitApp(office))
	shop.GET("/", users.JWTRequired(), identify)
	office.GET("/", staff.JWTRequired(), func(c *gin.Context) {
		assert.Same(t, staff, ginjwt.FromContext(c))
		identify(c)
	})
	user, boss := jwttest.AccessToken(t, users, "alice"), jwttest.AccessToken(t, staff, "boss")

	for _, test := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/shop/", user, 200, "alice"},
		{"/office/", boss, 200, "boss"},
		{"/shop/", boss, 422, `{"msg":"Signature verification failed"}` + "\n"},
		{"/office/", user, 422, `{"msg":"Signature verification failed"}` + "\n"},
	} {
		w := jwttest.Do(engine, "GET", test.path, jwttest.Bearer(test.token))
		assert.Equal(t, test.status, w.Code)
		assert.Equal(t, test.body, w.Body.String())
	}
}

func TestWiringMistakesPanicAtStart(t *testing.T) {
	t.Parallel()
	fresh := ginjwt.New(jwttest.Config(nil))
	ready, _ := newManager(t, jwttest.Config(nil))
	for name, test := range map[string]struct {
		do   func()
		says string
	}{
		"JWTRequired too early":     {func() { fresh.JWTRequired() }, "ginjwt: JWTRequired must be called after InitApp"},
		"RefreshRequired too early": {func() { fresh.RefreshRequired() }, "ginjwt: RefreshRequired must be called after InitApp"},
		"loader too late":           {func() { ready.ExpiredTokenLoader(ginjwt.FlaskError) }, "ginjwt: ExpiredTokenLoader must be called before InitApp"},
		"deciding loader too late":  {func() { ready.UserLookupLoader(nil) }, "ginjwt: UserLookupLoader must be called before InitApp"},
		"loader is nil":             {func() { fresh.TokenInBlocklistLoader(nil) }, "ginjwt: TokenInBlocklistLoader: the function is nil"},
		"unknown location":          {func() { ready.JWTRequired(ginjwt.Locations("body")) }, `ginjwt: Locations: "body" is not a location; use headers, cookies, query_string, json or ticket`},
	} {
		assert.PanicsWithValue(t, test.says, test.do, name)
	}
}

func TestCallsBeforeInitAppFail(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	_, err := mgr.CreateAccessToken(t.Context(), "alice")
	assert.ErrorIs(t, err, ginjwt.ErrNotInitialized)
	_, err = mgr.DecodeToken(t.Context(), "a.b.c")
	assert.ErrorIs(t, err, ginjwt.ErrNotInitialized)
	assert.ErrorIs(t, mgr.RevokeToken(t.Context(), &ginjwt.Token{ID: "a"}), ginjwt.ErrNotInitialized)
}

func TestConfigIsCopied(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders}
	config.EncodeAudience = []string{"orders"}
	mgr, engine := newManager(t, config)
	engine.GET("/", mgr.JWTRequired(), identify)
	config.TokenLocation[0], config.EncodeAudience[0] = ginjwt.InJSON, "changed"

	encoded := jwttest.AccessToken(t, mgr, "alice")
	assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Body.String())
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	assert.Equal(t, "orders", token.Claims()["aud"])
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	secret := "Tj5cYq0uWn8dRz3kLp7vBx1mHs4gFa6e"
	private := keytest.Generate(t).Ed25519Private
	config := ginjwt.Config{SecretKey: secret, PrivateKey: private, TokenLocation: []ginjwt.Location{ginjwt.InCookies}}
	mgr, _ := newManager(t, ginjwt.Config{SecretKey: secret})
	encoded := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"iban": "DE02100500000054540402"}))
	token, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	_, refused := mgr.DecodeToken(t.Context(), encoded+"x")
	key := keys.Key{ID: "k1", Algorithm: "HS256", Sign: []byte(secret)}

	for _, value := range []any{config, &config, mgr, *mgr, token, key, &key, refused, []any{config, mgr, token, key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			printed := fmt.Sprintf(verb, value)
			for _, hidden := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprint([]byte(secret)), private[40:60], encoded, "alice", "DE02100500000054540402"} {
				assert.NotContains(t, printed, hidden, "%T printed with %s", value, verb)
			}
		}
	}
	assert.Equal(t, `ginjwt.Config{SecretKey: [redacted], PrivateKey: [redacted], TokenLocation: []ginjwt.Location{"cookies"}}`, config.String())
	assert.Equal(t, config.String(), config.LogValue().String())
	assert.Equal(t, `keys.Key{ID: "k1", Algorithm: "HS256", signs}`, key.String())
	assert.Equal(t, `ginjwt.Token{access "`+token.ID+`"}`, token.String())
}

func TestConfigOfAManagerHasItsDefaults(t *testing.T) {
	t.Parallel()
	given := jwttest.Config(nil)
	given.DecodeIssuer, given.TokenLocation = "https://id.example", []ginjwt.Location{ginjwt.InCookies}
	mgr, _ := newManager(t, given)
	config := mgr.Config()
	assert.Equal(t, "access_token_cookie", config.AccessCookieName)
	assert.Equal(t, 15*time.Minute, config.AccessTokenExpires)
	assert.Equal(t, "https://id.example", config.DecodeIssuer)
	assert.Empty(t, config.DecodeIssuers)
	assert.Empty(t, config.SecretKey, "handlers have no use for it")
	assert.WithinDuration(t, time.Now(), config.Now(), time.Second)

	config.TokenLocation[0] = ginjwt.InJSON
	assert.Equal(t, []ginjwt.Location{ginjwt.InCookies}, mgr.Config().TokenLocation, "what is returned is a copy")
}
