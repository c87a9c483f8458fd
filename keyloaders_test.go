package ginjwt_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// keyLoader and unverifiedKeyLoader return a key that is not in the settings.
func keyLoader() func(context.Context, any) (keys.Key, error) {
	return func(context.Context, any) (keys.Key, error) {
		return keys.Key{Sign: []byte(strings.Repeat("k", 32))}, nil
	}
}

func unverifiedKeyLoader() func(context.Context, *ginjwt.Token) (keys.Key, error) {
	return func(context.Context, *ginjwt.Token) (keys.Key, error) {
		return keys.Key{Sign: []byte(strings.Repeat("k", 32))}, nil
	}
}

func TestEveryAlgorithmSignsAndVerifies(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for algorithm, config := range map[string]ginjwt.Config{
		"HS256": {SecretKey: strings.Repeat("k", 32)}, "HS384": {SecretKey: strings.Repeat("k", 48)}, "HS512": {SecretKey: strings.Repeat("k", 64)},
		"RS256": {PrivateKey: pems.RSAPrivate}, "RS384": {PrivateKey: pems.RSAPrivate}, "RS512": {PrivateKey: pems.RSAPKCS1},
		"PS256": {PrivateKey: pems.RSAPrivate}, "PS384": {PrivateKey: pems.RSAPrivate}, "PS512": {PrivateKey: pems.RSAPrivate},
		"ES256": {PrivateKey: pems.P256SEC1}, "ES384": {PrivateKey: pems.P384Private}, "ES512": {PrivateKey: pems.P521Private},
		"EdDSA": {PrivateKey: pems.Ed25519Private, PublicKey: pems.Ed25519Public},
	} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			config.Algorithm = algorithm
			mgr, engine := newManager(t, config)
			engine.GET("/", mgr.JWTRequired(), identify)
			encoded := jwttest.AccessToken(t, mgr, "alice")
			header, err := ginjwt.GetUnverifiedJWTHeaders(encoded)
			require.NoError(t, err)
			assert.Equal(t, ginjwt.Header{"alg": algorithm, "typ": "JWT"}, header)
			assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Body.String())

			last := encoded[len(encoded)-10]
			forged := encoded[:len(encoded)-10] + string(rune(last^1)) + encoded[len(encoded)-9:]
			assert.Equal(t, 422, jwttest.Do(engine, "GET", "/", jwttest.Bearer(forged)).Code)
		})
	}
}

func TestAPublicKeyAloneOnlyVerifies(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	signer, _ := newManager(t, ginjwt.Config{Algorithm: "ES256", PrivateKey: pems.P256Private})
	for _, public := range []string{pems.P256Public, pems.Certificate} {
		verifier, _ := newManager(t, ginjwt.Config{Algorithm: "ES256", PublicKey: public})
		token, err := verifier.DecodeToken(t.Context(), jwttest.AccessToken(t, signer, "alice"))
		require.NoError(t, err)
		assert.Equal(t, "alice", token.Identity)
		_, err = verifier.CreateAccessToken(t.Context(), "alice")
		require.ErrorIs(t, err, ginjwt.ErrNoSigningKey)
		assert.EqualError(t, err, "ginjwt: no signing key: set PrivateKey; a PublicKey only verifies")
	}
}

func TestKeyLoaders(t *testing.T) {
	t.Parallel()
	tenants := map[string]keys.Key{
		"a": {ID: "a", Algorithm: "HS256", Sign: []byte(strings.Repeat("a", 32))},
		"b": keytest.Must(keys.ParseOne("b", "ES256", []byte(keytest.Generate(t).P256Private))),
		"c": {ID: "c", Sign: []byte("too short")},
	}
	mgr, engine := newManager(t, ginjwt.Config{}, func(mgr *ginjwt.JWTManager) {
		mgr.EncodeKeyLoader(func(_ context.Context, identity any) (keys.Key, error) {
			return tenants[identity.(string)], nil
		})
		mgr.DecodeKeyLoader(func(_ context.Context, unverified *ginjwt.Token) (keys.Key, error) {
			switch kid, _ := unverified.Header()["kid"].(string); kid {
			case "down":
				return keys.Key{}, ginjwt.ErrUnavailable
			case "failed":
				return keys.Key{}, errors.New("disk is full")
			case "refused":
				return keys.Key{}, ginjwt.ErrInvalidToken
			default:
				return tenants[kid], nil
			}
		})
	})
	engine.GET("/", mgr.JWTRequired(), identify)

	a, b := jwttest.AccessToken(t, mgr, "a"), jwttest.AccessToken(t, mgr, "b")
	assert.Equal(t, "a", jwttest.Do(engine, "GET", "/", jwttest.Bearer(a)).Body.String())
	assert.Equal(t, "b", jwttest.Do(engine, "GET", "/", jwttest.Bearer(b)).Body.String())

	other, _ := newManager(t, ginjwt.Config{SecretKey: strings.Repeat("a", 64), Algorithm: "HS512"})
	for kid, want := range map[string]struct {
		status int
		body   string
	}{
		"a":       {422, "The specified alg value is not allowed"},
		"c":       {422, "The specified alg value is not allowed"},
		"unknown": {422, "Signature verification failed"},
		"refused": {422, "Signature verification failed"},
		"down":    {503, "Service unavailable"},
		"failed":  {500, "Internal server error"},
	} {
		w := jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, other, "x", ginjwt.WithHeaders(ginjwt.Header{"kid": kid}))))
		assert.Equal(t, want.status, w.Code, kid)
		assert.Equal(t, `{"msg":"`+want.body+`"}`+"\n", w.Body.String(), kid)
	}

	_, err := mgr.CreateAccessToken(t.Context(), "c")
	assert.EqualError(t, err, "ginjwt: EncodeKeyLoader: has 9 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32")
	_, err = mgr.CreateAccessToken(t.Context(), "nobody")
	assert.ErrorContains(t, err, "ginjwt: EncodeKeyLoader:")
}

func TestAKeyFromAJWKSignsAndVerifies(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	for algorithm, text := range map[string]string{"PS256": pems.RSAPrivate, "ES256": pems.P256Private, "EdDSA": pems.Ed25519Private} {
		key := keytest.Must(keys.ParseOne("", algorithm, []byte(text)))
		signs := keytest.Must(keys.ParseOne("", algorithm, keytest.Must(key.MarshalJWK())))
		verifies := keytest.Must(keys.ParseOne("", algorithm, keytest.Must(signs.MarshalPublicJWK())))
		require.Nil(t, verifies.Sign)
		mgr, engine := newManager(t, ginjwt.Config{}, func(mgr *ginjwt.JWTManager) {
			mgr.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) { return signs, nil })
			mgr.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) { return verifies, nil })
		})
		engine.GET("/", mgr.JWTRequired(), identify)
		assert.Equal(t, "alice", jwttest.Do(engine, "GET", "/", jwttest.Bearer(jwttest.AccessToken(t, mgr, "alice"))).Body.String(), algorithm)
	}
}
