package ginjwt_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The code of docs/dpop.md is here.

// dpopExample returns the service of docs/dpop.md.
func dpopExample(t *testing.T, config ginjwt.Config) (*ginjwt.JWTManager, *gin.Engine) {
	t.Helper()
	config.Sessions = &ginjwt.MemorySessions{Now: config.Now}
	config.DPoP = "accepted"
	config.DPoPOrigins = []string{"https://api.example.com"}

	jwt := ginjwt.New(config)
	router := gin.New()
	if err := jwt.InitApp(router); err != nil {
		t.Fatal(err)
	}

	passwordIsRight := func(_, password string) bool { return password == "correct horse" }
	router.POST("/login", func(c *gin.Context) {
		userID := c.PostForm("user")
		if !passwordIsRight(userID, c.PostForm("password")) {
			c.JSON(http.StatusUnauthorized, gin.H{"msg": "Wrong user or password"})
			return
		}
		pair, err := jwt.CreateTokenPair(c, userID) // reads the proof of the request
		if err != nil {
			jwt.Refuse(c, err)
			return
		}
		c.Render(http.StatusOK, pair) // "token_type" is DPoP, or Bearer without a proof
	})
	router.POST("/refresh", jwt.RefreshHandler())
	router.POST("/logout", jwt.LogoutHandler())

	orders, pay := whoAmI, whoAmI
	router.GET("/orders", jwt.JWTRequired(), orders)          // with both kinds of tokens
	router.POST("/pay", jwt.JWTRequired(ginjwt.Bound()), pay) // with bound tokens only
	router.POST("/ticket", jwt.TicketHandler(ginjwt.Bound())) // with bound tokens only
	router.GET("/live", jwt.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), whoAmI)
	return jwt, router
}

// signedHere signs requests as a client behind the proxy of https://api.example.com does.
func signedHere(t *testing.T, key *jwttest.DPoPKey, token string) jwttest.RequestOption {
	t.Helper()
	return func(r *http.Request) {
		r.Header.Set("DPoP", key.Proof(t, r.Method, "https://api.example.com"+r.URL.EscapedPath(), token))
		if token != "" {
			r.Header.Set("Authorization", "DPoP "+token)
		}
	}
}

func TestTheServiceOfTheDPoPPage(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	_, router := dpopExample(t, jwttest.Config(clock))
	password := jwttest.Form("user", "alice", "password", "correct horse")
	login := func(opts ...jwttest.RequestOption) (pair ginjwt.TokenPair) {
		w := jwttest.Do(router, "POST", "/login", append(opts, password)...)
		require.Equal(t, 200, w.Code, w.Body)
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
		return pair
	}

	old := login()
	assert.Equal(t, "Bearer", old.TokenType)
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/orders", jwttest.Bearer(old.AccessToken)).Code)
	assert.JSONEq(t, `{"msg":"The token is bound to no key: log in with a DPoP proof"}`,
		jwttest.Do(router, "POST", "/pay", jwttest.Bearer(old.AccessToken)).Body.String())

	key := jwttest.NewDPoPKey(t, clock)
	pair := login(signedHere(t, key, ""))
	assert.Equal(t, "DPoP", pair.TokenType)
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/orders", signedHere(t, key, pair.AccessToken)).Code)
	assert.Equal(t, 200, jwttest.Do(router, "POST", "/pay", signedHere(t, key, pair.AccessToken)).Code)
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/orders", jwttest.Bearer(pair.AccessToken)).Code, "stolen")
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/orders", key.Sign(t, pair.AccessToken)).Code, "for the name behind the proxy")

	w := jwttest.Do(router, "POST", "/ticket", signedHere(t, key, pair.AccessToken), jwttest.JSON(`{"url": "/live"}`))
	var bought struct{ Ticket string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &bought))
	assert.Equal(t, 200, jwttest.Do(router, "GET", "/live?ticket="+bought.Ticket).Code)

	clock.Advance(20 * time.Minute)
	w = jwttest.Do(router, "POST", "/refresh", signedHere(t, key, ""), jwttest.JSON(`{"refresh_token": "`+pair.RefreshToken+`"}`))
	require.Equal(t, 200, w.Code, w.Body)
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &pair))
	assert.Equal(t, 204, jwttest.Do(router, "POST", "/logout", signedHere(t, key, pair.AccessToken)).Code)
	assert.Equal(t, 401, jwttest.Do(router, "GET", "/orders", signedHere(t, key, pair.AccessToken)).Code)
}

