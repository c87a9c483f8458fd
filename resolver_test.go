package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/keytest"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// tenants is an IssuerResolver of issuers that all sign with one secret, and what it was
// asked.
type tenants struct {
	known  func(name string) bool
	change func(i *ginjwt.Issuer)
	fails  atomic.Pointer[error]

	mu    sync.Mutex
	asked []string
	lives map[string][]context.Context
}

var errDirectory = errors.New("the directory does not answer")

func (s *tenants) resolve(ctx context.Context, name string) (ginjwt.Issuer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, name)
	if err := s.fails.Load(); err != nil {
		return ginjwt.Issuer{}, *err
	}
	if !s.known(name) {
		return ginjwt.Issuer{}, fmt.Errorf("no customer: %w", ginjwt.ErrUnknownIssuer)
	}
	if s.lives == nil {
		s.lives = map[string][]context.Context{}
	}
	s.lives[name] = append(s.lives[name], ctx)
	i := ginjwt.Issuer{
		Name: name, IdentityPrefix: strings.TrimPrefix(name, "https://") + "|",
		Keys: []keys.Key{{Verify: []byte(theirSecret), AllowMissingKeyID: true}},
	}
	if s.change != nil {
		s.change(&i)
	}
	return i, nil
}

func (s *tenants) fail(err error) {
	if err == nil {
		s.fails.Store(nil)
		return
	}
	s.fails.Store(&err)
}

// take returns what was asked since the last call.
func (s *tenants) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// alive returns how many issuers have not ended.
func (s *tenants) alive() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, lives := range s.lives {
		for _, life := range lives {
			if life.Err() == nil {
				n++
			}
		}
	}
	return n
}

// tenantApp takes the tokens of tenants beside its own.
type tenantApp struct {
	*theirs
	*tenants
}

const tenantA, tenantB = "https://idp.example/a", "https://idp.example/b"

func newTenantApp(t *testing.T, change func(c *ginjwt.Config)) *tenantApp {
	t.Helper()
	a := &tenantApp{tenants: &tenants{known: func(name string) bool { return strings.HasPrefix(name, "https://idp.example/") }}}
	a.theirs = &theirs{clock: &jwttest.Clock{}}
	config := jwttest.Config(a.clock)
	config.IssuerResolver = a.resolve
	if change != nil {
		change(&config)
	}
	a.mgr, a.engine = newManager(t, config)
	a.engine.GET("/", a.mgr.JWTRequired(), identify)
	a.engine.POST("/logout", a.mgr.LogoutHandler())
	t.Cleanup(func() { a.mgr.ForgetIssuers() })
	return a
}

func (a *tenantApp) of(t *testing.T, name string, claims ...ginjwt.Claims) string {
	t.Helper()
	all := ginjwt.Claims{"iss": name, "exp": a.clock.Now().Unix() + 100*24*3600}
	for _, more := range claims {
		for claim, v := range more {
			all[claim] = v
		}
	}
	return a.token(t, all)
}

func TestAnIssuerThatIsResolved(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, nil)
	assert.Empty(t, a.take(), "nobody is asked before a token comes")
	for range 2 {
		assert.Equal(t, "idp.example/a|alice", a.get(a.of(t, tenantA)))
		assert.Equal(t, "idp.example/a|bob", a.get(a.of(t, tenantA, ginjwt.Claims{"sub": "bob"})))
	}
	assert.Equal(t, []string{tenantA}, a.take(), "once")
	assert.Equal(t, "idp.example/b|alice", a.get(a.of(t, tenantB)))
	assert.Equal(t, []string{tenantB}, a.take())

	forged := signedHS256(`{"alg":"HS256"}`, `{"iss":"`+tenantA+`","sub":"alice"}`, strings.Repeat("x", 32))
	assert.Equal(t, "422 "+unknownKey, a.get(forged))
	assert.Equal(t, "alice", a.get(jwttest.AccessToken(t, a.mgr, "alice")), "our own")
	assert.Empty(t, a.take())
}

