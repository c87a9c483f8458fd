package jwttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Issuer is a fake identity provider, for tests of applications with Config.Issuers. Make
// one with [NewIssuer]. It serves its keys, so the application fetches them as it does
// from a real provider. It is safe for concurrent use.
type Issuer struct {
	// URL is the "iss" of the tokens, and the address of the server: http on loopback.
	// Use it as Issuer.Name of package ginjwt, and in jwks.Discover with
	// Options.AllowLoopbackHTTP.
	URL string

	tb  testing.TB
	now func() time.Time

	mu        sync.Mutex
	made      int // keys so far
	newest    keys.Key
	published *keys.Set
}

// NewIssuer starts a fake identity provider on a free port of this machine. Its ES256 key
// is new for each call. clock gives the times of the tokens; nil means the real time.
//
// The server has metadata (OpenID Connect Discovery) and a JWK Set at URL+"/jwks.json".
// It stops at the end of the test, by tb.Cleanup.
func NewIssuer(tb testing.TB, clock *Clock) *Issuer {
	tb.Helper()
	i := &Issuer{tb: tb, now: time.Now}
	if clock != nil {
		i.now = clock.Now
	}
	i.RotateKey()
	server := httptest.NewUnstartedServer(i.routes())
	i.URL = "http://" + server.Listener.Addr().String()
	server.Start()
	tb.Cleanup(server.Close)
	return i
}

// routes serves the metadata and the JWK Set.
func (i *Issuer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		body, err := json.Marshal(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/jwks.json"})
		answer(w, body, err)
	})
	mux.HandleFunc("/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		body, err := i.keySet().MarshalPublic(i.now())
		answer(w, body, err)
	})
	return mux
}

// Token returns a token for identity, signed with the newest key. It has the claims "iss",
// "sub", "iat" and "exp", and expires after 15 minutes. claims adds claims or replaces
// these. A nil value removes a claim:
//
//	issuer.Token("alice", ginjwt.Claims{"aud": "shop-api", "exp": nil})
//
// If the claims cannot be written as JSON, Token ends the test by tb.Fatalf.
func (i *Issuer) Token(identity string, claims ginjwt.Claims) string {
	i.tb.Helper()
	now := i.now()
	all := jwt.MapClaims{"iss": i.URL, "sub": identity, "iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix()}
	for name, value := range claims {
		all[name] = value
		if value == nil {
			delete(all, name)
		}
	}
	key := i.signingKey()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, all)
	token.Header["kid"] = key.ID
	encoded, err := token.SignedString(key.Sign)
	if err != nil {
		i.tb.Fatalf("jwttest: %v", err)
	}
	return encoded
}

// RotateKey makes a new key, which signs all later tokens. The key before it stays in the
// JWK Set until the next call, so its tokens stay valid until then. Older keys are removed
// from the set. The application fetches an unknown key within 2 seconds, or when the test
// calls Refresh of its jwks.Remote.
func (i *Issuer) RotateKey() {
	i.tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.tb.Fatalf("jwttest: %v", err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.made++
	list := []keys.Key{{ID: "key-" + strconv.Itoa(i.made), Algorithm: "ES256", Sign: private}}
	if i.made > 1 {
		list = append(list, i.newest)
	}
	i.newest = list[0]
	if i.published, err = keys.NewSet(list...); err != nil {
		i.tb.Fatalf("jwttest: %v", err)
	}
}

func (i *Issuer) signingKey() keys.Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.newest
}

func (i *Issuer) keySet() *keys.Set {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.published
}

// answer sends a JSON body, or 500 with the error.
func answer(w http.ResponseWriter, body []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}
