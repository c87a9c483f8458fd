// Package dpopclient binds the tokens of a Go program to its key (RFC 9449), with
// golang.org/x/oauth2. Copy the package.
package dpopclient

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Transport adds a DPoP proof to each request. If the server asks for a nonce, Transport repeats
// the request with the nonce, once. A Transport is safe for concurrent use.
type Transport struct {
	base http.RoundTripper
	key  *ecdsa.PrivateKey
	jwk  map[string]string

	mu     sync.Mutex
	nonces map[string]string // the latest of each origin
}

// NewTransport returns a transport for a key on the curve P-256. All tokens of the program are
// bound to the key: with a new key, the program must log in again.
func NewTransport(key *ecdsa.PrivateKey, base http.RoundTripper) (*Transport, error) {
	if key.Curve != elliptic.P256() {
		return nil, errors.New("dpopclient: the key is not on the curve P-256")
	}
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	jwk := map[string]string{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}
	return &Transport{base: base, key: key, jwk: jwk, nonces: map[string]string{}}, nil
}

// RoundTrip sends a request with a proof.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.send(r, r.Body)
	if err != nil || !asksForNonce(response) {
		return response, err
	}
	body := r.Body
	if body != nil && body != http.NoBody {
		if r.GetBody == nil {
			return response, nil // the body is gone; the next request has the nonce
		}
		if body, err = r.GetBody(); err != nil {
			return response, nil
		}
	}
	_ = response.Body.Close()
	return t.send(r, body)
}

// send sends a request once, and remembers the nonce of the response.
func (t *Transport) send(r *http.Request, body io.ReadCloser) (*http.Response, error) {
	proof, err := t.proof(r)
	if err != nil {
		if body != nil {
			_ = body.Close()
		}
		return nil, err
	}
	signed := r.Clone(r.Context()) // a RoundTripper must not change the request
	signed.Body = body
	signed.Header.Set("DPoP", proof)
	response, err := t.base.RoundTrip(signed)
	if err != nil {
		return nil, err
	}
	if nonce := response.Header.Get("DPoP-Nonce"); nonce != "" {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.nonces[origin(r)] = nonce
	}
	return response, nil
}

// proof returns a new proof for a request.
func (t *Transport) proof(r *http.Request) (string, error) {
	claims := jwt.MapClaims{
		"jti": rand.Text(), "iat": time.Now().Unix(),
		"htm": cmp.Or(r.Method, http.MethodGet), "htu": origin(r) + r.URL.EscapedPath(),
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "DPoP") {
		hash := sha256.Sum256([]byte(token))
		claims["ath"] = encode(hash[:])
	}
	t.mu.Lock()
	nonce := t.nonces[origin(r)]
	t.mu.Unlock()
	if nonce != "" {
		claims["nonce"] = nonce
	}
	proof := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	proof.Header["typ"], proof.Header["jwk"] = "dpop+jwt", t.jwk
	return proof.SignedString(t.key)
}

// asksForNonce reports whether the server wants the request again, with the nonce of the
// response. APIs say so in a header (RFC 9449 §9), token endpoints in the body (§8).
func asksForNonce(response *http.Response) bool {
	const code = "use_dpop_nonce"
	switch response.StatusCode {
	case http.StatusUnauthorized:
		return strings.Contains(response.Header.Get("WWW-Authenticate"), `error="`+code+`"`)
	case http.StatusBadRequest:
		const enough = 4 << 10
		start, _ := io.ReadAll(io.LimitReader(response.Body, enough))
		rest := response.Body
		response.Body = struct { // the caller reads the whole body
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(start), rest), rest}
		var refusal struct {
			Error string `json:"error"`
		}
		return json.Unmarshal(start, &refusal) == nil && refusal.Error == code
	}
	return false
}

func origin(r *http.Request) string { return r.URL.Scheme + "://" + cmp.Or(r.Host, r.URL.Host) }

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