func TestAnIssuerThatNobodyKnows(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, nil)
	const stranger = "https://stranger.example/"
	for range 2 {
		assert.Equal(t, "422 "+unknownKey, a.get(a.of(t, stranger)), "it is no token of ours either")
	}
	assert.Equal(t, []string{stranger}, a.take(), "a no is remembered")
	a.clock.Advance(time.Minute)
	a.known = func(string) bool { return true }
	assert.Equal(t, "stranger.example/|alice", a.get(a.of(t, stranger)), "for a minute")

	own := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithIssuer("https://own.example/"))
	a.known = func(string) bool { return false }
	assert.Equal(t, "alice", a.get(own), "where DecodeIssuer is empty, any other name is one of ours")

	only := newTenantApp(t, func(c *ginjwt.Config) { c.SecretKey = "" })
	assert.Equal(t, "422 Invalid issuer", only.get(only.of(t, stranger)))
	assert.Equal(t, "idp.example/a|alice", only.get(only.of(t, tenantA)), "no key of our own is needed")
}

func TestAnIssuerOfWhichNobodyKnowsWhetherItIsKnown(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, nil)
	encoded := a.of(t, tenantA)
	for _, err := range []error{errDirectory, ginjwt.ErrUnavailable, context.Canceled} {
		a.fail(err)
		assert.Equal(t, "503 Service unavailable", a.get(encoded), err)
		_, failed := a.mgr.DecodeToken(t.Context(), encoded)
		assert.ErrorIs(t, failed, err)
		refused, _ := errors.AsType[*ginjwt.Error](failed)
		assert.Equal(t, "keys_unavailable", refused.Reason)
		assert.Len(t, a.take(), 2, "that is not remembered")
	}
	a.fail(fmt.Errorf("%w: a mistake", ginjwt.ErrCallback))
	assert.Equal(t, "500 Internal server error", a.get(encoded))
	a.fail(nil)
	assert.Equal(t, "idp.example/a|alice", a.get(encoded))
}

