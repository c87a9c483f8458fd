package recipes

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// hasuraClaim holds JSON, or with "claims_format": "stringified_json" a text that holds JSON.
const hasuraClaim = "https://hasura.io/jwt/claims"

// HasuraRole requires one of the roles in the JSON string of the claim. Put it behind
// JWTRequired, which verifies the token.
func HasuraRole(role string) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, ok := ginjwt.GetToken(c)
		if !ok || !slices.Contains(hasuraRoles(token), role) {
			c.AbortWithStatusJSON(http.StatusForbidden, gin.H{"msg": "Insufficient scope"})
		}
	}
}

// hasuraRoles returns no roles if the claim is malformed.
func hasuraRoles(token *ginjwt.Token) []string {
	text, ok := token.Claims()[hasuraClaim].(string)
	if !ok {
		return nil
	}
	var claims map[string]json.RawMessage
	var roles []string
	if json.Unmarshal([]byte(text), &claims) != nil || json.Unmarshal(claims["x-hasura-allowed-roles"], &roles) != nil {
		return nil
	}
	return roles
}
