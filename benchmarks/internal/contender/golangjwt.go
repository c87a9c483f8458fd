package contender

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

func newParser(k Keys) (*jwt.Parser, jwt.Keyfunc) {
	key := k.Verifying()
	parser := jwt.NewParser(jwt.WithValidMethods([]string{k.Algorithm}), jwt.WithExpirationRequired())
	return parser, func(*jwt.Token) (any, error) { return key, nil }
}

func golangMap(k Keys) http.Handler {
	parser, key := newParser(k)
	return byHand(func(encoded string) (string, error) {
		claims := jwt.MapClaims{}
		if _, err := parser.ParseWithClaims(encoded, claims, key); err != nil {
			return "", err
		}
		return claims.GetSubject()
	})
}

// golangClaims are the default claims as a struct.
type golangClaims struct {
	jwt.RegisteredClaims
	Fresh bool   `json:"fresh"`
	Type  string `json:"type"`
	CSRF  string `json:"csrf"`
}

func golangStruct(k Keys) http.Handler {
	parser, key := newParser(k)
	return byHand(func(encoded string) (string, error) {
		var claims golangClaims
		if _, err := parser.ParseWithClaims(encoded, &claims, key); err != nil {
			return "", err
		}
		return claims.Subject, nil
	})
}

func golangMapCreate(k Keys) func() (string, error) {
	return func() (string, error) { return golangToken(k, "access", accessLifetime) }
}

func golangToken(k Keys, typ string, lifetime time.Duration) (string, error) {
	claims := jwt.MapClaims(defaultClaims(typ, lifetime))
	return jwt.NewWithClaims(k.method(), claims).SignedString(k.SigningKey())
}

func golangStructCreate(k Keys) func() (string, error) {
	return func() (string, error) {
		now := time.Now()
		claims := golangClaims{
			RegisteredClaims: jwt.RegisteredClaims{
				ID: newUUID(), Subject: Identity, IssuedAt: jwt.NewNumericDate(now),
				NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(accessLifetime)),
			},
			Type: "access",
			CSRF: newUUID(),
		}
		return jwt.NewWithClaims(k.method(), claims).SignedString(k.SigningKey())
	}
}

func golangLogin(k Keys) http.Handler {
	r := newEngine()
	r.POST("/login", func(c *gin.Context) {
		access, err := golangToken(k, "access", accessLifetime)
		if err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		refresh, err := golangToken(k, "refresh", refreshLifetime)
		if err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, gin.H{"access_token": access, "refresh_token": refresh})
	})
	return r
}
