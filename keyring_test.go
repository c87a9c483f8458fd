package ginjwt_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/keytest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// secretKey returns a key for HS256, another one for every letter.
func secretKey(letter string) keys.Key {
	return keys.Key{ID: letter, Sign: []byte(strings.Repeat(letter, 32))}
}

func parsed(t *testing.T, text string) keys.Key {
	t.Helper()
	list, err := keys.Parse([]byte(text))
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

func headerOf(t *testing.T, encoded string) ginjwt.Header {
	t.Helper()
	header, err := ginjwt.GetUnverifiedJWTHeaders(encoded)
	require.NoError(t, err)
	return header
}

// refusalOf decodes a token that is not good.
func refusalOf(t *testing.T, mgr *ginjwt.JWTManager, encoded string) string {
	t.Helper()
	_, err := mgr.DecodeToken(t.Context(), encoded)
	require.Error(t, err)
	return err.(*ginjwt.Error).Message
}

const (
	unknownKey     = "Signature verification failed"
	wrongAlgorithm = "The specified alg value is not allowed"
)

func TestTheFirstKeySignsAndAllVerify(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	list := []keys.Key{
		parsed(t, pems.Ed25519Private), parsed(t, pems.P384Private), parsed(t, pems.RSAPrivate), secretKey("a"),
	}
	mgr, _ := newManager(t, ginjwt.Config{Keys: list})
	for i, algorithm := range []string{"EdDSA", "ES384", "RS256", "HS256"} {
		id := list[i].ID
		if id == "" {
			id = keytest.Must(list[i].Thumbprint())
		}
		signer, _ := newManager(t, ginjwt.Config{Keys: list[i : i+1]})
		encoded := jwttest.AccessToken(t, signer, "alice")
		assert.Equal(t, ginjwt.Header{"alg": algorithm, "kid": id, "typ": "JWT"}, headerOf(t, encoded))
		token, err := mgr.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
		assert.Equal(t, "alice", token.Identity)
	}
	assert.Equal(t, "EdDSA", headerOf(t, jwttest.AccessToken(t, mgr, "alice"))["alg"])
}

func TestTheAlgorithmOfTheSettingsIsForKeysThatItFits(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	list := []keys.Key{parsed(t, pems.RSAPrivate), parsed(t, pems.P256Private)}
	mgr, _ := newManager(t, ginjwt.Config{Algorithm: "PS384", Keys: list})
	assert.Equal(t, "PS384", headerOf(t, jwttest.AccessToken(t, mgr, "alice"))["alg"])
	require.NoError(t, mgr.SetKeys(list[1]))
	assert.Equal(t, "ES256", headerOf(t, jwttest.AccessToken(t, mgr, "alice"))["alg"])
}

func TestATokenMustNameAKeyOfTheList(t *testing.T) {
	t.Parallel()
	a, b, other := secretKey("a"), secretKey("b"), secretKey("c")
	mgr, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{a, b, parsed(t, keytest.Generate(t).P256Private)}})
	// signedBy makes tokens with a key and whatever "kid".
	signedBy := func(key keys.Key, kid any) string {
		signer, _ := newManager(t, ginjwt.Config{SecretKey: string(key.Sign.([]byte))})
		var opts []ginjwt.TokenOption
		if kid != nil {
			opts = append(opts, ginjwt.WithHeaders(ginjwt.Header{"kid": kid}))
		}
		return jwttest.AccessToken(t, signer, "alice", opts...)
	}
	_, err := mgr.DecodeToken(t.Context(), signedBy(b, "b"))
	require.NoError(t, err)
	for name, encoded := range map[string]string{
		"the name of another key": signedBy(a, "b"),
		"an unknown name":         signedBy(a, "c"),
		"an unknown key":          signedBy(other, "a"),
		"another case":            signedBy(a, "A"),
		"a blank behind it":       signedBy(a, "a "),
		"an empty name":           signedBy(a, ""),
		"no name":                 signedBy(a, nil),
	} {
		assert.Equal(t, unknownKey, refusalOf(t, mgr, encoded), name)
	}
	long, _ := newManager(t, ginjwt.Config{SecretKey: strings.Repeat("a", 64), Algorithm: "HS512"})
	encoded := jwttest.AccessToken(t, long, "alice", ginjwt.WithHeaders(ginjwt.Header{"kid": "a"}))
	assert.Equal(t, wrongAlgorithm, refusalOf(t, mgr, encoded), "the key is for another algorithm")
}