func TestIssuersThatAResolverMustNotBring(t *testing.T) {
	t.Parallel()
	shared := parsed(t, keytest.Generate(t).P256Private)
	sharedSource, clock := &keySource{}, &jwttest.Clock{}
	sharedSource.change(t, shared)
	signing, _ := newManager(t, ginjwt.Config{Keys: []keys.Key{shared}, Now: clock.Now})
	for name, change := range map[string]func(i *ginjwt.Issuer){
		"another name":                     func(i *ginjwt.Issuer) { i.Name += "/" },
		"no name":                          func(i *ginjwt.Issuer) { i.Name = "" },
		"no keys":                          func(i *ginjwt.Issuer) { i.Keys = nil },
		"a key that is none":               func(i *ginjwt.Issuer) { i.Keys[0].Verify = []byte("short") },
		"a mistake in a setting":           func(i *ginjwt.Issuer) { i.AccessTypes = []string{"refresh"} },
		"no prefix":                        func(i *ginjwt.Issuer) { i.IdentityPrefix = "" },
		"the prefix of a configured one":   func(i *ginjwt.Issuer) { i.IdentityPrefix = "a:" },
		"a prefix that begins so":          func(i *ginjwt.Issuer) { i.IdentityPrefix = "a:b:" },
		"the beginning of such a prefix":   func(i *ginjwt.Issuer) { i.IdentityPrefix = "a" },
		"the prefix of one that was there": func(i *ginjwt.Issuer) { i.IdentityPrefix = "idp.example/b|" },
		"the prefix of one with its keys":  func(i *ginjwt.Issuer) { i.IdentityPrefix, i.KeySource, i.Keys = "s:", sharedSource, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newTenantApp(t, func(c *ginjwt.Config) {
				c.Issuers = []ginjwt.Issuer{{Name: issuerA, IdentityPrefix: "a:", Keys: []keys.Key{secretKey("a")}}}
			})
			sharing := ginjwt.WithIssuer("https://idp.example/s")
			a.change = func(i *ginjwt.Issuer) { i.IdentityPrefix, i.KeySource, i.Keys = "s:", sharedSource, nil }
			require.Equal(t, "s:alice", a.get(jwttest.AccessToken(t, signing, "alice", sharing, ginjwt.WithExpires(ginjwt.NeverExpires))))
			a.change = nil
			require.Equal(t, "idp.example/b|alice", a.get(a.of(t, tenantB)))
			a.change = change
			assert.Equal(t, "500 Internal server error", a.get(a.of(t, tenantA)))
			_, err := a.mgr.DecodeToken(t.Context(), a.of(t, tenantA))
			assert.ErrorIs(t, err, ginjwt.ErrCallback)
			assert.Equal(t, 2, a.alive(), "and what it has started ends")
			a.change = nil
			assert.Equal(t, "idp.example/a|alice", a.get(a.of(t, tenantA)))
		})
	}

	same := newTenantApp(t, nil)
	same.change = func(i *ginjwt.Issuer) { i.IdentityPrefix, i.AllowSharedIdentities = "", true }
	assert.Equal(t, "alice", same.get(same.of(t, tenantA)))
	assert.Equal(t, "alice", same.get(same.of(t, tenantB)))

	empty := []ginjwt.Issuer{{Name: issuerA, Keys: []keys.Key{secretKey("a")}}}
	assert.EqualError(t, ginjwt.New(ginjwt.Config{Issuers: empty, IssuerResolver: same.resolve}).InitApp(nil),
		"ginjwt: Issuers[0].IdentityPrefix: the issuer could name users of the issuers of the IssuerResolver; set another prefix, or AllowSharedIdentities if they are the same users")
	for _, most := range []int{-1, 100_001} {
		assert.EqualError(t, ginjwt.New(ginjwt.Config{IssuerResolver: same.resolve, MaxResolvedIssuers: most}).InitApp(nil),
			"ginjwt: MaxResolvedIssuers: must be between zero and 100000")
	}
}

func TestConfiguredAndOwnIssuersAreNotResolved(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, func(c *ginjwt.Config) {
		c.EncodeIssuer, c.DecodeIssuer, c.DecodeIssuers = "https://idp.example/own", "https://idp.example/own", []string{"https://idp.example/former"}
		c.Issuers = []ginjwt.Issuer{{Name: tenantB, IdentityPrefix: "b:", Keys: []keys.Key{{Verify: []byte(theirSecret), AllowMissingKeyID: true}}}}
	})
	assert.Equal(t, "b:alice", a.get(a.of(t, tenantB)))
	assert.Equal(t, "alice", a.get(jwttest.AccessToken(t, a.mgr, "alice")))
	assert.Equal(t, "alice", a.get(jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithIssuer("https://idp.example/former"))))
	assert.Equal(t, "422 "+`Token is missing the "iss" claim`, a.get(jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithIssuer(""))))
	assert.Equal(t, "422 "+unknownKey, a.get(a.of(t, "https://idp.example/own")))
	assert.Empty(t, a.take())
}

