// Package recipes accepts tokens that need more than settings.
package recipes

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

// ALB verifies the header x-amzn-oidc-data, in which an AWS Application Load Balancer names
// the user. The parts of this token are padded, and the signature covers the padded text.
// ginjwt accepts only the form of RFC 7515.
type ALB struct {
	Region   string // such as "eu-central-1"
	Signer   string // the ARN of the load balancer
	ClientID string // of the app at the identity provider
	Issuer   string // the identity provider

	Client *http.Client // fetches keys
	Now    func() time.Time

	keys sync.Map // *ecdsa.PublicKey by "kid"; a balancer has few
}

// albKeyID matches a "kid", which becomes part of a URL.
var albKeyID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Verify verifies the header, and returns the user ("sub").
func (a *ALB) Verify(ctx context.Context, encoded string) (string, error) {
	parser := jwt.NewParser(jwt.WithPaddingAllowed(), jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{"ES256"}),
		jwt.WithTimeFunc(a.Now))
	var claims jwt.RegisteredClaims
	_, err := parser.ParseWithClaims(encoded, &claims, func(token *jwt.Token) (any, error) {
		h := token.Header
		if h["signer"] != a.Signer || h["client"] != a.ClientID || h["iss"] != a.Issuer {
			return nil, errors.New("alb: the token is of another load balancer, client or issuer")
		}
		if exp, ok := h["exp"].(float64); !ok || exp <= float64(a.Now().Unix()) {
			return nil, jwt.ErrTokenExpired
		}
		kid, _ := h["kid"].(string)
		return a.key(ctx, kid)
	})
	if err == nil && claims.Subject == "" {
		err = errors.New("alb: the token names no user")
	}
	return claims.Subject, err
}

// Required accepts only requests that the load balancer has signed. Clients must be able
// to reach the service only through the load balancer.
func (a *ALB) Required() gin.HandlerFunc {
	return func(c *gin.Context) {
		user, err := a.Verify(c.Request.Context(), c.GetHeader("x-amzn-oidc-data"))
		if err != nil {
			c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"msg": "The load balancer names no user"})
			return
		}
		c.Set("alb_user", "alb:"+user)
	}
}

// key returns a public key. A "kid" always has the same key, so the cache never expires.
func (a *ALB) key(ctx context.Context, kid string) (*ecdsa.PublicKey, error) {
	if !albKeyID.MatchString(kid) {
		return nil, errors.New("alb: no key is named so")
	}
	if key, ok := a.keys.Load(kid); ok {
		return key.(*ecdsa.PublicKey), nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := fmt.Sprintf("https://public-keys.auth.elb.%s.amazonaws.com/%s", a.Region, kid)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := a.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("alb: the key server responded with status %d", response.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<10))
	if err != nil {
		return nil, err
	}
	key, err := jwt.ParseECPublicKeyFromPEM(text)
	if err == nil {
		a.keys.Store(kid, key)
	}
	return key, err
}
