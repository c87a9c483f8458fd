package threats_test

import (
	"context"
	stdrand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// notCreated wants an error, of a kind if one is given, and no token.
func notCreated(t *testing.T, mgr *ginjwt.JWTManager, kind error, opts ...ginjwt.TokenOption) {
	t.Helper()
	access, err := mgr.CreateAccessToken(t.Context(), "alice", opts...)
	require.Error(t, err)
	if kind != nil {
		require.ErrorIs(t, err, kind)
	}
	assert.Empty(t, access)
	refresh, err := mgr.CreateRefreshToken(t.Context(), "alice", opts...)
	require.Error(t, err)
	assert.Empty(t, refresh)
}

func TestThreatIssuanceReservedClaims(t *testing.T) {
	t.Parallel()
	config := victimConfig("HS256")
	config.IdentityClaim = "user"
	for _, name := range []string{"fresh", "iat", "jti", "type", "sub", "nbf", "csrf", "aud", "iss", "exp", "user"} {
		t.Run("T335 "+name, func(t *testing.T) {
			t.Parallel()
			config := config
			if name == "sub" {
				config.IdentityClaim = "sub" // else it is a claim like others
			}
			for _, value := range []any{nil, true, "access", time.Now().Add(time.Hour).Unix()} {
				claims := ginjwt.Claims{name: value}
				notCreated(t, newVictim(t, config).mgr, ginjwt.ErrReservedClaim, ginjwt.WithClaims(claims))
				notCreated(t, newVictim(t, config, func(m *ginjwt.JWTManager) {
					m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return claims, nil })
				}).mgr, ginjwt.ErrReservedClaim)
			}
		})
	}
	t.Run("T335 a claim in upper case is another claim", func(t *testing.T) {
		t.Parallel()
		v := victimOf(t, "HS256")
		encoded := jwttest.AccessToken(t, v.mgr, "alice", ginjwt.WithClaims(ginjwt.Claims{"SUB": "admin", "TYPE": "refresh", "EXP": 1}))
		token := v.accepted(t, encoded, "alice")
		assert.Equal(t, ginjwt.AccessToken, token.Type)
	})
	t.Run("T335 a refresh token is never fresh", func(t *testing.T) {
		t.Parallel()
		v := victimOf(t, "HS256")
		for _, opt := range []ginjwt.TokenOption{ginjwt.WithFresh(), ginjwt.WithFreshFor(time.Hour), ginjwt.WithFreshUntil(time.Now().Add(time.Hour))} {
			encoded, err := v.mgr.CreateRefreshToken(t.Context(), "alice", opt)
			require.EqualError(t, err, "ginjwt: a refresh token is never fresh; use WithFresh for access tokens only")
			assert.Empty(t, encoded)
		}
	})
}

func TestThreatIssuanceReservedHeaders(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"alg", "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"} {
		t.Run("T336 "+name, func(t *testing.T) {
			t.Parallel()
			for _, value := range []any{nil, "none", []string{"b64"}, false} {
				header := ginjwt.Header{name: value}
				notCreated(t, victimOf(t, "HS256").mgr, ginjwt.ErrReservedHeader, ginjwt.WithHeaders(header))
				notCreated(t, newVictim(t, victimConfig("HS256"), func(m *ginjwt.JWTManager) {
					m.AdditionalHeadersLoader(func(context.Context, any) (ginjwt.Header, error) { return header, nil })
				}).mgr, ginjwt.ErrReservedHeader)
			}
		})
	}
	t.Run("T336 typ and kid are texts", func(t *testing.T) {
		t.Parallel()
		for _, header := range []ginjwt.Header{{"typ": 1}, {"typ": nil}, {"kid": 1}, {"kid": nil}, {"kid": []string{"a"}}} {
			notCreated(t, victimOf(t, "HS256").mgr, ginjwt.ErrReservedHeader, ginjwt.WithHeaders(header))
		}
	})
	t.Run("T336 the key names itself", func(t *testing.T) {
		t.Parallel()
		v := newVictim(t, victimConfig("HS256"), func(m *ginjwt.JWTManager) {
			m.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) {
				return keys.Key{ID: "2026", Sign: ownKeys().secret}, nil
			})
		})
		notCreated(t, v.mgr, ginjwt.ErrReservedHeader, ginjwt.WithHeaders(ginjwt.Header{"kid": "2019"}))
		header, err := ginjwt.GetUnverifiedJWTHeaders(jwttest.AccessToken(t, v.mgr, "alice"))
		require.NoError(t, err)
		assert.Equal(t, ginjwt.Header{"alg": "HS256", "kid": "2026", "typ": "JWT"}, header)
	})
}