// Names that nobody should fetch anything for never reach the resolver.
func TestNamesThatAreNotResolved(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, nil)
	a.known = func(string) bool { return true }
	for _, name := range []any{
		"", nil, 7, true, []string{tenantA}, map[string]string{"a": tenantA},
		"idp.example", "//idp.example/a", "http://idp.example/a", "HTTPS://idp.example/a", "https:idp.example", "https:/idp.example", "https://",
		"file:///etc/passwd", "ftp://idp.example", "https://localhost/a", "https://a.localhost/", "https://intranet/a",
		"https://169.254.169.254/latest/meta-data", "https://127.0.0.1/", "https://[::1]/", "https://[fd00:ec2::254]/", "https://[::ffff:a9fe:a9fe]/",
		"https://2852039166/", "https://0xa9fea9fe/", "https://0251.0376.0251.0376/", "https://0xa9.0xfe.0xa9.0xfe/", "https://127.1/", "https://10.0.0.1:8443/",
		"https://idp.example./a", "https://.example/a", "https://idp..example/a", "https://IDP.example/a", "https://idp.exam%70le/a", "https://idp。example/a",
		"https://user@idp.example/a", "https://user:password@idp.example/a", "https://idp.example@evil.example/a\\", "https://idp.example\\@evil.example",
		"https://idp.example/a?x=y", "https://idp.example/a?", "https://idp.example/a#x", "https://idp.example/a#", "https://idp.example/../a", "https://idp.example/./a",
		"https://idp.example/%2e%2e/a", "https://idp.example/a b", "https://idp.example/a\n", " https://idp.example/a", "https://idp.example/a\u0000",
		"https://idp.example/ä", "https://idp.example/" + strings.Repeat("a", 236), "https://idp.example:port/", "https://idp.example/<a>",
	} {
		w := jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(a.token(t, ginjwt.Claims{"iss": name})))
		assert.Equal(t, 422, w.Code, "%v: %s", name, w.Body)
		assert.Empty(t, a.take(), name)
	}
	for _, name := range []string{
		"https://idp.example", "https://idp.example/", "https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0",
		"https://token.actions.githubusercontent.com/octo-corp", "https://idp.example:8443/realms/a_b~c", "https://xn--bcher-kva.example/",
		"https://idp.example/" + strings.Repeat("a", 235),
	} {
		assert.Equal(t, 200, jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(a.of(t, name))).Code, name)
		assert.Equal(t, []string{name}, a.take())
	}
}

// Whoever is believed, nobody asks a private address for keys, whatever name it has.
func TestAResolverThatBelievesEverybody(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ConnState = func(net.Conn, http.ConnState) { connections.Add(1) }
	server.StartTLS()
	t.Cleanup(server.Close)
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	mgr, _ := newManager(t, ginjwt.Config{IssuerResolver: func(ctx context.Context, name string) (ginjwt.Issuer, error) {
		remote, err := jwks.Discover(ctx, "https://localhost"+port, jwks.Options{}) // as if the name had this address
		return ginjwt.Issuer{Name: name, KeySource: remote, IdentityPrefix: name}, err
	}})
	t.Cleanup(func() { mgr.ForgetIssuers() })
	_, err := mgr.DecodeToken(t.Context(), signedHS256(`{"alg":"RS256"}`, `{"iss":"`+tenantA+`"}`, theirSecret))
	assert.ErrorIs(t, err, ginjwt.ErrUnavailable)
	assert.ErrorIs(t, err, jwks.ErrPrivateAddress)
	assert.Zero(t, connections.Load())
}

func TestConcurrentRequestsAskOnceForAnIssuer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		proceed := make(chan struct{})
		known := &tenants{known: func(string) bool { return true }}
		mgr, _ := newManager(t, ginjwt.Config{IssuerResolver: func(ctx context.Context, name string) (ginjwt.Issuer, error) {
			asked.Add(1)
			<-proceed
			return known.resolve(ctx, name)
		}})
		defer mgr.ForgetIssuers()
		encoded := signedHS256(`{"alg":"HS256"}`, `{"iss":"`+tenantA+`","sub":"alice"}`, theirSecret)
		var good, gone atomic.Int64
		for i := range 100 {
			ctx, leave := context.WithCancel(t.Context())
			go func() {
				defer leave()
				_, err := mgr.DecodeToken(ctx, encoded)
				switch {
				case err == nil:
					good.Add(1)
				case errors.Is(err, context.Canceled):
					gone.Add(1)
				}
			}()
			synctest.Wait()
			if i%10 == 0 { // also the first, who asks
				leave()
			}
		}
		synctest.Wait()
		assert.EqualValues(t, 10, gone.Load(), "who leaves does not wait,")
		close(proceed)
		synctest.Wait()
		assert.EqualValues(t, 90, good.Load(), "and takes the answer from nobody")
		assert.EqualValues(t, 1, asked.Load())
	})
}

func TestResolversThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		mgr, _ := newManager(t, ginjwt.Config{IssuerResolver: func(ctx context.Context, name string) (ginjwt.Issuer, error) {
			asked.Add(1)
			<-ctx.Done()
			return (&tenants{known: func(string) bool { return true }}).resolve(ctx, name)
		}})
		start := time.Now()
		var failed atomic.Int64
		for i := range 100 {
			go func() {
				encoded := signedHS256(`{"alg":"HS256"}`, fmt.Sprintf(`{"iss":"https://idp.example/%d","sub":"alice"}`, i), theirSecret)
				_, err := mgr.DecodeToken(t.Context(), encoded)
				if errors.Is(err, ginjwt.ErrUnavailable) && time.Since(start) == 10*time.Second {
					failed.Add(1)
				}
			}()
		}
		synctest.Wait()
		assert.EqualValues(t, 32, asked.Load(), "not more at once")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.EqualValues(t, 100, failed.Load())
	})
}

// Who sends names without end and leaves at once does not fill the memory with questions.
func TestQuestionsAboutIssuersHaveABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mgr, _ := newManager(t, ginjwt.Config{IssuerResolver: func(ctx context.Context, _ string) (ginjwt.Issuer, error) {
			<-ctx.Done()
			return ginjwt.Issuer{}, ginjwt.ErrUnknownIssuer
		}})
		ask := func(ctx context.Context, i int) error {
			_, err := mgr.DecodeToken(ctx, signedHS256(`{"alg":"HS256"}`, fmt.Sprintf(`{"iss":"https://idp.example/%d","sub":"alice"}`, i), theirSecret))
			return err
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		for i := range 1024 {
			require.ErrorIs(t, ask(gone, i), context.Canceled)
		}
		start := time.Now()
		assert.ErrorContains(t, ask(t.Context(), 1024), "too many calls of the IssuerResolver at once")
		assert.Zero(t, time.Since(start), "nobody waits for one more")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.ErrorIs(t, ask(gone, 1025), context.Canceled, "there is room again")
		time.Sleep(10 * time.Second)
	})
}

// A resolver that does not obey its context lets nobody wait for ever.
func TestAResolverThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		mgr, _ := newManager(t, ginjwt.Config{IssuerResolver: func(context.Context, string) (ginjwt.Issuer, error) {
			<-release
			return ginjwt.Issuer{}, ginjwt.ErrUnknownIssuer
		}})
		start := time.Now()
		_, err := mgr.DecodeToken(t.Context(), signedHS256(`{"alg":"HS256"}`, `{"iss":"`+tenantA+`"}`, theirSecret))
		assert.ErrorIs(t, err, ginjwt.ErrUnavailable)
		assert.Equal(t, 11*time.Second, time.Since(start))
	})
}

// Calls that never return block the issuers that are not known yet, for good: the observer is
// told, and of each issuer that cannot be asked about.
func TestTheObserverIsToldOfAResolverThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, told := make(chan struct{}), &recorder{}
		mgr, _ := newManager(t, ginjwt.Config{Observer: told, IssuerResolver: func(context.Context, string) (ginjwt.Issuer, error) {
			<-release
			return ginjwt.Issuer{}, errDirectory
		}})
		names := 0
		ask := func(issuers int) {
			for range issuers {
				names++
				encoded := signedHS256(`{"alg":"HS256"}`, fmt.Sprintf(`{"iss":"https://idp.example/%d"}`, names), theirSecret)
				go func() { _, _ = mgr.DecodeToken(t.Context(), encoded) }()
			}
			synctest.Wait()
		}
		took := func(d time.Duration) []string {
			time.Sleep(d)
			synctest.Wait()
			var errs []string
			told.mu.Lock()
			defer told.mu.Unlock()
			for _, e := range told.events {
				assert.Equal(t, ginjwt.Event{
					Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultService, Operation: ginjwt.OperationIssuerResolver, Duration: e.Duration, Err: e.Err,
				}, e)
				errs = append(errs, e.Duration.String()+": "+e.Err.Error())
			}
			told.events = nil
			return errs
		}
		const hangs = "11s: the call has not returned after its context ended; 32 such calls block all further calls"
		const full = "10s: too many calls of the IssuerResolver at once"
		ask(33)
		assert.Empty(t, took(10*time.Second-1))
		assert.Equal(t, []string{full}, took(1))
		assert.Equal(t, slices.Repeat([]string{hangs}, 32), took(time.Second))
		for range 2 {
			ask(1)
			assert.Equal(t, []string{full}, took(time.Hour), "for as long as they hang")
		}
		close(release)
		ask(1)
		assert.Empty(t, took(time.Hour), "an error is an answer")
	})
}

