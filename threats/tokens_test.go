package threats_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// What the threat tests share: tokens made by hand, and an application to send
// them to. Nothing here uses the library, or golang-jwt, to make a token.

// What is answered to bad tokens. Those below the gap have the status 401, all
// others 422.
const (
	msgSegments   = "Not enough segments"
	msgHeader64   = "Invalid header padding"
	msgPayload64  = "Invalid payload padding"
	msgCrypto64   = "Invalid crypto padding"
	msgHeaderJSON = "Invalid header string: not valid JSON"
	msgHeaderObj  = "Invalid header string: must be a json object"
	msgClaimsJSON = "Invalid payload string: not valid JSON"
	msgClaimsObj  = "Invalid payload string: must be a json object"
	msgNoAlg      = "Algorithm not specified"
	msgAlg        = "The specified alg value is not allowed"
	msgSignature  = "Signature verification failed"
	msgKeyID      = "Key ID header parameter must be a string"
	msgTyp        = "The specified typ value is not allowed"
	msgTooLarge   = "Token is too large"
	msgSubject    = "Subject must be a string"
	msgNoSubject  = "Missing claim: sub"

	msgExpired  = "Token has expired"
	msgRevoked  = "Token has been revoked"
	msgNotFresh = "Fresh token required"
)

func statusOf(message string) int {
	if slices.Contains([]string{msgExpired, msgRevoked, msgNotFresh}, message) {
		return http.StatusUnauthorized
	}
	return http.StatusUnprocessableEntity
}

// keyChain holds the keys of one party.
type keyChain struct {
	secret           []byte
	rsa              *rsa.PrivateKey
	p256, p384, p521 *ecdsa.PrivateKey
	ed25519          ed25519.PrivateKey
}

// The keys of the application, and of somebody else.
var (
	ownKeys   = sync.OnceValue(newKeyChain)
	alienKeys = sync.OnceValue(newKeyChain)
)

func newKeyChain() keyChain {
	_, ed := must2(ed25519.GenerateKey(rand.Reader))
	return keyChain{
		secret:  []byte(rand.Text() + rand.Text() + rand.Text()),
		rsa:     must(rsa.GenerateKey(rand.Reader, 2048)),
		p256:    must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		p384:    must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)),
		p521:    must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader)),
		ed25519: ed,
	}
}