type failingMarshaler struct{}

func (failingMarshaler) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }
func (failingMarshaler) MarshalText() ([]byte, error) { return nil, errors.New("no") }

// rawMarshaler writes whatever it holds.
type rawMarshaler string

func (r rawMarshaler) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func TestThreatIssuanceUnmarshallable(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	circle := map[string]any{}
	circle["circle"] = circle
	for name, value := range map[string]any{
		"NaN": math.NaN(), "Inf": math.Inf(1), "-Inf": math.Inf(-1), "a channel": make(chan int), "a function": func() {}, "a circle": circle,
		"a complex number": 1i, "a bad marshaler": failingMarshaler{}, "no UTF-8": "\xff", "no UTF-8 inside": map[string]any{"a": []string{"\xc0\xaf"}},
		"no UTF-8 in a name": map[string]any{"\xff": 1},
		"raw, no JSON":       json.RawMessage(`{`), "raw, two members": json.RawMessage(`1,"sub":"admin"`), "raw, closing": json.RawMessage(`1},"x":{"y":1`),
		"raw, empty": json.RawMessage(``), "raw, twice the same": json.RawMessage(`{"a":1,"a":2}`), "raw, a surrogate": json.RawMessage(`"\ud800"`),
		"number, two members": json.Number(`1,"sub":"admin"`), "number, no number": json.Number("NaN"), "number, empty": json.Number(""),
		"marshaler, two members": rawMarshaler(`1,"sub":"admin"`), "marshaler, twice the same": rawMarshaler(`{"a":1,"a":2}`), "marshaler, nothing": rawMarshaler(""),
	} {
		t.Run("T337 claim: "+name, func(t *testing.T) {
			t.Parallel()
			notCreated(t, v.mgr, nil, ginjwt.WithClaims(ginjwt.Claims{"x": value}))
			notCreated(t, v.mgr, nil, ginjwt.WithClaims(ginjwt.Claims{"x": map[string]any{"y": []any{value}}}))
			notCreated(t, v.mgr, nil, ginjwt.WithHeaders(ginjwt.Header{"x": value}))
		})
	}
	for name, opt := range map[string]ginjwt.TokenOption{
		"name of a claim": ginjwt.WithClaims(ginjwt.Claims{"\xff": 1}), "name of a header": ginjwt.WithHeaders(ginjwt.Header{"\xff": 1}),
		"jti": ginjwt.WithID("\xff"), "iss": ginjwt.WithIssuer("\xff"), "aud": ginjwt.WithAudience("\xff"), "one of several aud": ginjwt.WithAudience("a", "\xff"),
		"kid": ginjwt.WithHeaders(ginjwt.Header{"kid": "\xff"}), "typ": ginjwt.WithHeaders(ginjwt.Header{"typ": "\xff"}),
	} {
		t.Run("T337 no UTF-8: "+name, func(t *testing.T) {
			t.Parallel()
			notCreated(t, v.mgr, nil, opt)
		})
	}
	for name, identity := range map[string]any{
		"no UTF-8": "ali\xffce", "nil": nil, "a float": 1.5, "true": true, "an array": []string{"alice"}, "bytes": []byte("alice"), "a map": gin.H{"id": 1},
		"a struct": struct{ ID int }{1}, "a nil pointer": (*time.Time)(nil), "a bad marshaler": failingMarshaler{},
	} {
		t.Run("T337 identity: "+name, func(t *testing.T) {
			t.Parallel()
			for _, create := range []func(context.Context, any, ...ginjwt.TokenOption) (string, error){v.mgr.CreateAccessToken, v.mgr.CreateRefreshToken} {
				encoded, err := create(t.Context(), identity)
				require.Error(t, err)
				assert.Empty(t, encoded)
			}
		})
	}
	t.Run("T337 too large to be accepted", func(t *testing.T) {
		t.Parallel()
		notCreated(t, v.mgr, ginjwt.ErrTokenTooLarge, ginjwt.WithClaims(ginjwt.Claims{"x": strings.Repeat("x", 16<<10)}))
	})
	t.Run("T337 a text cannot leave its quotes", func(t *testing.T) {
		t.Parallel()
		evil := "x\",\"sub\":\"admin\",\"y\":\"\\"
		encoded := jwttest.AccessToken(t, v.mgr, evil, ginjwt.WithID(evil), ginjwt.WithIssuer(evil), ginjwt.WithAudience(evil), ginjwt.WithClaims(ginjwt.Claims{evil: evil}))
		token := v.accepted(t, encoded, evil)
		claims := token.Claims()
		for _, name := range []string{"jti", "iss", "aud", "sub", evil} {
			assert.Equal(t, evil, claims[name], name)
		}
		assert.Len(t, claims, 11)
	})
}