func TestAResolverThatPanics(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, ginjwt.Config{IssuerResolver: func(context.Context, string) (ginjwt.Issuer, error) { panic("broken") }})
	engine.GET("/", mgr.JWTRequired(), identify)
	encoded := signedHS256(`{"alg":"HS256"}`, `{"iss":"`+tenantA+`"}`, theirSecret)
	for range 40 { // more than may be asked at once
		assert.Equal(t, 500, jwttest.Do(engine, "GET", "/", jwttest.Bearer(encoded)).Code)
	}
}

// Any number of names costs memory once, and ends no issuer that has users.
func TestStrangersDoNotDriveOutIssuers(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, func(c *ginjwt.Config) { c.MaxResolvedIssuers = 16 })
	for i := range 12 {
		require.Equal(t, 200, jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(a.of(t, fmt.Sprint("https://idp.example/good/", i)))).Code)
	}
	a.take()
	for i := range 2000 {
		iss := fmt.Sprint("https://idp.example/made-up/", i) // which the resolver believes
		if i%2 == 0 {
			iss = fmt.Sprint("https://evil.example/", i)
		}
		a.clock.Advance(time.Second)
		require.Equal(t, "422 "+unknownKey, a.get(signedHS256(`{"alg":"HS256"}`, `{"iss":"`+iss+`","sub":"x"}`, strings.Repeat("x", 32))))
	}
	assert.Len(t, a.take(), 2000)
	assert.Equal(t, 16, a.alive(), "the others have ended")
	for i := range 12 {
		require.Equal(t, 200, jwttest.Do(a.engine, "GET", "/", jwttest.Bearer(a.of(t, fmt.Sprint("https://idp.example/good/", i)))).Code)
	}
	assert.Empty(t, a.take(), "they are still there")
}

// Where all have users, the one goes that was not used for longest. A token that is
// remembered is a use too.
func TestTheIssuerThatGoes(t *testing.T) {
	t.Parallel()
	for _, cache := range []int{0, -1} {
		a := newTenantApp(t, func(c *ginjwt.Config) { c.MaxResolvedIssuers, c.TokenCacheSize = 3, cache })
		tokens := map[string]string{}
		for _, name := range []string{"1", "2", "3"} {
			tokens[name] = a.of(t, "https://idp.example/"+name)
			a.clock.Advance(time.Second)
			require.Equal(t, "idp.example/"+name+"|alice", a.get(tokens[name]))
		}
		a.clock.Advance(time.Second)
		require.Equal(t, "idp.example/1|alice", a.get(tokens["1"]))
		a.take()
		require.Equal(t, "idp.example/4|alice", a.get(a.of(t, "https://idp.example/4")))
		for _, name := range []string{"1", "3"} {
			require.Equal(t, "idp.example/"+name+"|alice", a.get(tokens[name]))
		}
		assert.Equal(t, []string{"https://idp.example/4"}, a.take())
		assert.Equal(t, 3, a.alive())

		assert.Equal(t, "idp.example/2|alice", a.get(tokens["2"]), "it comes back")
		assert.Equal(t, []string{"https://idp.example/2"}, a.take(), "after a new question, though its token is remembered")
	}
}

