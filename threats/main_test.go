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

// tokenCache is Config.TokenCacheSize in these tests. What is answered must be the
// same with JWT_TOKEN_CACHE_SIZE=-1, without the cache.
func tokenCache() int {
	entries, _ := strconv.Atoi(os.Getenv("JWT_TOKEN_CACHE_SIZE"))
	return entries
}