func TestThreatIssuanceLifetime(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	for _, lifetime := range []time.Duration{-2, -time.Second, -time.Hour, 1, time.Millisecond, time.Second - 1, math.MinInt64} {
		t.Run(fmt.Sprintf("T338 %d ns", lifetime), func(t *testing.T) {
			t.Parallel()
			notCreated(t, v.mgr, ginjwt.ErrLifetime, ginjwt.WithExpires(lifetime))
			for setting, config := range map[string]ginjwt.Config{
				"AccessTokenExpires (JWT_ACCESS_TOKEN_EXPIRES)":   {SecretKey: string(ownKeys().secret), AccessTokenExpires: lifetime},
				"RefreshTokenExpires (JWT_REFRESH_TOKEN_EXPIRES)": {SecretKey: string(ownKeys().secret), RefreshTokenExpires: lifetime},
			} {
				assert.Equal(t, "ginjwt: "+setting+": must be at least a second, or NeverExpires (it is "+lifetime.String()+"; 15 minutes are 15*time.Minute)", initError(t, config))
			}
		})
	}
	t.Run("T338 zero is the default, not for ever", func(t *testing.T) {
		t.Parallel()
		clock := &jwttest.Clock{}
		mgr := ginjwt.New(jwttest.Config(clock))
		require.NoError(t, mgr.InitApp(nil))
		token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(0)))
		require.NoError(t, err)
		assert.Equal(t, clock.Now().Add(15*time.Minute).Unix(), token.ExpiresAt.Unix())
	})
	t.Run("T338 the longest does not wrap around", func(t *testing.T) {
		t.Parallel()
		clock := &jwttest.Clock{}
		mgr := ginjwt.New(jwttest.Config(clock))
		require.NoError(t, mgr.InitApp(nil))
		for _, opts := range [][]ginjwt.TokenOption{{ginjwt.WithExpires(math.MaxInt64)}, {ginjwt.WithExpires(math.MaxInt64), ginjwt.WithFreshFor(math.MaxInt64)}} {
			token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice", opts...))
			require.NoError(t, err)
			assert.Equal(t, clock.Now().Add(math.MaxInt64).Unix(), token.ExpiresAt.Unix())
			assert.Equal(t, len(opts) == 2, token.Fresh)
		}
	})
	t.Run("T338 fresh for a negative time", func(t *testing.T) {
		t.Parallel()
		encoded, err := v.mgr.CreateAccessToken(t.Context(), "alice", ginjwt.WithFreshFor(-1))
		require.EqualError(t, err, "ginjwt: WithFreshFor: the duration must be more than zero")
		assert.Empty(t, encoded)
	})
}

// brokenRandomness fails as an exhausted device does.
type brokenRandomness struct{}

func (brokenRandomness) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

// Without randomness the program ends rather than make a token: this test runs
// itself in a process of its own to see that.
func TestThreatIssuanceRandomness(t *testing.T) {
	t.Parallel()
	if os.Getenv("GINJWT_BREAK_RANDOMNESS") != "" {
		mgr := ginjwt.New(ginjwt.Config{SecretKey: strings.Repeat("k3!", 40)})
		require.NoError(t, mgr.InitApp(nil))
		stdrand.Reader = brokenRandomness{}
		encoded, err := mgr.CreateAccessToken(t.Context(), "alice")
		fmt.Println("made:", encoded, err)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestThreatIssuanceRandomness$", "-test.v")
	child.Env = append(os.Environ(), "GINJWT_BREAK_RANDOMNESS=1")
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "T339 the program went on: %s", out)
	assert.NotContains(t, string(out), "made:", "T339")
	assert.NotContains(t, string(out), "eyJ", "T339")
	assert.Contains(t, string(out), "no randomness", "T339")
}

func TestThreatIssuanceIDs(t *testing.T) {
	t.Parallel()
	v := victimOf(t, "HS256")
	seen := map[string]bool{}
	for range 1000 {
		token, err := v.mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, v.mgr, "alice"))
		require.NoError(t, err)
		for _, id := range []string{token.ID, token.CSRF} {
			require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id, "T339")
			require.False(t, seen[id], "T339 an ID came twice")
			seen[id] = true
		}
	}
}