// What was decided on tokens holds while their issuer comes and goes.
func TestTokensOfAnIssuerThatHasGone(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, func(c *ginjwt.Config) { c.Sessions = &ginjwt.MemorySessions{Now: c.Now} })
	a.engine.GET("/sessions", a.mgr.JWTRequired(), func(*gin.Context) { a.mgr.ForgetIssuers(tenantA) }, a.mgr.SessionsHandler())
	encoded, other := a.of(t, tenantA), a.of(t, tenantA, ginjwt.Claims{"sub": "bob"})
	w := jwttest.Do(a.engine, "GET", "/sessions", jwttest.Bearer(encoded))
	assert.Equal(t, 200, w.Code, "the manager still knows the token as one that it has verified")

	token, err := a.mgr.VerifyToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
	a.mgr.ForgetIssuers()
	assert.Zero(t, a.alive())
	assert.Equal(t, "401 Token has been revoked", a.get(encoded))
	assert.Equal(t, "idp.example/a|bob", a.get(other))
}

func TestIssuersThatAreForgotten(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, nil)
	encoded, ofB := a.of(t, tenantA), a.of(t, tenantB)
	require.Equal(t, "idp.example/a|alice", a.get(encoded))
	require.Equal(t, "idp.example/b|alice", a.get(ofB))
	a.known = func(name string) bool { return name == tenantB } // a customer leaves
	assert.Equal(t, "idp.example/a|alice", a.get(encoded), "nobody has said so yet")
	a.mgr.ForgetIssuers(tenantA)
	assert.Equal(t, "422 "+unknownKey, a.get(encoded))
	assert.Equal(t, "idp.example/b|alice", a.get(ofB))
	assert.Equal(t, 1, a.alive())

	a.known = func(string) bool { return true } // and comes back
	assert.Equal(t, "422 "+unknownKey, a.get(encoded), "the no is remembered")
	a.mgr.ForgetIssuers(tenantA)
	assert.Equal(t, "idp.example/a|alice", a.get(encoded))
	ginjwt.New(ginjwt.Config{}).ForgetIssuers()
}

// An answer that was on its way when the issuer was forgotten may be one of before.
func TestAnIssuerThatIsForgottenWhileItIsAskedFor(t *testing.T) {
	t.Parallel()
	proceed, asked := make(chan struct{}), make(chan struct{}, 2)
	known := &tenants{known: func(string) bool { return true }}
	mgr, _ := newManager(t, ginjwt.Config{IssuerResolver: func(ctx context.Context, name string) (ginjwt.Issuer, error) {
		asked <- struct{}{}
		<-proceed
		return known.resolve(ctx, name)
	}})
	encoded := signedHS256(`{"alg":"HS256"}`, `{"iss":"`+tenantA+`","sub":"alice"}`, theirSecret)
	failed := make(chan error)
	go func() {
		_, err := mgr.DecodeToken(t.Context(), encoded)
		failed <- err
	}()
	<-asked
	mgr.ForgetIssuers()
	close(proceed)
	assert.ErrorIs(t, <-failed, ginjwt.ErrUnavailable)
	assert.Zero(t, known.alive())
	_, err := mgr.DecodeToken(t.Context(), encoded)
	assert.NoError(t, err)
	mgr.ForgetIssuers()
}