func TestTokensFromBeforeTheListNameNoKey(t *testing.T) {
	t.Parallel()
	const old = "an-old-secret-of-some-forty-characters--"
	before, _ := newManager(t, ginjwt.Config{SecretKey: old})
	encoded := jwttest.AccessToken(t, before, "alice")
	named := jwttest.AccessToken(t, before, "alice", ginjwt.WithHeaders(ginjwt.Header{"kid": "old"}))

	beside, _ := newManager(t, ginjwt.Config{SecretKey: old, Keys: []keys.Key{secretKey("a")}})
	_, err := beside.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	assert.Equal(t, unknownKey, refusalOf(t, beside, named), "no fall-back for a name that nobody knows")
	assert.Equal(t, "a", headerOf(t, jwttest.AccessToken(t, beside, "alice"))["kid"], "the list signs")

	listed, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{
		secretKey("a"),
		{ID: "b", Verify: []byte(strings.Repeat("b", 32)), AllowMissingKeyID: true},
		{ID: "old", Verify: []byte(old), AllowMissingKeyID: true},
	}})
	for _, token := range []string{encoded, named} {
		_, err = listed.DecodeToken(t.Context(), token)
		require.NoError(t, err)
	}

	require.NoError(t, beside.SetKeys(secretKey("a")))
	assert.Equal(t, unknownKey, refusalOf(t, beside, encoded), "SetKeys replaces the SecretKey too")
}

func TestKeysBeginToSignAndRetire(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	start := clock.Now()
	next, current := secretKey("n"), secretKey("c")
	next.NotBefore, current.NotAfter = start.Add(time.Hour), start.Add(2*time.Hour)
	mgr, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{next, current}, Now: clock.Now})

	kid := func(opts ...ginjwt.TokenOption) any {
		return headerOf(t, jwttest.AccessToken(t, mgr, "alice", opts...))["kid"]
	}
	early, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{secretKey("n")}, Now: clock.Now})
	_, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, early, "alice"))
	require.NoError(t, err, "a key verifies before it signs: another clock may be ahead")
	assert.Equal(t, "c", kid())
	assert.Equal(t, "c", kid(ginjwt.WithExpires(12*time.Hour)), "no other key signs yet")

	last := jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(3*time.Hour))
	clock.Advance(time.Hour - time.Second)
	assert.Equal(t, "c", kid())
	clock.Advance(time.Second)
	assert.Equal(t, "n", kid())

	clock.Advance(time.Hour - time.Second)
	_, err = mgr.DecodeToken(t.Context(), last)
	require.NoError(t, err, "remembered, and not yet retired")
	clock.Advance(time.Second)
	assert.Equal(t, unknownKey, refusalOf(t, mgr, last), "retired to the second, remembered or not")
}

func TestAKeySignsNoTokenThatOutlivesIt(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	old, next := secretKey("o"), secretKey("n")
	old.NotAfter = clock.Now().Add(24 * time.Hour)
	mgr, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{old, next}, Now: clock.Now})
	assert.Equal(t, "o", headerOf(t, jwttest.AccessToken(t, mgr, "alice"))["kid"])
	assert.Equal(t, "n", headerOf(t, jwttest.RefreshToken(t, mgr, "alice"))["kid"])
	assert.Equal(t, "n", headerOf(t, jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(ginjwt.NeverExpires)))["kid"])
	assert.Equal(t, "o", headerOf(t, jwttest.AccessToken(t, mgr, "alice", ginjwt.WithExpires(24*time.Hour)))["kid"])
	clock.Advance(24*time.Hour - 15*time.Minute + time.Second)
	assert.Equal(t, "n", headerOf(t, jwttest.AccessToken(t, mgr, "alice"))["kid"])
}

func TestOfKeysThatAllEndTooEarlyTheLastOneSigns(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	soon, later, ended := secretKey("s"), secretKey("l"), secretKey("e")
	soon.NotAfter, later.NotAfter = clock.Now().Add(time.Hour), clock.Now().Add(20*24*time.Hour)
	ended.NotAfter = clock.Now().Add(time.Minute)
	mgr, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{soon, later, ended}, Now: clock.Now})
	assert.Equal(t, "l", headerOf(t, jwttest.RefreshToken(t, mgr, "alice"))["kid"])
	assert.Equal(t, "s", headerOf(t, jwttest.AccessToken(t, mgr, "alice"))["kid"])
}