// What the caller does to his settings later changes nothing, and any number
// of goroutines may use the manager.
func TestThreatIssuanceSettingsChanged(t *testing.T) {
	t.Parallel()
	config := victimConfig("HS256")
	config.DecodeIssuers, config.DecodeAudience = []string{"me"}, []string{"us"}
	config.EncodeIssuer, config.EncodeAudience = "me", []string{"us"}
	config.RequiredClaims, config.DecodeTypes, config.CSRFMethods = []string{"exp"}, []string{"JWT"}, []string{"POST"}
	v := newVictim(t, config)
	encoded := jwttest.AccessToken(t, v.mgr, "alice")
	config.DecodeIssuers[0], config.DecodeAudience[0], config.EncodeAudience[0] = "you", "them", "them"
	config.RequiredClaims[0], config.DecodeTypes[0], config.CSRFMethods[0] = "x", "logout+jwt", "GET"
	config.TokenLocation[0] = ginjwt.InCookies

	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 20 {
				v.accepted(t, encoded, "alice")
				v.accepted(t, jwttest.AccessToken(t, v.mgr, "bob"), "bob")
			}
		})
	}
	running.Wait()
	v.refused(t, own("HS256", aliceClaims(`"iss":"you"`, `"aud":"them"`)), "Invalid issuer")
	v.refused(t, own("HS256", `{"sub":"alice","x":1,"iss":"me","aud":"us"}`), `Token is missing the "exp" claim`)
	v.refused(t, seal("HS256", ownKeys().secret, headerFor("HS256", `"typ":"logout+jwt"`), aliceClaims()), msgTyp)
	assert.Panics(t, func() {
		v.mgr.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) { return keys.Key{}, nil })
	}, "T342")
	assert.Panics(t, func() {
		v.mgr.TokenInBlocklistLoader(func(context.Context, *ginjwt.Token) (bool, error) { return false, nil })
	}, "T342")
}

// A loader's map is read, not kept or written to.
func TestThreatIssuanceSharedClaims(t *testing.T) {
	t.Parallel()
	shared := ginjwt.Claims{"role": "user"}
	v := newVictim(t, victimConfig("HS256"), func(m *ginjwt.JWTManager) {
		m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return shared, nil })
	})
	admin := v.accepted(t, jwttest.AccessToken(t, v.mgr, "root", ginjwt.WithClaims(ginjwt.Claims{"role": "admin", "x": 1})), "root")
	assert.Equal(t, "admin", admin.Claims()["role"])
	user := v.accepted(t, jwttest.AccessToken(t, v.mgr, "alice"), "alice")
	assert.Equal(t, "user", user.Claims()["role"], "T342")
	assert.NotContains(t, user.Claims(), "x", "T342")
	assert.Equal(t, ginjwt.Claims{"role": "user"}, shared, "T342")
}

// No switch turns the signature off, and there is no key but that of the
// settings.
func TestThreatIssuanceNoSwitch(t *testing.T) {
	t.Parallel()
	assert.Contains(t, initError(t, ginjwt.Config{}), "SecretKey (JWT_SECRET_KEY): must be set", "T344")
	config := victimConfig("HS256")
	config.Sessions = &ginjwt.MemorySessions{} // or a switch would do nothing, which is an error
	fields := reflect.ValueOf(&config).Elem()
	for i := range fields.NumField() {
		field, name := fields.Field(i), fields.Type().Field(i).Name
		if field.Kind() == reflect.Bool && name != "DisableHeaderType" && !strings.HasSuffix(name, "Partitioned") { // which needs Secure
			field.SetBool(true)
		}
	}
	v := newVictim(t, config)
	v.accepted(t, own("HS256", aliceClaims()), "alice")
	v.refusesAll(t,
		attack{"T344 forged", seal("HS256", alienKeys().secret, headerFor("HS256"), aliceClaims()), msgSignature},
		attack{"T344 no signature", b64(headerFor("HS256")) + "." + b64(aliceClaims()) + ".", msgSignature},
		attack{"T344 none", b64(headerFor("none")) + "." + b64(aliceClaims()) + ".", msgAlg},
		attack{"T344 empty key", seal("HS256", []byte{}, headerFor("HS256"), aliceClaims()), msgSignature},
		attack{"T344 expired", own("HS256", `{"sub":"alice","exp":1609459200}`), msgExpired},
	)
}

// acceptAnything is what a package deep in a program may register.
type acceptAnything struct{ name string }

func (a acceptAnything) Alg() string                      { return a.name }
func (a acceptAnything) Verify(string, []byte, any) error { return nil }
func (a acceptAnything) Sign(string, any) ([]byte, error) { return []byte("x"), nil }
func (a acceptAnything) replace() (original jwt.SigningMethod) {
	original = jwt.GetSigningMethod(a.name)
	jwt.RegisterSigningMethod(a.name, func() jwt.SigningMethod { return a })
	return original
}