// An issuer is asked about again after a day, while its tokens pass. A yes changes its
// settings, a no ends it; without an answer it stays for another day.
func TestAnIssuerIsAskedAboutAgain(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		a := newTenantApp(t, func(c *ginjwt.Config) { c.TokenCacheSize = -1 }) // so that each request looks for the issuer
		encoded := a.of(t, tenantA)
		get := func() string {
			got := a.get(encoded)
			synctest.Wait()
			return got
		}
		require.Equal(t, "idp.example/a|alice", get())
		a.clock.Advance(day - time.Second)
		require.Equal(t, "idp.example/a|alice", get())
		require.Len(t, a.take(), 1)

		a.change = func(i *ginjwt.Issuer) { i.Audience = []string{"shop"} }
		a.clock.Advance(time.Second)
		assert.Equal(t, "idp.example/a|alice", get(), "this request does not wait")
		assert.Len(t, a.take(), 1)
		assert.Equal(t, `422 Token is missing the "aud" claim`, get())
		assert.Equal(t, 1, a.alive())

		a.change = nil
		a.mgr.ForgetIssuers()
		require.Equal(t, "idp.example/a|alice", get())
		a.take()
		a.fail(errDirectory)
		a.clock.Advance(2*day - time.Second)
		assert.Equal(t, "idp.example/a|alice", get())
		assert.Len(t, a.take(), 1)
		a.clock.Advance(time.Second)
		assert.Equal(t, "503 Service unavailable", get(), "for two days nobody could say")
		assert.Zero(t, a.alive())

		a.fail(nil)
		require.Equal(t, "idp.example/a|alice", get())
		a.known = func(string) bool { return false }
		a.clock.Advance(day)
		assert.Equal(t, "idp.example/a|alice", get())
		assert.Equal(t, "422 "+unknownKey, get())
		assert.Zero(t, a.alive())
	})
}

// While nobody answers whether an issuer is still one, not each of its tokens asks: with each
// answer its keys may be fetched anew.
func TestAnIssuerIsAskedAboutAgainOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTenantApp(t, func(c *ginjwt.Config) { c.TokenCacheSize = -1 })
		encoded := a.of(t, tenantA)
		require.Equal(t, "idp.example/a|alice", a.get(encoded))
		a.take()
		a.fail(errDirectory)
		a.clock.Advance(24 * time.Hour)
		for range 3 {
			for range 5 {
				assert.Equal(t, "idp.example/a|alice", a.get(encoded))
				synctest.Wait()
			}
			assert.Len(t, a.take(), 1)
			a.clock.Advance(time.Minute)
		}
	})
}

// The keys of before count until those of an issuer that was asked about again are known.
func TestAnIssuerIsReplacedOnceItsKeysAreKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newTenantApp(t, func(c *ginjwt.Config) { c.TokenCacheSize = -1 })
		encoded := a.of(t, tenantA)
		require.Equal(t, "idp.example/a|alice", a.get(encoded))
		down := &keySource{}
		down.down.Store(true)
		a.change = func(i *ginjwt.Issuer) { i.Keys, i.KeySource = nil, down }
		a.clock.Advance(24 * time.Hour)
		for range 3 {
			assert.Equal(t, "idp.example/a|alice", a.get(encoded))
			synctest.Wait()
		}
		assert.NotZero(t, down.asked.Load())
	})
}

// Requests, tenants that come and go, and an attacker, all at once.
func TestResolvedIssuersUnderContention(t *testing.T) {
	t.Parallel()
	a := newTenantApp(t, func(c *ginjwt.Config) { c.MaxResolvedIssuers = 4 })
	var good []string
	for i := range 8 {
		good = append(good, a.of(t, fmt.Sprint("https://idp.example/", i)))
	}
	var work sync.WaitGroup
	for worker := range 8 {
		work.Go(func() {
			for i := range 200 {
				tenant := (i*7 + worker) % len(good)
				token, err := a.mgr.DecodeToken(t.Context(), good[tenant])
				if assert.NoError(t, err) {
					assert.Equal(t, fmt.Sprintf("idp.example/%d|alice", tenant), token.Identity)
				}
				switch i % 20 {
				case 5:
					a.mgr.ForgetIssuers("https://idp.example/unused")
				case 15:
					forged := fmt.Sprintf(`{"iss":"https://evil.example/%d/%d","sub":"x"}`, worker, i)
					_, err := a.mgr.DecodeToken(t.Context(), signedHS256(`{"alg":"HS256"}`, forged, theirSecret))
					assert.ErrorIs(t, err, ginjwt.ErrInvalidToken)
				}
			}
		})
	}
	work.Wait()
	assert.LessOrEqual(t, a.alive(), 4)
}
