package ginjwt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// How do I authenticate a WebSocket, an EventSource or a download? A page cannot send an
// Authorization header with them, so it buys a ticket for the one request first.
func ExampleJWTManager_TicketHandler() {
	mgr := exampleManager(ginjwt.Config{})
	router := exampleEngine(mgr)

	router.POST("/ticket", mgr.TicketHandler())
	router.GET("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
		c.String(200, "what happens in room %s, for %s", c.Query("room"), ginjwt.GetJWTIdentity(c))
	})

	alice := jwttest.Bearer(exampleToken(mgr, "alice"))
	answer := jwttest.Do(router, "POST", "/ticket", alice, jwttest.JSON(`{"method":"GET","url":"/live?room=1"}`))
	var bought struct{ Ticket string }
	_ = json.Unmarshal(answer.Body.Bytes(), &bought)

	fmt.Println(jwttest.Do(router, "GET", "/live?room=2&ticket="+bought.Ticket).Body)
	fmt.Println(jwttest.Do(router, "GET", "/live?room=1&ticket="+bought.Ticket).Body)
	fmt.Println(jwttest.Do(router, "GET", "/live?room=1&ticket="+bought.Ticket).Body)
	// Output:
	// {"msg":"The ticket is for another request"}
	//
	// what happens in room 1, for alice
	// {"msg":"Token has already been used"}
}

// How do I render a page that opens a download at once? Put the ticket into the page.
func ExampleJWTManager_CreateTicket() {
	mgr := exampleManager(ginjwt.Config{})
	router := exampleEngine(mgr)
	router.GET("/report", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
		c.String(200, "the report of %s", ginjwt.GetJWTIdentity(c))
	})

	router.GET("/page", mgr.JWTRequired(), func(c *gin.Context) {
		ticket, err := mgr.CreateTicket(c, "GET", "/report?year=2025")
		if err != nil {
			mgr.Refuse(c, err)
			return
		}
		c.Header("Cache-Control", "no-store")
		c.String(200, "/report?year=2025&ticket="+ticket)
	})

	link := jwttest.Do(router, "GET", "/page", jwttest.Bearer(exampleToken(mgr, "alice"))).Body.String()
	fmt.Println(jwttest.Do(router, "GET", link).Body)
	// Output: the report of alice
}

// How do I keep tickets out of the log? Gin's logger writes the query, and so the tickets. A
// formatter leaves the query out.
func ExampleInTicket_log() {
	var log bytes.Buffer
	mgr := exampleManager(ginjwt.Config{})

	router := gin.New()
	router.Use(gin.LoggerWithConfig(gin.LoggerConfig{Output: &log, Formatter: func(line gin.LogFormatterParams) string {
		path, _, _ := strings.Cut(line.Path, "?")
		return fmt.Sprintf("%s %q %d\n", line.Method, path, line.StatusCode) // a path may have line breaks
	}}))
	router.GET("/live", mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(*gin.Context) {})

	jwttest.Do(router, "GET", "/live?room=1&ticket=eyJhbGciOi…")
	fmt.Print(log.String())
	// Output: GET "/live" 422
}