// of returns the key that signs with an algorithm.
func (k keyChain) of(alg string) any {
	switch {
	case alg[:2] == "HS":
		return k.secret
	case alg == "ES256":
		return k.p256
	case alg == "ES384":
		return k.p384
	case alg == "ES512":
		return k.p521
	case alg == "EdDSA":
		return k.ed25519
	}
	return k.rsa
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

// families are algorithms with one key each.
func families() []string { return []string{"HS256", "RS256", "PS256", "ES256", "EdDSA"} }

func publicOf(key any) any { return key.(crypto.Signer).Public() }

func pemText(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func privatePEM(key any) string {
	return pemText("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))
}

func publicPEM(key any) string { return pemText("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(key))) }

// publicJWK writes a key as RFC 7517 does; a []byte is a secret.
func publicJWK(key any) string {
	switch key := key.(type) {
	case []byte:
		return fmt.Sprintf(`{"kty":"oct","k":%q}`, b64(string(key)))
	case *rsa.PublicKey:
		return fmt.Sprintf(`{"kty":"RSA","n":%q,"e":"AQAB"}`, b64(string(key.N.Bytes())))
	case *ecdsa.PublicKey:
		point := must(key.Bytes())[1:]
		x, y := point[:len(point)/2], point[len(point)/2:]
		return fmt.Sprintf(`{"kty":"EC","crv":%q,"x":%q,"y":%q}`, key.Params().Name, b64(string(x)), b64(string(y)))
	case ed25519.PublicKey:
		return fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":%q}`, b64(string(key)))
	}
	panic(fmt.Sprintf("a %T has no JWK", key))
}

// aliceClaims are claims that pass everywhere but where fresh ones are wanted.
// Further members are put at their end.
func aliceClaims(members ...string) string {
	claims := []string{`"iat":1577836800`, `"exp":253402300799`, `"jti":"6b0c2f9e-0f57-4e63-a9d5-3c1f6e0a7b12"`, `"type":"access"`, `"sub":"alice"`}
	return "{" + strings.Join(append(claims, members...), ",") + "}"
}

// bareClaims are claims without an identity.
func bareClaims(members ...string) string {
	return "{" + strings.Join(append([]string{`"exp":253402300799`}, members...), ",") + "}"
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func headerFor(alg string, members ...string) string {
	return "{" + strings.Join(append([]string{`"alg":"` + alg + `"`}, members...), ",") + "}"
}

// seal signs a header and a payload, whatever they say.
func seal(alg string, key any, header, payload string) string {
	return sealText(alg, key, b64(header)+"."+b64(payload))
}

// sealText signs the first two segments as they stand.
func sealText(alg string, key any, input string) string {
	return withSignature(input, signatureOf(alg, key, input))
}

func withSignature(input string, signature []byte) string {
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// own signs claims with the application's key: a token that is meant to pass,
// but for its claims.
func own(alg, payload string) string {
	return seal(alg, ownKeys().of(alg), headerFor(alg, `"typ":"JWT"`), payload)
}

func hashOf(alg string) crypto.Hash {
	switch {
	case strings.HasSuffix(alg, "384"):
		return crypto.SHA384
	case strings.HasSuffix(alg, "512"):
		return crypto.SHA512
	}
	return crypto.SHA256
}

func digestOf(hash crypto.Hash, input string) []byte {
	h := hash.New()
	h.Write([]byte(input))
	return h.Sum(nil)
}

func signatureOf(alg string, key any, input string) []byte {
	hash := hashOf(alg)
	switch key := key.(type) {
	case []byte:
		mac := hmac.New(hash.New, key)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(input))
	case *ecdsa.PrivateKey:
		r, s := must2(ecdsa.Sign(rand.Reader, key, digestOf(hash, input)))
		return halves(r, s, (key.Params().BitSize+7)/8)
	case *rsa.PrivateKey:
		if alg[0] == 'P' {
			return must(rsa.SignPSS(rand.Reader, key, hash, digestOf(hash, input), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		}
		return must(rsa.SignPKCS1v15(nil, key, hash, digestOf(hash, input)))
	}
	panic(fmt.Sprintf("a %T cannot sign", key))
}

// halves writes an ECDSA signature as RFC 7518 §3.4 does, if size is right.
func halves(r, s *big.Int, size int) []byte {
	return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
}

// cut returns the three segments of a token.
func cut(token string) (header, payload, signature string) {
	parts := strings.Split(token, ".")
	return parts[0], parts[1], parts[2]
}

// signatureBytes returns the last segment of a token, decoded.
func signatureBytes(token string) []byte {
	_, _, signature := cut(token)
	return must(base64.RawURLEncoding.DecodeString(signature))
}

// inputOf returns what the signature of a token is over.
func inputOf(token string) string { return token[:strings.LastIndexByte(token, '.')] }

// victim is an application with a route of each kind.
type victim struct {
	mgr    *ginjwt.JWTManager
	engine *gin.Engine
}

// victimConfig has the application's key of an algorithm.
func victimConfig(alg string) ginjwt.Config {
	config := ginjwt.Config{Algorithm: alg, TokenLocation: []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString}, TokenCacheSize: tokenCache()}
	if key := ownKeys().of(alg); alg[:2] == "HS" {
		config.SecretKey = string(key.([]byte))
	} else {
		config.PrivateKey = privatePEM(key)
	}
	return config
}

func victimOf(t testing.TB, alg string) *victim {
	t.Helper()
	return newVictim(t, victimConfig(alg))
}

func newVictim(t testing.TB, config ginjwt.Config, setUp ...func(*ginjwt.JWTManager)) *victim {
	t.Helper()
	v := &victim{ginjwt.New(config), gin.New()}
	for _, set := range setUp {
		set(v.mgr)
	}
	v.engine.Use(look)
	require.NoError(t, v.mgr.InitApp(v.engine))
	v.engine.GET("/access", v.mgr.JWTRequired(), tellIdentity)
	v.engine.GET("/optional", v.mgr.JWTRequired(ginjwt.Optional()), tellIdentity)
	v.engine.GET("/fresh", v.mgr.JWTRequired(ginjwt.Fresh()), tellIdentity)
	v.engine.GET("/refresh", v.mgr.RefreshRequired(), tellIdentity)
	return v
}

// sight is what middleware around a route and its handler saw of a request.
type sight struct {
	handled bool
	token   *ginjwt.Token
	logged  string
}

type sightKey struct{}

func look(c *gin.Context) {
	saw := c.Request.Context().Value(sightKey{}).(*sight)
	c.Next()
	saw.token, _ = ginjwt.GetToken(c)
	saw.logged = c.Errors.String()
}

func tellIdentity(c *gin.Context) {
	c.Request.Context().Value(sightKey{}).(*sight).handled = true
	c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
}

// send requests a route with a token in the header or in the query string.
func (v *victim) send(route, token string, inQuery bool) (*httptest.ResponseRecorder, *sight) {
	saw := &sight{}
	watch := func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), sightKey{}, saw)) }
	if inQuery {
		return jwttest.Do(v.engine, "GET", route+"?jwt="+url.QueryEscape(token), watch), saw
	}
	return jwttest.Do(v.engine, "GET", route, watch, jwttest.Bearer(token)), saw
}

// refused sends a token wherever it fits, and wants one of messages and
// nothing else: no handler, no identity, no other status, no echo.
func (v *victim) refused(t *testing.T, token string, messages ...string) {
	t.Helper()
	decoded, err := v.mgr.DecodeToken(t.Context(), token)
	var refusal *ginjwt.Error
	require.ErrorAs(t, err, &refusal)
	require.Nil(t, decoded)
	require.Equal(t, errors.Is(refusal, ginjwt.ErrExpiredToken), refusal.Token != nil)
	require.Contains(t, messages, refusal.Message)
	noEcho(t, token, fmt.Sprintf("%v %+v", err, err))
	if token == "" { // that is no token, and no attack
		return
	}
	for _, route := range []string{"/access", "/optional", "/fresh", "/refresh"} {
		v.refusedAt(t, route, token, messages...)
	}
}

func (v *victim) refusedAt(t *testing.T, route, token string, messages ...string) {
	t.Helper()
	v.refusedBy(t, route, token, true, messages)
	if !strings.Contains(token, ",") && len(strings.Fields(token)) == 1 && strings.Fields(token)[0] == token {
		v.refusedBy(t, route, token, false, messages)
	}
}

func (v *victim) refusedBy(t *testing.T, route, token string, inQuery bool, messages []string) {
	t.Helper()
	w, saw := v.send(route, token, inQuery)
	var body map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), "%s answers %d %q", route, w.Code, w.Body)
	require.Len(t, body, 1)
	require.Contains(t, messages, body["msg"], route)
	require.Equal(t, statusOf(body["msg"]), w.Code, route)
	reasons := []string{attackReasonOf(body["msg"])}
	switch {
	case token == "":
		reasons = []string{"token_empty", "token_missing"}
	case strings.Contains(body["msg"], "ssuer"), strings.Contains(body["msg"], `"iss"`):
		reasons = append(reasons, "signature_invalid") // of an issuer that is not known
	}
	_, reason, _ := strings.Cut(w.Header().Get("WWW-Authenticate"), `, reason="`)
	assert.Contains(t, reasons, strings.TrimSuffix(reason, `"`))
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.False(t, saw.handled, "the handler ran")
	assert.Nil(t, saw.token, "the token is there for middleware")
	noEcho(t, token, w.Body.String()+fmt.Sprint(w.Header())+saw.logged)
}

// noEcho looks for a token, its segments, and their text.
func noEcho(t *testing.T, token, text string) {
	t.Helper()
	for part := range strings.SplitSeq(token, ".") {
		if len(part) >= 8 {
			assert.NotContains(t, text, part)
		}
	}
	assert.NotContains(t, text, "alice")
}

// accepted sends a token and wants exactly this identity.
func (v *victim) accepted(t *testing.T, token, identity string) *ginjwt.Token {
	t.Helper()
	for _, route := range []string{"/access", "/optional"} {
		w, saw := v.send(route, token, false)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.True(t, saw.handled)
		require.Empty(t, saw.logged)
		var body map[string]string
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
		require.Equal(t, map[string]string{"identity": identity}, body)
	}
	decoded, err := v.mgr.DecodeToken(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, identity, decoded.Identity)
	return decoded
}

// attack is one line of a table of tokens.
type attack struct{ name, token, message string }

// refusesAll sends each token and wants its message.
func (v *victim) refusesAll(t *testing.T, attacks ...attack) {
	t.Helper()
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			v.refused(t, a.token, a.message)
		})
	}
}

// initError returns what InitApp says about settings.
func initError(t *testing.T, config ginjwt.Config) string {
	t.Helper()
	err := ginjwt.New(config).InitApp(gin.New())
	require.Error(t, err)
	return err.Error()
}
