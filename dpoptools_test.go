package ginjwt_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// confirmed returns an access token with these members of "cnf", signed with the secret of
// config.
func confirmed(t *testing.T, config ginjwt.Config, cnf map[string]string) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": "alice", "type": "access", "jti": "1", "cnf": cnf}
	maps.Copy(claims, map[string]any{"iat": config.Now().Unix(), "exp": config.Now().Unix() + 900})
	encoded, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(config.SecretKey))
	require.NoError(t, err)
	return encoded
}

// A token that is bound to a certificate (RFC 8705) is not active where callers check the
// proofs of DPoP: they would find nothing to check.
func TestIntrospectionOfATokenWithACertificate(t *testing.T) {
	t.Parallel()
	const certificate = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
	config := jwttest.Config(&jwttest.Clock{})
	mgr, engine := newManager(t, config)
	engine.POST("/introspect", mgr.IntrospectionHandler(func(*gin.Context) bool { return true }, ginjwt.CallersCheckProofs()))
	jkt := jwttest.NewDPoPKey(t, nil).Thumbprint(t)
	for name, test := range map[string]struct {
		cnf    map[string]string
		active bool
	}{
		"a key":                   {map[string]string{"jkt": jkt}, true},
		"a certificate":           {map[string]string{"x5t#S256": certificate}, false},
		"a key and a certificate": {map[string]string{"jkt": jkt, "x5t#S256": certificate}, false},
	} {
		w := jwttest.Do(engine, "POST", "/introspect", jwttest.Form("token", confirmed(t, config, test.cnf)))
		require.Equal(t, http.StatusOK, w.Code, name)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		assert.Equal(t, test.active, answer["active"], name)
	}
}
