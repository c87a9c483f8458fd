package main

import (
	"context"
	"sync"

	"github.com/gin-jwt-extended/ginjwt"
)

// user is somebody who is known here.
type user struct {
	Identity string `json:"identity"`
	From     string `json:"from"` // the issuer that brought the user
}

// users stand for a table in a database.
type users struct {
	mu         sync.Mutex
	byIdentity map[string]*user
}

// find returns the user of a token. One who comes from the provider for the
// first time gets an account; our own tokens are only of users that there are.
func (u *users) find(_ context.Context, token *ginjwt.Token) (any, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := u.byIdentity[token.Identity] // with "provider:" before it, if it is not ours
	if found == nil && token.Issuer != ownIssuer {
		found = &user{Identity: token.Identity, From: token.Issuer}
		u.byIdentity[token.Identity] = found
	}
	return found, nil
}
