package ginjwt_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// The tests here run the wrong and the right line of each rule of AGENTS.md.

func agentsManager(t *testing.T) *ginjwt.JWTManager {
	t.Helper()
	config := jwttest.Config(&jwttest.Clock{})
	config.Sessions, config.Blocklist = &ginjwt.MemorySessions{}, &ginjwt.MemoryBlocklist{}
	config.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString}
	jwt := ginjwt.New(config)
	require.NoError(t, jwt.InitApp(gin.New()))
	return jwt
}

// agentsStatus sends a token to a route, and returns the status of the answer.
func agentsStatus(router http.Handler, method, path, token string) int {
	return jwttest.Do(router, method, path, jwttest.Bearer(token)).Code
}

func handler(c *gin.Context) { c.Status(http.StatusNoContent) }

func TestAgentsRuleSettings(t *testing.T) {
	t.Parallel()
	router := gin.New()
	{
		jwt := ginjwt.New(ginjwt.Config{SecretKey: "my-secret"})
		_ = jwt.InitApp(router)
		assert.ErrorContains(t, jwt.InitApp(router), "SecretKey", "the mistake was thrown away")
	}
	start := func() error {
		config, err := ginjwt.LoadConfig(os.LookupEnv) // JWT_SECRET_KEY
		if err != nil {
			return err
		}
		jwt := ginjwt.New(config)
		return jwt.InitApp(router)
	}
	assert.ErrorContains(t, start(), "JWT_SECRET_KEY", "it is not set here")
}

func TestAgentsRuleProtect(t *testing.T) {
	t.Parallel()
	jwt, router := agentsManager(t), gin.New()
	router.GET("/me", jwt.JWTRequired(), handler)
	encoded, err := jwt.CreateAccessToken(t.Context(), "alice")
	require.NoError(t, err)
	verified, err := jwt.VerifyToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, jwt.RevokeToken(t.Context(), verified))
	c := t.Context()

	token, err := jwt.DecodeToken(c, encoded)
	assert.NoError(t, err, "it looks into no blocklist")
	assert.Equal(t, "alice", token.Identity)
	assert.Equal(t, 401, agentsStatus(router, "GET", "/me", encoded))
}

func TestAgentsRuleIdentity(t *testing.T) {
	t.Parallel()
	jwt, router := agentsManager(t), gin.New()
	router.GET("/wrong", jwt.JWTRequired(), func(c *gin.Context) {
		id, _ := strconv.Atoi(ginjwt.GetJWTIdentity(c))
		assert.Zero(t, id, "a user who does not exist, or the first one")
	})
	router.GET("/right", jwt.JWTRequired(), func(c *gin.Context) {
		id, err := ginjwt.GetJWTIdentityAs[int](c)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"id": id})
	})
	for identity, want := range map[string]int{"alice": 422, "7": 200} {
		encoded, err := jwt.CreateAccessToken(t.Context(), identity)
		require.NoError(t, err)
		assert.Equal(t, want, agentsStatus(router, "GET", "/right", encoded))
		if identity == "alice" {
			assert.Equal(t, 200, agentsStatus(router, "GET", "/wrong", encoded))
		}
	}
}

func TestAgentsRuleRefresh(t *testing.T) {
	t.Parallel()
	jwt, router, again := agentsManager(t), gin.New(), gin.New()
	newToken := handler
	again.POST("/refresh", jwt.JWTRequired(), newToken)
	router.POST("/refresh", jwt.RefreshHandler())
	pair, err := jwt.CreateTokenPair(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, 204, agentsStatus(again, "POST", "/refresh", pair.AccessToken), "a stolen access token lives for ever")
	assert.Equal(t, 422, agentsStatus(router, "POST", "/refresh", pair.AccessToken))
	assert.Equal(t, 200, agentsStatus(router, "POST", "/refresh", pair.RefreshToken))
}

func TestAgentsLogin(t *testing.T) {
	t.Parallel()
	jwt, router := agentsManager(t), gin.New()
	passwordIsRight := func(userID, password string) bool { return userID == "7" && password == "correct horse" }
	router.POST("/login", func(c *gin.Context) {
		userID := c.PostForm("user")
		if !passwordIsRight(userID, c.PostForm("password")) {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Wrong user or password"})
			return
		}
		pair, err := jwt.CreateTokenPair(c, userID)
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair) // c.JSON, with "Cache-Control: no-store"
	})
	w := jwttest.Do(router, "POST", "/login", jwttest.Form("user", "7", "password", "correct horse"))
	assert.Equal(t, 200, w.Code)
	assert.Contains(t, w.Body.String(), `"refresh_token":"ey`)
	assert.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	assert.Equal(t, 401, jwttest.Do(router, "POST", "/login", jwttest.Form("user", "7", "password", "x")).Code)
}

func TestAgentsRuleLogout(t *testing.T) {
	t.Parallel()
	jwt, router, client := agentsManager(t), gin.New(), gin.New()
	client.POST("/logout", func(c *gin.Context) {
		jwt.UnsetJWTCookies(c)
	})
	router.POST("/logout", jwt.LogoutHandler())
	router.GET("/me", jwt.JWTRequired(), handler)
	pair, err := jwt.CreateTokenPair(t.Context(), "alice")
	require.NoError(t, err)
	assert.Equal(t, 200, agentsStatus(client, "POST", "/logout", pair.AccessToken))
	assert.Equal(t, 204, agentsStatus(router, "GET", "/me", pair.AccessToken), "a copy of the token is still good")
	assert.Equal(t, 204, agentsStatus(router, "POST", "/logout", pair.AccessToken))
	assert.Equal(t, 401, agentsStatus(router, "GET", "/me", pair.AccessToken))
}

