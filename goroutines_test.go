package ginjwt_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I work for a user after the request has been answered?
func Example_goroutine() {
	mgr := ginjwt.New(ginjwt.Config{SecretKey: "a secret of at least 32 random bytes"}) // from the environment, in real life
	router := gin.New()
	if err := mgr.InitApp(router); err != nil {
		panic(err)
	}
	answered, done := make(chan struct{}), make(chan struct{})
	writeReport := func(ctx context.Context, user string) {
		<-answered
		fmt.Println("a report for", user, "in the token of", ginjwt.GetJWTIdentity(ctx))
		close(done)
	}

	router.POST("/reports", mgr.JWTRequired(), func(c *gin.Context) {
		user := ginjwt.GetJWTIdentity(c)                  // here, not in the goroutine
		ctx := context.WithoutCancel(c.Request.Context()) // not c: Gin uses it for another request
		go writeReport(ctx, user)
		c.Status(http.StatusAccepted)
	})

	token, err := mgr.CreateAccessToken(context.Background(), "alice")
	if err != nil {
		panic(err)
	}
	jwttest.Do(router, "POST", "/reports", jwttest.Bearer(token))
	close(answered)
	<-done
	// Output: a report for alice in the token of alice
}

// What is kept of a request: its context and a copy stay with its user, but the
// gin.Context is soon that of another.
func TestContextsAfterTheRequest(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(jwttest.Config(&jwttest.Clock{}))
	router := gin.New()
	require.NoError(t, mgr.InitApp(router))
	var kept *gin.Context
	var copied, ctx context.Context
	router.POST("/keep", mgr.JWTRequired(), func(c *gin.Context) {
		kept, copied, ctx = c, c.Copy(), context.WithoutCancel(c.Request.Context())
	})
	reused := false
	router.POST("/other", mgr.JWTRequired(), func(c *gin.Context) {
		if c != kept {
			return
		}
		reused = true
		assert.Equal(t, "bob", ginjwt.GetJWTIdentity(kept))
		assert.Equal(t, "alice", ginjwt.GetJWTIdentity(copied))
		assert.Equal(t, "alice", ginjwt.GetJWTIdentity(ctx))
		assert.NoError(t, ctx.Err())
	})
	alice, bob := jwttest.AccessToken(t, mgr, "alice"), jwttest.AccessToken(t, mgr, "bob")
	for range 1000 { // the pool of Gin may give any of its contexts
		jwttest.Do(router, "POST", "/keep", jwttest.Bearer(alice))
		jwttest.Do(router, "POST", "/other", jwttest.Bearer(bob))
		if reused {
			return
		}
	}
	t.Fatal("Gin has not used a context again")
}