// The registry of golang-jwt belongs to the whole program, so this test is not
// parallel: nothing else may look while its methods are replaced.
func TestThreatIssuanceRegistry(t *testing.T) {
	for _, alg := range []string{"HS256", "RS256", "PS256", "ES256", "EdDSA", "none", "EVIL"} {
		original := acceptAnything{alg}.replace()
		if original != nil {
			t.Cleanup(func() { jwt.RegisterSigningMethod(alg, func() jwt.SigningMethod { return original }) })
		}
	}
	for _, alg := range families() {
		v := victimOf(t, alg)
		v.refused(t, withSignature(inputOf(own(alg, aliceClaims())), []byte("x")), msgSignature)
		v.refused(t, seal(alg, alienKeys().of(alg), headerFor(alg), aliceClaims()), msgSignature)
		v.refused(t, withSignature(b64(headerFor("EVIL"))+"."+b64(aliceClaims()), []byte("x")), msgAlg)
		v.refused(t, b64(headerFor("none"))+"."+b64(aliceClaims())+".", msgAlg)
		v.accepted(t, own(alg, aliceClaims()), "alice")
		encoded := jwttest.AccessToken(t, v.mgr, "bob")
		assert.NotEqual(t, []byte("x"), signatureBytes(encoded), "T345 %s", alg)
		v.accepted(t, encoded, "bob")
	}
	assert.Contains(t, initError(t, ginjwt.Config{Algorithm: "EVIL", SecretKey: string(ownKeys().secret)}), "Algorithm (JWT_ALGORITHM)", "T345")
}

// Who ignores the error of a check has nothing to go on with.
func TestThreatIssuanceErrorIgnored(t *testing.T) {
	t.Parallel()
	mgr := ginjwt.New(victimConfig("HS256"))
	var told []*ginjwt.Token
	tell := func(c *gin.Context, err *ginjwt.Error) {
		told = append(told, err.Token)
		ginjwt.FlaskError(c, err)
	}
	mgr.InvalidTokenLoader(tell)
	mgr.ExpiredTokenLoader(tell)
	engine := gin.New()
	require.NoError(t, mgr.InitApp(engine))
	engine.GET("/careless", func(c *gin.Context) {
		token, err := mgr.VerifyJWTInRequest(c)
		assert.Error(t, err)
		assert.Nil(t, token, "T346")
		for name, get := range map[string]func(){
			"GetJWT":         func() { ginjwt.GetJWT(c) },
			"GetJWTHeader":   func() { ginjwt.GetJWTHeader(c) },
			"GetJWTIdentity": func() { ginjwt.GetJWTIdentity(c) },
			"GetJWTClaims":   func() { _, _ = ginjwt.GetJWTClaims[ginjwt.Claims](c) },
			"GetCurrentUser": func() { ginjwt.GetCurrentUser[any](c) },
		} {
			assert.Panics(t, get, "T346 %s", name)
		}
		_, ok := ginjwt.GetToken(c)
		assert.False(t, ok, "T346")
		assert.Nil(t, ginjwt.TemplateData(c, nil)["current_user"], "T346")
		mgr.Refuse(c, err)
	})
	expired := `{"sub":"alice","exp":1609459200}`
	for _, a := range []struct {
		name, token string
		status      int
		told        bool
	}{
		{"T346 forged", seal("HS256", alienKeys().secret, headerFor("HS256"), aliceClaims()), 422, false},
		{"T346 forged and expired", seal("HS256", alienKeys().secret, headerFor("HS256"), expired), 422, false},
		{"T346 none", b64(headerFor("none")) + "." + b64(aliceClaims()) + ".", 422, false},
		{"T346 not yet valid", own("HS256", aliceClaims(`"nbf":253402300799`)), 422, false},
		{"T346 a number as sub", own("HS256", `{"sub":1}`), 422, false},
		{"T346 expired", own("HS256", expired), 401, true},
	} {
		told = nil
		w := jwttest.Do(engine, http.MethodGet, "/careless", jwttest.Bearer(a.token))
		assert.Equal(t, a.status, w.Code, a.name)
		require.Len(t, told, 1, a.name)
		assert.Equal(t, a.told, told[0] != nil, "%s: the loader is told of a token only if its signature is good", a.name)
		token, err := mgr.DecodeToken(t.Context(), a.token)
		assert.Error(t, err, a.name)
		assert.Nil(t, token, a.name)
		for _, read := range []func(context.Context, string) (string, error){mgr.GetJTI, mgr.GetCSRFToken} {
			text, err := read(t.Context(), a.token)
			assert.Error(t, err, a.name)
			assert.Empty(t, text, a.name)
		}
	}
}