// socketMessage is the first message of a WebSocket.
type socketMessage struct {
	Token string `json:"token"`
	Proof string `json:"proof"`
}

func TestAProofInTheFirstMessageOfAWebSocket(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	jwt, _ := dpopExample(t, jwttest.Config(clock))
	first := func(ctx context.Context, message socketMessage) (*ginjwt.Token, error) {
		proof := ginjwt.WithProof(message.Proof, http.MethodGet, "https://api.example.com/live")
		return jwt.VerifyToken(ctx, message.Token, ginjwt.Bound(), proof)
	}
	key := jwttest.NewDPoPKey(t, clock)
	token := jwttest.AccessToken(t, jwt, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	message := socketMessage{token, key.Proof(t, "GET", "https://api.example.com/live", token)}
	verified, err := first(t.Context(), message)
	require.NoError(t, err)
	assert.Equal(t, "alice", verified.Identity)
	_, err = first(t.Context(), message)
	require.ErrorIs(t, err, ginjwt.ErrDPoPProof, "again")
	_, err = first(t.Context(), socketMessage{token, key.Proof(t, "GET", "https://api.example.com/orders", token)})
	require.ErrorIs(t, err, ginjwt.ErrDPoPProof, "for another URL")
}

func TestIntrospectionForServicesThatCheckProofs(t *testing.T) {
	t.Parallel()
	jwt, router := dpopExample(t, jwttest.Config(nil))
	isOurService := func(c *gin.Context) bool { return c.GetHeader("X-Service") == "orders" }

	router.POST("/introspect", jwt.IntrospectionHandler(isOurService, ginjwt.CallersCheckProofs()))

	key := jwttest.NewDPoPKey(t, nil)
	token := jwttest.AccessToken(t, jwt, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))
	w := jwttest.Do(router, "POST", "/introspect", jwttest.Header("X-Service", "orders"), jwttest.Form("token", token))
	var said struct {
		Active    bool              `json:"active"`
		TokenType string            `json:"token_type"`
		CNF       map[string]string `json:"cnf"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &said))
	assert.True(t, said.Active)
	assert.Equal(t, "DPoP", said.TokenType)
	assert.Equal(t, map[string]string{"jkt": key.Thumbprint(t)}, said.CNF)
}

// A login of net/http binds its tokens too.
func TestALoginOfNetHTTPBinds(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.DPoP, config.DPoPNonce = "accepted", true
	mgr, mux := ginjwt.New(config), http.NewServeMux()
	require.NoError(t, mgr.InitApp(nil))
	login := func(w http.ResponseWriter, r *http.Request) {
		token, err := mgr.CreateAccessToken(r.Context(), "alice")
		if err != nil {
			mgr.RefuseRequest(w, r, err)
			return
		}
		_ = ginjwt.TokenPair{AccessToken: token}.Render(w)
	}
	knows := mgr.Middleware(ginjwt.Optional()) // r.Context() then knows the request, with its proof
	mux.Handle("POST /login", knows(http.HandlerFunc(login)))

	key := jwttest.NewDPoPKey(t, nil)
	w := jwttest.Do(mux, "POST", "/login", key.Sign(t, ""))
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, w.Body.String(), `"error":"use_dpop_nonce"`)
	key.Nonce = w.Header().Get("DPoP-Nonce")
	w = jwttest.Do(mux, "POST", "/login", key.Sign(t, ""))
	assert.Contains(t, w.Body.String(), `"token_type":"DPoP"`)
	assert.NotEmpty(t, w.Header().Get("DPoP-Nonce"), "for the next proof")

	w = jwttest.Do(mux, "POST", "/login", jwttest.Header("DPoP", "x"))
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, w.Body.String(), `"error":"invalid_dpop_proof"`)
}

// The code of docs/testing.md.
func TestAnApplicationWithDPoP(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(nil))
	app := exampleApp(mgr)
	key := jwttest.NewDPoPKey(t, nil)
	token := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithKeyThumbprint(key.Thumbprint(t)))

	w := jwttest.Do(app, "GET", "/me", key.Sign(t, token))
	assert.JSONEq(t, `{"identity":"alice"}`, w.Body.String())

	stolen := jwttest.Do(app, "GET", "/me", jwttest.Bearer(token))
	assert.Equal(t, 401, stolen.Code)
}
