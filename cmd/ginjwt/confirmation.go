package main

import (
	"strconv"
	"strings"
)

// confirmation describes the "cnf" of a token (RFC 7800).
type confirmation struct {
	jkt    string // the thumbprint of the key of DPoP
	others string // the names of methods that ginjwt does not support
}

func (t loose) confirmation() (c confirmation) {
	value, there := t.claims.get("cnf")
	members, err := parseObject(value)
	switch {
	case !there:
		return c
	case err != nil:
		return confirmation{others: "not readable"}
	}
	var others []string
	for _, m := range members {
		if m.name == "jkt" {
			c.jkt = members.text("jkt")
		} else {
			others = append(others, strconv.QuoteToASCII(m.name))
		}
	}
	c.others = strings.Join(others, ", ")
	return c
}

// printConfirmation says what the sender of the token must have.
func (a *app) printConfirmation(c confirmation) {
	switch {
	case c.others != "":
		a.out.line("Bound: %s (%s)", a.out.red("by a method that ginjwt does not support"), c.others)
	case c.jkt != "":
		a.out.line("Bound: to the key %s; without a DPoP proof of this key, a service refuses the token", safe(c.jkt))
	}
}
