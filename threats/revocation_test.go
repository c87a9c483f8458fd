package threats_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// attackStore is a Blocklist that does as its function says.
type attackStore func(ctx context.Context, ids ...string) (bool, error)

func (s attackStore) Add(ctx context.Context, id string, _ time.Time) error {
	_, err := s(ctx, id)
	return err
}

func (s attackStore) Contains(ctx context.Context, ids ...string) (bool, error) {
	return s(ctx, ids...)
}

// attackRevokes is the settings of an application that blocks one ID.
func attackRevokes(id string) func(*ginjwt.Config) {
	return func(c *ginjwt.Config) {
		c.Blocklist = attackStore(func(_ context.Context, ids ...string) (bool, error) { return ids[0] == id, nil })
	}
}

func TestAttackRevoked(t *testing.T) {
	t.Parallel()
	a := attackNew(t, attackRevokes("jti-of-alice"))
	noID := attackInvalid("JWT ID must be a string")
	missing := attackInvalid(`Token is missing the "jti" claim`)
	for _, v := range []struct {
		name, jti string
		want      attackAnswer
	}{
		{"T180 revoked", `"jti-of-alice"`, attackRevoked},
		{"T180 another", `"jti-of-bob"`, attackPassed("alice")},
		{"T180 another in upper case", `"JTI-OF-ALICE"`, attackPassed("alice")},
		{"T184 the ID with escapes", `"\u006a\u0074\u0069-of-alice"`, attackRevoked},
		{"T181 no jti", "", missing},
		{"T181 an empty jti", `""`, missing},
		{"T182 null", "null", noID},
		{"T182 a number", "7", noID},
		{"T182 true", "true", noID},
		{"T182 an array", `["jti-of-alice"]`, noID},
		{"T182 an object", `{"jti":"jti-of-alice"}`, noID},
		{"T188 a jti of 64 KiB", `"` + strings.Repeat("j", 64<<10) + `"`, attackTooLarge},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expectBoth(t, v.want, a.token("jti", v.jti))
		})
	}
	t.Run("T180 revoked and expired", func(t *testing.T) {
		t.Parallel()
		a.expectBoth(t, attackExpired, a.token("exp", a.at(0)))
	})
	t.Run("T180 revoked refresh token", func(t *testing.T) {
		t.Parallel()
		a.expect(t, attackRevoked, "POST", "/refresh", jwttest.Bearer(a.token("type", `"refresh"`)))
	})
	t.Run("T180 a route that does not ask", func(t *testing.T) {
		t.Parallel()
		a.expect(t, attackPassed("alice"), "GET", "/unchecked", jwttest.Bearer(a.token()))
		a.expect(t, attackPassed("alice"), "GET", "/unchecked", jwttest.Bearer(a.token("jti", "")))
	})
}

func TestAttackNoID(t *testing.T) {
	t.Parallel()
	none := func(*ginjwt.JWTManager) {}
	loader := func(m *ginjwt.JWTManager) {
		m.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { return false, nil })
	}
	for _, v := range []struct {
		name     string
		settings func(*ginjwt.Config)
		loader   func(*ginjwt.JWTManager)
		want     attackAnswer
	}{
		{"T181 nothing is revoked", nil, none, attackPassed("alice")},
		{"T181 a blocklist", attackRevokes("x"), none, attackInvalid(`Token is missing the "jti" claim`)},
		{"T181 a blocklist loader", nil, loader, attackInvalid(`Token is missing the "jti" claim`)},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a := attackNew(t, v.settings, v.loader)
			a.expectBoth(t, v.want, a.token("jti", ""))
		})
	}
}

var errAttackStore = errors.New("dial tcp 10.0.0.7:6379: password hunter2 refused")

func TestAttackFailingBlocklist(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name    string
		blocked bool
		err     error
		want    attackAnswer
	}{
		{"T183 an error", false, errAttackStore, attackUnavailable},
		{"T183 an error beside a yes", true, errAttackStore, attackUnavailable},
		{"T183 an error that wraps unavailable", false, fmt.Errorf("%w: %w", ginjwt.ErrUnavailable, errAttackStore), attackUnavailable},
		{"T183 an error that wraps no authorization", false, ginjwt.ErrNoAuthorization, attackUnavailable},
		{"T183 an error that wraps an invalid token", false, ginjwt.ErrInvalidToken, attackUnavailable},
		{"T183 a cancelled context", false, context.Canceled, attackUnavailable},
		{"T180 a yes", true, nil, attackRevoked},
		{"T180 a no", false, nil, attackPassed("alice")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			store := attackNew(t, func(c *ginjwt.Config) {
				c.Blocklist = attackStore(func(context.Context, ...string) (bool, error) { return v.blocked, v.err })
			})
			loader := attackNew(t, nil, func(m *ginjwt.JWTManager) {
				m.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { return v.blocked, v.err })
			})
			store.expectBoth(t, v.want, store.token())
			loader.expectBoth(t, v.want, loader.token())
			store.expect(t, attackPassed("alice"), "GET", "/unchecked", jwttest.Bearer(store.token()))
		})
	}
}

