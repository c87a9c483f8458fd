package main

import (
	"context"
	"sync"

	"github.com/gin-jwt-extended/ginjwt"
)

// user is a user with an account.
type user struct {
	Identity string `json:"identity"`
	From     string `json:"from"` // the issuer that brought the user
}

// users stands for a database table.
type users struct {
	mu         sync.Mutex
	byIdentity map[string]*user
}

// find returns the user of a token. A new user of the provider gets an account. Our own
// tokens never create one.
func (u *users) find(_ context.Context, token *ginjwt.Token) (any, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := u.byIdentity[token.Identity] // begins with "provider:" for users of the provider
	if found == nil && token.Issuer != ownIssuer {
		found = &user{Identity: token.Identity, From: token.Issuer}
		u.byIdentity[token.Identity] = found
	}
	return found, nil
}
