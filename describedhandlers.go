package ginjwt

import (
	"net/http"
	"reflect"

	"github.com/gin-gonic/gin"
)

// This file lets the handlers of this package tell CheckRoutes what they decide. Gin knows
// only functions, so describe returns one with a code address that no other function has,
// and factsOf asks only functions with this address.

// routeFacts is what a handler of this package decides about a route.
type routeFacts struct {
	handler    string // its name, of a handler that responds; empty: it is a guard
	middleware bool   // it is neither, and does not decide who may call the route
	sameOrigin bool   // it is SameOriginRequired

	need *requirement // of the token; nil: it needs none
	open bool         // it responds to everybody, by its purpose
	why  string       // of Decided
}

// described is a handler with its facts.
type described struct {
	serve gin.HandlerFunc
	facts routeFacts
}

// describe returns serve, as a handler that tells its facts.
func describe(facts routeFacts, serve gin.HandlerFunc) gin.HandlerFunc {
	return (&described{serve, facts}).handle
}

// asking is the request of factsOf. No other request has its address.
var asking = &http.Request{}

// factsKey is where handle stores its answer.
const factsKey = "ginjwt.facts"

func (d *described) handle(c *gin.Context) {
	if c.Request == asking {
		c.Set(factsKey, d.facts)
		return
	}
	d.serve(c)
}

// factsOf returns the facts of a handler that describe returned. It runs no other handler.
func factsOf(h gin.HandlerFunc) (facts routeFacts, ok bool) {
	if codeOf(h) != codeOf((*described)(nil).handle) {
		return routeFacts{}, false
	}
	c := &gin.Context{Request: asking}
	h(c)
	told, _ := c.Get(factsKey)
	facts, ok = told.(routeFacts)
	return facts, ok
}

// codeOf returns the address of the code of a handler. All handlers of describe share one.
func codeOf(h gin.HandlerFunc) uintptr { return reflect.ValueOf(h).Pointer() }
