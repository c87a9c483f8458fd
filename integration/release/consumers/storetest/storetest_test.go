package storetest_test

import (
	"testing"

	"github.com/gin-jwt-extended/ginjwt/store"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

func TestMyBlocklist(t *testing.T) {
	storetest.Blocklist(t, func(*testing.T) store.Blocklist { return new(store.MemoryBlocklist) })
}
