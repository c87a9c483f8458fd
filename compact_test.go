package ginjwt_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// An encrypted token is refused as malformed. The log says that it is encrypted.
func TestAnEncryptedTokenIsNamedInTheLog(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/", mgr.JWTRequired(), identify)
	part := base64.RawURLEncoding.EncodeToString
	header := part([]byte(`{"alg":"dir","enc":"A256GCM","iss":"https://shop.eu.auth0.com/"}`))
	for parts, encrypted := range map[string]bool{
		header + ".." + part(make([]byte, 12)) + "." + part(make([]byte, 40)) + "." + part(make([]byte, 16)): true,
		header + ".AAAA.AAAA.AAAA.AAAA":      true,
		header + ".AAAA.AAAA.AAAA":           false,
		header + ".AAAA.AAAA.AAAA.AAAA.AAAA": false,
	} {
		w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(parts))
		assert.Equal(t, `{"msg":"Invalid payload padding"}`+"\n", w.Body.String(), "as in the original")
		_, err := mgr.DecodeToken(t.Context(), parts)
		assert.ErrorIs(t, err, ginjwt.ErrInvalidToken)
		assert.Equal(t, encrypted, strings.Contains(err.Error(), "an encrypted token (JWE)"), err.Error())
	}
}