func TestKeysOfLoadersEndToo(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	key := secretKey("k")
	key.Algorithm, key.NotAfter, key.TokenType = "HS256", clock.Now().Add(time.Minute), "access"
	mgr, _ := newManager(t, ginjwt.Config{Now: clock.Now}, func(mgr *ginjwt.JWTManager) {
		mgr.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) { return key, nil })
		mgr.DecodeKeyLoader(func(context.Context, *ginjwt.Token) (keys.Key, error) { return key, nil })
	})
	encoded := jwttest.AccessToken(t, mgr, "alice")
	_, err := mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	_, err = mgr.CreateRefreshToken(t.Context(), "alice")
	assert.EqualError(t, err, "ginjwt: no signing key: EncodeKeyLoader returned a key that signs no refresh tokens at this time")
	other, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{secretKey("k")}})
	assert.Equal(t, unknownKey, refusalOf(t, mgr, jwttest.RefreshToken(t, other, "alice")))
	clock.Advance(time.Minute)
	assert.Equal(t, unknownKey, refusalOf(t, mgr, encoded))
	_, err = mgr.CreateAccessToken(t.Context(), "alice")
	assert.EqualError(t, err, "ginjwt: no signing key: EncodeKeyLoader returned a key that signs no access tokens at this time")
}

func TestKeysForOneTypeOfToken(t *testing.T) {
	t.Parallel()
	access, refresh := secretKey("a"), secretKey("r")
	access.TokenType, refresh.TokenType = keys.AccessToken, "refresh"
	mgr, engine := newManager(t, ginjwt.Config{Keys: []keys.Key{access, refresh}})
	engine.GET("/", mgr.JWTRequired(), identify)
	engine.POST("/", mgr.RefreshRequired(), identify)
	accessToken, refreshToken := jwttest.AccessToken(t, mgr, "alice"), jwttest.RefreshToken(t, mgr, "alice")
	assert.Equal(t, "a", headerOf(t, accessToken)["kid"])
	assert.Equal(t, "r", headerOf(t, refreshToken)["kid"])
	assert.Equal(t, 200, jwttest.Do(engine, "GET", "/", jwttest.Bearer(accessToken)).Code)
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/", jwttest.Bearer(refreshToken)).Code)

	// Who has stolen one of the two keys cannot make tokens of the other type.
	thief, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{secretKey("a")}})
	assert.Equal(t, unknownKey, refusalOf(t, mgr, jwttest.RefreshToken(t, thief, "alice")))
	spaced := jwttest.RefreshToken(t, thief, "alice", ginjwt.WithHeaders(ginjwt.Header{"x": 1})) // a header that none of ours writes
	assert.Equal(t, unknownKey, refusalOf(t, mgr, spaced))

	require.NoError(t, mgr.SetKeys(access, refresh))
	assert.EqualError(t, mgr.SetKeys(access), "ginjwt: SetKeys: none of the keys signs refresh tokens now")
	_, err := thief.CreateAccessToken(t.Context(), "alice")
	require.NoError(t, err)
	only, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{refresh}})
	_, err = only.CreateAccessToken(t.Context(), "alice")
	assert.EqualError(t, err, "ginjwt: no signing key: no key of the list signs access tokens at this time")
}

func TestSetKeysChangesNothingAfterAnError(t *testing.T) {
	t.Parallel()
	assert.Equal(t, ginjwt.ErrNotInitialized, ginjwt.New(ginjwt.Config{}).SetKeys(secretKey("a")))
	mgr, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{secretKey("a")}})
	encoded := jwttest.AccessToken(t, mgr, "alice")
	public := secretKey("b")
	public.Sign, public.Verify = nil, public.Sign
	for want, list := range map[string][]keys.Key{
		"ginjwt: SetKeys: there are no keys":                           {},
		"ginjwt: SetKeys: none of the keys signs access tokens now":    {public},
		`ginjwt: SetKeys: key 2 of 2: has the ID "b" of another key`:   {secretKey("b"), {ID: "b", Sign: []byte(strings.Repeat("c", 32))}},
		`ginjwt: SetKeys: key 3 of 3: is there twice, with the ID "b"`: {secretKey("b"), secretKey("c"), secretKey("b")},
		"ginjwt: SetKeys: there is no key":                             {{ID: "x"}},
	} {
		assert.EqualError(t, mgr.SetKeys(list...), want)
		token, err := mgr.DecodeToken(t.Context(), encoded)
		require.NoError(t, err)
		assert.Equal(t, "alice", token.Identity)
	}
	assert.EqualError(t, mgr.SetKeys(make([]keys.Key, 101)...), "ginjwt: SetKeys: there are 101 keys, but at most 100 are allowed")
}

// TestARetiredListIsTaken as who takes away the only key means it.
func TestARetiredListIsTaken(t *testing.T) {
	t.Parallel()
	clock := &jwttest.Clock{}
	leaked, planned := secretKey("l"), secretKey("p")
	planned.NotBefore = clock.Now().Add(time.Hour)
	mgr, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{leaked}, Now: clock.Now})
	encoded := jwttest.AccessToken(t, mgr, "alice")
	assert.EqualError(t, mgr.SetKeys(planned), "ginjwt: SetKeys: none of the keys signs access tokens now")
	leaked.NotAfter = clock.Now()
	for _, list := range [][]keys.Key{{leaked}, {planned, leaked}} {
		require.NoError(t, mgr.SetKeys(list...))
		assert.Equal(t, unknownKey, refusalOf(t, mgr, encoded))
		_, err := mgr.CreateAccessToken(t.Context(), "alice")
		assert.ErrorIs(t, err, ginjwt.ErrNoSigningKey)
	}
	clock.Advance(time.Hour)
	assert.Equal(t, "p", headerOf(t, jwttest.AccessToken(t, mgr, "alice"))["kid"])
}

