package sqlstore_test

import (
	"flag"
	"os"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

func TestMain(m *testing.M) {
	flag.Parse()
	testserver.Configure()
	os.Exit(m.Run())
}
