package threats_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// FuzzProof sends any proof: raw, or if that is empty, any header and claims that the key of a
// client has signed. What passes must pass by golang-jwt and encoding/json too, with each rule
// of RFC 9449 §4.3 read from the RFC.
func FuzzProof(f *testing.F) {
	seed := sha256.Sum256([]byte(fuzzSecret))
	private := ed25519.NewKeyFromSeed(seed[:])
	x := b64(string(private.Public().(ed25519.PublicKey)))
	thumbprint := dpopHash(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`)
	now := time.Unix(2_000_000_000, 0)
	mgr := ginjwt.New(ginjwt.Config{SecretKey: fuzzSecret, Now: func() time.Time { return now }, TokenCacheSize: tokenCache()})
	require.NoError(f, mgr.InitApp(nil))
	token := seal("HS256", []byte(fuzzSecret), headerFor("HS256", `"typ":"JWT"`), `{"sub":"alice","type":"access","jti":"1","fresh":false,"iat":1999999999,"exp":2000009999,"cnf":{"jkt":"`+thumbprint+`"}}`)
	const url = "https://api.example.com/orders"
	header := `{"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"` + x + `"}}`
	claims := `{"jti":"1","htm":"GET","htu":"` + url + `","iat":2000000000,"ath":"` + dpopHash(token) + `"}`
	replaced := func(text, was, is string) string { return strings.Replace(text, was, is, 1) }
	for _, v := range []struct{ header, claims, raw string }{
		{header, claims, ""}, {header, replaced(claims, `"1"`, `"\u0031"`), ""}, {replaced(header, "EdDSA", "Ed25519"), claims, ""}, {replaced(header, "dpop+jwt", "application/DPoP+JWT"), claims, ""},
		{replaced(header, `{"typ"`, `{"crit":[],"typ"`), claims, ""}, {replaced(header, `"x"`, `"d":"AA","x"`), claims, ""}, {replaced(header, `"jwk"`, `"jwk":null,"jwk"`), claims, ""},
		{replaced(header, "EdDSA", "none"), claims, ""}, {replaced(header, "EdDSA", "HS256"), claims, ""}, {header, replaced(claims, "2000000000", "2e9"), ""}, {header, replaced(claims, "2000000000", "2000000060.99"), ""},
		{header, replaced(claims, "2000000000", "2000000061"), ""}, {header, replaced(claims, "GET", "get"), ""}, {header, replaced(claims, "/orders", "/%6Frders?x#y"), ""}, {header, replaced(claims, `"jti"`, `"jti":"2","jti"`), ""},
		{"", "", ""}, {"", "", "."}, {"", "", ".."}, {"", "", token}, {"", "", seal("EdDSA", private, header, claims) + "="}, {"\xef\xbb\xbf" + header, claims, ""}, {header, claims + " ", ""},
	} {
		f.Add(v.header, v.claims, v.raw)
	}
	_, err := mgr.VerifyToken(f.Context(), token, ginjwt.WithProof(seal("EdDSA", private, header, replaced(claims, `"1"`, `"0"`)), "GET", url))
	require.NoError(f, err, "otherwise nothing is compared")
	f.Fuzz(func(t *testing.T, header, claims, raw string) {
		encoded := raw
		if raw == "" {
			encoded = seal("EdDSA", private, header, claims)
		}
		_, err := mgr.VerifyToken(t.Context(), token, ginjwt.WithProof(encoded, "GET", url))
		if err != nil {
			require.True(t, errors.Is(err, ginjwt.ErrDPoPProof) || errors.Is(err, ginjwt.ErrKeyBinding) || errors.Is(err, ginjwt.ErrUnavailable), err) // the last after a million
			return
		}
		require.NoError(t, proofProblem(encoded, token, thumbprint, "GET", now), "a strict reader refuses what was accepted: %s", encoded)
	})
}

// proofProblem reads a proof with other code: golang-jwt, encoding/json and crypto/ed25519.
func proofProblem(encoded, token, thumbprint, method string, now time.Time) error {
	parts := strings.Split(encoded, ".")
	if len(parts) != 3 {
		return fmt.Errorf("%d segments", len(parts))
	}
	var segments [3][]byte
	for i, part := range parts {
		var err error
		if segments[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return err
		}
	}
	var header map[string]any
	if err := json.Unmarshal(segments[0], &header); err != nil {
		return err
	}
	jwk, _ := header["jwk"].(map[string]any)
	for _, secret := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, has := jwk[secret]; has {
			return fmt.Errorf("the key has %q", secret)
		}
	}
	x, _ := jwk["x"].(string)
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(x, "="))
	typ, _ := header["typ"].(string)
	switch {
	case jwk["kty"] != "OKP" || jwk["crv"] != "Ed25519" || err != nil || len(key) != ed25519.PublicKeySize:
		return fmt.Errorf("not a key: %v", jwk)
	case dpopHash(`{"crv":"Ed25519","kty":"OKP","x":"`+b64(string(key))+`"}`) != thumbprint:
		return errors.New("another key")
	case !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), segments[2]):
		return errors.New("the signature is not valid")
	case strings.TrimPrefix(strings.ToLower(typ), "application/") != "dpop+jwt":
		return fmt.Errorf("typ %q", typ)
	}
	for _, name := range []string{"crit", "b64", "zip"} {
		if _, has := header[name]; has {
			return fmt.Errorf("header %q", name)
		}
	}
	switch header["alg"] {
	case "Ed25519": // golang-jwt does not know this name
	case "EdDSA":
		parser := jwt.NewParser(jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding())
		if _, err := parser.Parse(encoded, func(*jwt.Token) (any, error) { return ed25519.PublicKey(key), nil }); err != nil {
			return err
		}
	default:
		return fmt.Errorf("alg %v", header["alg"])
	}
	var claims map[string]any
	if err := json.Unmarshal(segments[1], &claims); err != nil {
		return err
	}
	issued, isNumber := claims["iat"].(float64)
	id, _ := claims["jti"].(string)
	target, _ := claims["htu"].(string)
	switch {
	case id == "" || claims["htm"] != method || claims["ath"] != dpopHash(token):
		return fmt.Errorf("claims %v", claims)
	case !strings.HasPrefix(strings.ToLower(target), "https://api.example.com"): // FuzzTarget compares all of it
		return fmt.Errorf("htu %q", target)
	case !isNumber || issued < float64(now.Unix()-60) || issued >= float64(now.Unix()+61):
		return fmt.Errorf("iat %v", claims["iat"])
	}
	return nil
}