func TestOneKeyWithSeveralAlgorithms(t *testing.T) {
	t.Parallel()
	key := parsed(t, keytest.Generate(t).RSAPrivate)
	key.ID = "rsa"
	other := key
	key.Algorithm, other.Algorithm = "RS256", "PS256"
	mgr, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{key, other}})
	for _, k := range []keys.Key{key, other} {
		signer, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{k}})
		_, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, signer, "alice"))
		require.NoError(t, err, k.Algorithm)
	}
}

func TestMistakesInKeyLists(t *testing.T) {
	t.Parallel()
	pems := keytest.Generate(t)
	now := time.Now()
	set := func(change func(*keys.Key)) ginjwt.Config {
		key := secretKey("a")
		change(&key)
		return ginjwt.Config{Keys: []keys.Key{key}}
	}
	for want, config := range map[string]ginjwt.Config{
		"ginjwt: Keys (JWT_KEYS): has 3 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32": set(func(k *keys.Key) { k.Sign = []byte("abc") }),
		`ginjwt: Keys (JWT_KEYS): the TokenType "id" is unknown; use AccessToken or RefreshToken`:                                                   set(func(k *keys.Key) { k.TokenType = "id" }),
		"ginjwt: Keys (JWT_KEYS): all keys have retired, so no token can be made or verified; add a new key":                                        set(func(k *keys.Key) { k.NotAfter = now.Add(-time.Second) }),
		"ginjwt: Keys (JWT_KEYS): NotAfter is not after NotBefore":                                                                                  set(func(k *keys.Key) { k.NotBefore, k.NotAfter = now, now }),
		"ginjwt: Keys (JWT_KEYS): a string cannot sign; write []byte(key) for a secret; the text of a key is read by keys.Parse":                    set(func(k *keys.Key) { k.Sign = "text" }),
		"ginjwt: Keys (JWT_KEYS): needs a key for RSA, not a secret (algorithm RS256)":                                                              set(func(k *keys.Key) { k.Algorithm = "RS256" }),
		`ginjwt: Algorithm (JWT_ALGORITHM): no key of Keys is for "ES256"; add one, or remove the algorithm`:                                        {Algorithm: "ES256", Keys: []keys.Key{secretKey("a")}},
		`ginjwt: DecodeAlgorithms (JWT_DECODE_ALGORITHMS): no key of Keys is for "HS512"; add one, or remove the algorithm`:                         {DecodeAlgorithms: []string{"HS512"}, Keys: []keys.Key{parsed(t, pems.P256Private)}},
	} {
		err := ginjwt.New(config).InitApp(nil)
		assert.EqualError(t, err, want)
	}
}

func TestSetsOfKeys(t *testing.T) {
	t.Parallel()
	set, err := keys.NewSet(secretKey("a"), parsed(t, keytest.Generate(t).P256Public))
	require.NoError(t, err)
	same, err := set.KeySet(t.Context(), "b")
	require.NoError(t, err)
	assert.Same(t, set, same)
	_, err = keys.NewSet(secretKey("a"), keys.Key{ID: "b", Sign: []byte("short")}, keys.Key{})
	assert.EqualError(t, err, "keys: "+
		"key 2 of 3: has 5 bytes, but must have at least the 32 of the hash (algorithm HS256); make one with: openssl rand -base64 32\n"+
		"key 3 of 3: there is no key")
}

func TestKeysAreNotPrinted(t *testing.T) {
	t.Parallel()
	config := ginjwt.Config{
		Keys:    []keys.Key{{ID: "a", Sign: []byte("do-not-print-this-secret-anywhere")}},
		Issuers: []ginjwt.Issuer{{Name: "https://id.example", Keys: []keys.Key{{Sign: []byte("do-not-print-this-secret-anywhere")}}}},
	}
	assert.Equal(t, `ginjwt.Config{Keys: []keys.Key{keys.Key{ID: "a", Algorithm: "", signs}}, Issuers: [ginjwt.Issuer{Name: "https://id.example", …}]}`, config.String())
	mgr := ginjwt.New(config)
	assert.Nil(t, mgr.Config().Keys)
	assert.Nil(t, mgr.Config().Issuers[0].Keys)
	assert.NotNil(t, config.Issuers[0].Keys, "the caller's list is not changed")
}