func TestAttackSlowBlocklist(t *testing.T) {
	t.Parallel()
	waits := func(ctx context.Context, _ ...string) (bool, error) {
		if _, ok := ctx.(*gin.Context); ok {
			return false, nil // a gin.Context never ends
		}
		<-ctx.Done()
		return false, ctx.Err()
	}
	a := attackNew(t, func(c *ginjwt.Config) { c.Blocklist = attackStore(waits) })
	for _, v := range []struct {
		name string
		ends func(ctx context.Context) (context.Context, context.CancelFunc)
	}{
		{"T183 the deadline of the request passes", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Millisecond)
		}},
		{"T183 the client goes away", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := v.ends(t.Context())
			defer cancel()
			ends := func(r *http.Request) { *r = *r.WithContext(ctx) }
			a.expect(t, attackUnavailable, "GET", "/private", jwttest.Bearer(a.token()), ends)
			a.expect(t, attackUnavailable, "GET", "/optional", jwttest.Bearer(a.token()), ends)
		})
	}
}

func TestAttackRevokeFails(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) {
		c.Blocklist = attackStore(func(context.Context, ...string) (bool, error) { return false, errAttackStore })
	})
	token, err := a.mgr.DecodeToken(t.Context(), a.token())
	require.NoError(t, err)
	err = a.mgr.RevokeToken(t.Context(), token)
	require.ErrorIs(t, err, ginjwt.ErrUnavailable, "T183")
	require.ErrorIs(t, err, errAttackStore, "T183")
}

// The second signature of ECDSA, white space, and another location: what is
// blocked is the ID, whatever the text of the token.
func TestAttackOtherSpelling(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	a := attackNew(t, func(c *ginjwt.Config) {
		c.Algorithm = "ES256"
		c.PrivateKey = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		c.TokenLocation = []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString, ginjwt.InCookies, ginjwt.InJSON}
	})
	encoded := jwttest.AccessToken(t, a.mgr, "alice")
	other := attackNegateS(t, encoded)
	a.expectBoth(t, attackPassed("alice"), encoded)
	token, err := a.mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, a.mgr.RevokeToken(t.Context(), token))

	for _, v := range []struct {
		name, target string
		opt          jwttest.RequestOption
		want         attackAnswer
	}{
		{"T184 as it was", "", jwttest.Bearer(encoded), attackRevoked},
		{"T184 the other signature", "", jwttest.Bearer(other), attackRevoked},
		{"T184 white space around it", "", jwttest.Header("Authorization", "\tbearer \t "+encoded+" ,"), attackRevoked},
		{"T184 in the query", "?jwt=" + encoded, func(*http.Request) {}, attackRevoked},
		{"T184 in a cookie", "", attackCookie("access_token_cookie=" + other), attackRevoked},
		{"T184 in JSON", "", jwttest.JSON(`{"access_token":"` + other + `"}`), attackRevoked},
		{"T184 other spare bits", "", jwttest.Bearer(attackSpareBits(encoded)), attackInvalid("Invalid crypto padding")},
		{"T184 padding", "", jwttest.Bearer(encoded + "=="), attackInvalid("Invalid crypto padding")},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expect(t, v.want, "GET", "/private"+v.target, v.opt)
			a.expect(t, v.want, "GET", "/optional"+v.target, v.opt)
		})
	}
}

// attackNegateS turns (r, s) into (r, n-s), which verifies too.
func attackNegateS(t *testing.T, encoded string) string {
	t.Helper()
	signed, signature := attackCut(encoded)
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	require.NoError(t, err)
	s := new(big.Int).SetBytes(raw[32:])
	s.Sub(elliptic.P256().Params().N, s).FillBytes(raw[32:])
	return signed + "." + base64.RawURLEncoding.EncodeToString(raw)
}

func attackCut(encoded string) (signed, signature string) {
	dot := strings.LastIndexByte(encoded, '.')
	return encoded[:dot], encoded[dot+1:]
}

// attackSpareBits changes bits of the last character that mean nothing.
func attackSpareBits(encoded string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(encoded) - 1
	return encoded[:last] + string(alphabet[strings.IndexByte(alphabet, encoded[last])^1])
}

func TestAttackIDs(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	uuid4 := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 2000 {
		token, err := a.mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, a.mgr, "alice"))
		require.NoError(t, err)
		for _, id := range []string{token.ID, token.CSRF} {
			require.Regexp(t, uuid4, id, "T185")
			require.False(t, seen[id], "T185 twice")
			seen[id] = true
		}
	}
}

// TestAttackBlocklistForgets is not parallel: it measures memory.
func TestAttackBlocklistForgets(t *testing.T) {
	clock := &jwttest.Clock{}
	blocked := &ginjwt.MemoryBlocklist{Now: clock.Now}
	before := attackHeap()
	const entries = 600_000
	for i := range entries {
		require.NoError(t, blocked.Add(t.Context(), strconv.Itoa(i), clock.Now().Add(time.Second)))
		if i%1000 == 0 {
			clock.Advance(time.Second)
		}
	}
	grown := int64(attackHeap()) - int64(before)
	assert.Less(t, grown, int64(8<<20), "T186: %d entries, nearly all expired", entries)
	live, err := blocked.Contains(t.Context(), strconv.Itoa(entries-1))
	require.NoError(t, err)
	assert.True(t, live, "T186 what has not expired is kept")
}

func attackHeap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestAttackLongIDs(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	long := strings.Repeat("j", 8<<10)
	encoded := a.token("jti", `"`+long+`"`)
	a.expectBoth(t, attackPassed("alice"), encoded)
	token, err := a.mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
	t.Run("T188 a jti of 8 KiB", func(t *testing.T) { a.expectBoth(t, attackRevoked, encoded) })
	t.Run("T188 one that begins alike", func(t *testing.T) {
		a.expectBoth(t, attackPassed("alice"), a.token("jti", `"`+long[1:]+`k"`))
	})
}