func TestAgentsRulePermission(t *testing.T) {
	t.Parallel()
	jwt, router := agentsManager(t), gin.New()
	router.GET("/wrong", jwt.JWTRequired(), func(c *gin.Context) {
		if ginjwt.GetJWT(c)["roles"] != "admin" {
			c.JSON(http.StatusForbidden, gin.H{"error": "forbidden"})
		}
	})
	admin := router.Group("/admin", jwt.JWTRequired(ginjwt.Roles("admin")))
	admin.GET("/right", handler)
	encoded, err := jwt.CreateAccessToken(t.Context(), "alice", ginjwt.WithClaims(ginjwt.Claims{"roles": []string{"user", "admin"}}))
	require.NoError(t, err)
	assert.Equal(t, 403, agentsStatus(router, "GET", "/wrong", encoded), "a list is no text")
	assert.Equal(t, 204, agentsStatus(router, "GET", "/admin/right", encoded))
}

func TestAgentsRuleErrors(t *testing.T) {
	t.Parallel()
	jwt, router := agentsManager(t), gin.New()
	failed := func(*gin.Context) error { return errors.New("dial tcp 10.0.0.7:5432: connection refused") }
	router.GET("/wrong", func(c *gin.Context) {
		err := failed(c)
		c.JSON(http.StatusUnauthorized, gin.H{"error": err.Error()})
	})
	router.GET("/right", func(c *gin.Context) {
		if err := failed(c); err != nil {
			jwt.Refuse(c, err)
			return
		}
	})
	for path, want := range map[string]string{"/wrong": `{"error":"dial tcp 10.0.0.7:5432: connection refused"}`, "/right": `{"msg":"Internal server error"}` + "\n"} {
		assert.Equal(t, want, jwttest.Do(router, "GET", path).Body.String())
	}
}

// agentsOneProcess and agentsAnyNumber are compiled: other tests show what shared stores do.
func agentsOneProcess(config ginjwt.Config) ginjwt.Config {
	config.Sessions = &ginjwt.MemorySessions{}
	return config
}

func agentsAnyNumber(ctx context.Context, config ginjwt.Config, db *sql.DB) (ginjwt.Config, error) {
	store, err := sqlstore.New(db, sqlstore.PostgreSQL, sqlstore.Options{}) // or MySQL, SQLite
	if err != nil {
		return config, err
	}
	if err := store.Migrate(ctx); err != nil { // creates the tables
		return config, err
	}
	config.Sessions = store.Sessions()
	config.Blocklist = store.Blocklist(ctx)
	config.Once = store.Once()
	return config, nil
}

func TestAgentsRuleStores(t *testing.T) {
	t.Parallel()
	assert.NotNil(t, agentsOneProcess(ginjwt.Config{}).Sessions)
	_, err := agentsAnyNumber(t.Context(), ginjwt.Config{}, nil)
	assert.Error(t, err, "there is no database")
}

func TestAgentsRuleLinks(t *testing.T) {
	t.Parallel()
	jwt, router := agentsManager(t), gin.New()
	router.GET("/me", jwt.JWTRequired(), handler)
	reset, userID, c := ginjwt.Purpose{Name: "reset-password"}, "7", t.Context()
	{
		token, err := jwt.CreateAccessToken(c, userID) // sent in a mail
		require.NoError(t, err)
		assert.Equal(t, 204, agentsStatus(router, "GET", "/me", token), "the link is a login")
	}
	{
		token, err := jwt.CreatePurposeToken(c, reset, userID)
		require.NoError(t, err)
		assert.Equal(t, 422, agentsStatus(router, "GET", "/me", token))
	}
}

func TestAgentsRuleSockets(t *testing.T) {
	t.Parallel()
	jwt, router := agentsManager(t), gin.New()
	router.GET("/wrong", jwt.JWTRequired(ginjwt.Locations(ginjwt.InQueryString)), handler)
	router.POST("/ticket", jwt.TicketHandler())
	router.GET("/ws", jwt.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), handler)
	encoded, err := jwt.CreateAccessToken(t.Context(), "alice")
	require.NoError(t, err)
	for range 2 {
		assert.Equal(t, 204, jwttest.Do(router, "GET", "/wrong?jwt="+encoded).Code, "whoever reads the log has the token")
	}
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/ws?jwt="+encoded).Code)
}

var docIndexRow = regexp.MustCompile(`(?m)^\| \[(.+?)\]\((.+?)\) \| (.+?) \|$`)

// llms.txt says of every page what the index of its folder says.
func TestPagesForAssistants(t *testing.T) {
	t.Parallel()
	pages := docRead(t, "llms.txt")
	for _, index := range docPages(t) {
		if dir, name := filepath.Split(index); dir != "" && name == "README.md" {
			for _, row := range docIndexRow.FindAllStringSubmatch(docRead(t, index), -1) {
				line := "- [" + row[1] + "](" + path.Join(dir, row[2]) + "): " + row[3]
				assert.True(t, slices.Contains(strings.Split(pages, "\n"), line), "llms.txt has no line %s", line)
			}
		}
	}
	for _, link := range docLink.FindAllStringSubmatch(docProse(pages), -1) {
		assert.NoError(t, checkDocLink("llms.txt", link[1]), link[1])
	}
	assert.Equal(t, 10, strings.Count(docRead(t, "AGENTS.md"), "\nWrong:\n"), "ten rules")
}
