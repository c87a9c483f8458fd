package fromginjwt_test

import (
	"os"
	"reflect"
	"testing"

	jwtv2 "github.com/appleboy/gin-jwt/v2"
	jwtv3 "github.com/appleboy/gin-jwt/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every field of gin-jwt stands in a table of the page.
func TestEveryFieldIsOnThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/from-gin-jwt.md")
	require.NoError(t, err)
	for _, of := range []reflect.Type{reflect.TypeFor[jwtv2.GinJWTMiddleware](), reflect.TypeFor[jwtv3.GinJWTMiddleware]()} {
		for _, field := range reflect.VisibleFields(of) {
			if field.IsExported() {
				assert.Regexp(t, "(?m)^\\|[^|]*`"+field.Name+"`[^|]*\\|", string(page))
			}
		}
	}
}
