package threats_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// tokenCache is Config.TokenCache in these tests. What is answered must be the
// same with JWT_TOKEN_CACHE=-1, without the cache.
func tokenCache() int {
	entries, _ := strconv.Atoi(os.Getenv("JWT_TOKEN_CACHE"))
	return entries
}
