package storetest_test

import (
	"testing"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

func TestMemorySessions(t *testing.T) {
	t.Parallel()
	storetest.Sessions(t, func(*testing.T) ginjwt.SessionStore { return &ginjwt.MemorySessions{} })
}

func TestMemoryBlocklist(t *testing.T) {
	t.Parallel()
	storetest.Blocklist(t, func(*testing.T) ginjwt.Blocklist { return &ginjwt.MemoryBlocklist{} })
}

func TestMemoryPlays(t *testing.T) {
	t.Parallel()
	storetest.Plays(t, func(*testing.T) (ginjwt.SessionStore, ginjwt.Blocklist) { return &ginjwt.MemorySessions{}, nil })
}

// The blocklist of the example keeps what a blocklist must.
func TestExampleBlocklist(t *testing.T) {
	t.Parallel()
	storetest.Blocklist(t, newMapBlocklist)
}
