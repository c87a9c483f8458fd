// The tests of a store outside of this module.
package main

import (
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	storetest.Sessions(t, func(*testing.T) ginjwt.SessionStore {
		return &ginjwt.MemorySessions{}
	}, storetest.Rounds(10))
}

func TestBlocklist(t *testing.T) {
	t.Parallel()
	storetest.Blocklist(t, func(*testing.T) ginjwt.Blocklist { return &ginjwt.MemoryBlocklist{} })
}
