package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I end a stream when its user logs out? The context of the session ends with the
// logout, and its cause says why.
func ExampleSessionContext() {
	mgr := exampleManager(ginjwt.Config{Sessions: &ginjwt.MemorySessions{}, Blocklist: &ginjwt.MemoryBlocklist{}})
	router := exampleEngine(mgr)
	open, messages := make(chan struct{}), make(chan string)

	router.GET("/stream", mgr.JWTRequired(), func(c *gin.Context) {
		ctx := ginjwt.SessionContext(c)
		close(open)
		for {
			select {
			case message := <-messages:
				c.SSEvent("message", message)
				c.Writer.Flush()
			case <-ctx.Done():
				if end, ok := errors.AsType[*ginjwt.SessionEnd](context.Cause(ctx)); ok {
					c.SSEvent("session-end", string(end.Cause))
				}
				return
			}
		}
	})
	router.POST("/logout", mgr.LogoutHandler())

	pair, err := mgr.CreateTokenPair(context.Background(), "alice")
	if err != nil {
		log.Fatal(err)
	}
	alice := jwttest.Bearer(pair.AccessToken)
	done := make(chan string)
	go func() { done <- jwttest.Do(router, "GET", "/stream", alice).Body.String() }()
	<-open
	messages <- "hello"
	fmt.Println("logout:", jwttest.Do(router, "POST", "/logout", alice).Code)
	fmt.Print(<-done)
	// Output:
	// logout: 204
	// event:message
	// data:hello
	//
	// event:session-end
	// data:logout
}
