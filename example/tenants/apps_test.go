package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

const (
	notServed = "This host is not served here\n"
	suspended = "This tenant is suspended\n"
	later     = "Try again\n"
)

// A request for a host without a tenant ends before anything reads it.
func TestNoTenantNoService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inMemory, false)
	acme := w.credentials(t, "acme")
	for name, host := range map[string]string{"empty": "", "unknown": "other.test", "parent": "test", "below": "a.acme.test", "not a host": "acme.test/", "two": "acme.test,globex.test"} {
		for _, path := range []string{"/me", "/.well-known/jwks.json", "/nowhere"} {
			got := jwttest.Do(w, "GET", path, func(r *http.Request) { r.Host = host }, jwttest.Bearer(acme.access),
				jwttest.Header("X-Forwarded-Host", "acme.test"), jwttest.Header("Forwarded", "host=acme.test"), jwttest.Header("X-Tenant", "acme"))
			assert.Equal(t, 421, got.Code, name)
			assert.Equal(t, notServed, got.Body.String(), name)
			assert.Equal(t, "no-store", got.Header().Get("Cache-Control"), name)
		}
	}
	for _, host := range []string{"acme.test", "ACME.TEST:8080", "acme.test."} {
		got := jwttest.Do(w, "GET", "/me", func(r *http.Request) { r.Host = host }, jwttest.Bearer(acme.access),
			jwttest.Header("X-Forwarded-Host", "globex.test"), jwttest.Header("X-Tenant", "globex"))
		assert.Equal(t, 200, got.Code, host)
		assert.JSONEq(t, `{"tenant":"acme","user":"alice"}`, got.Body.String())
	}
}

// clocked is a world whose apps have a clock.
func clocked(t *testing.T) (w *world, clock *jwttest.Clock) {
	t.Helper()
	w, clock = newWorld(t, inMemory, false), &jwttest.Clock{}
	w.now = clock.Now
	return w, clock
}

// If the directory fails, nobody knows whether a tenant is suspended. So tenants in use are
// refused too, after checkEvery.
func TestNoDirectoryNoService(t *testing.T) {
	t.Parallel()
	w, clock := clocked(t)
	acme := w.credentials(t, "acme")
	w.directory.fail(errors.New("the database is down"))
	status := func(at string, want int) {
		t.Helper()
		got := w.do(at, "GET", "/me", jwttest.Bearer(acme.access))
		assert.Equal(t, want, got.Code)
		if want == 503 {
			assert.Equal(t, later, got.Body.String())
			assert.Equal(t, "1", got.Header().Get("Retry-After"))
		}
	}
	status("globex", 503)
	status("acme", 200)
	clock.Advance(checkEvery)
	status("acme", 503)
	clock.Advance(-2 * checkEvery) // a clock that goes back
	status("acme", 503)
	w.directory.fail(nil)
	status("acme", 200)
	status("globex", 422)
}

func TestSuspendedTenants(t *testing.T) {
	t.Parallel()
	w, clock := clocked(t)
	acme, globex := w.credentials(t, "acme"), w.credentials(t, "globex")
	acme.tenant.Suspended = true
	w.directory.put(acme.tenant)
	clock.Advance(checkEvery)
	for name, d := range doors {
		got := d.use(w, "acme", acme)
		assert.Equal(t, 403, got.Code, name)
		assert.Equal(t, suspended, got.Body.String(), name)
	}
	stillWorks(t, w, globex)
	acme.tenant.Suspended = false
	w.directory.put(acme.tenant)
	stillWorks(t, w, acme)
}

// New keys of a tenant log nobody out while the old keys are in the list, and concern nobody
// else.
func TestKeysOfOneTenantRotate(t *testing.T) {
	t.Parallel()
	w, clock := clocked(t)
	acme, globex := w.credentials(t, "acme"), w.credentials(t, "globex")
	next, err := rotated(acme.tenant, time.Time{})
	require.NoError(t, err)
	w.directory.put(next)
	clock.Advance(checkEvery)
	published := w.do("acme", "GET", "/.well-known/jwks.json").Body.String()
	assert.Equal(t, 2, strings.Count(published, `"kid"`))
	assert.NotContains(t, published, `"d"`)
	newer := w.login(t, "acme").Access
	assert.Equal(t, 200, doors["access token"].use(w, "acme", acme).Code)
	assert.Equal(t, 200, doors["ticket"].use(w, "acme", acme).Code)

	list, err := keys.Parse([]byte(next.Keys))
	require.NoError(t, err)
	only, err := list[0].MarshalJWK()
	require.NoError(t, err)
	next.Keys = string(only)
	w.directory.put(next)
	clock.Advance(checkEvery)
	assert.Equal(t, 422, doors["access token"].use(w, "acme", acme).Code)
	assert.Equal(t, 200, w.do("acme", "GET", "/me", jwttest.Bearer(newer)).Code)
	stillWorks(t, w, globex)
}

// A tenant with keys that cannot be used has no service, and the others have.
func TestBrokenKeysOfOneTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inMemory, false)
	globex := w.credentials(t, "globex")
	acme := w.directory.tenants["acme.test"]
	list, err := keys.Parse([]byte(acme.Keys))
	require.NoError(t, err)
	public, err := list[0].MarshalPublicJWK()
	require.NoError(t, err)
	for name, broken := range map[string]string{"none": "", "garbage": "garbage", "only public": string(public)} {
		acme.Keys = broken
		w.directory.put(acme)
		got := w.do("acme", "POST", "/login", jwttest.JSON(`{}`))
		assert.Equal(t, 503, got.Code, name)
		assert.Equal(t, later, got.Body.String(), name)
	}
	stillWorks(t, w, globex)
}

// slowDirectory replies when the test says so.
type slowDirectory struct {
	listed
	gate chan struct{}
}

func (d *slowDirectory) tenant(ctx context.Context, host string) (tenant, error) {
	t, err := d.listed.tenant(ctx, host)
	select {
	case <-d.gate:
		return t, err
	case <-ctx.Done():
		return t, ctx.Err()
	}
}

// Many first requests make one app, even if the first of their clients hangs up.
func TestManyFirstRequestsMakeOneApp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		directory := &slowDirectory{listed: listed{tenants: map[string]tenant{"acme.test": {ID: "acme", Host: "acme.test"}}}, gate: make(chan struct{})}
		made := 0
		build := func(tenant) (http.Handler, error) {
			made++
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), nil
		}
		a, err := newApps(directory, build, 2)
		require.NoError(t, err)
		codes := make([]int, 100)
		ask := func(ctx context.Context, i int) {
			w := httptest.NewRecorder()
			a.ServeHTTP(w, httptest.NewRequest("GET", "https://acme.test/", nil).WithContext(ctx))
			codes[i] = w.Code
		}
		first, hangUp := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { ask(first, 0) })
		synctest.Wait()
		for i := range codes[1:] {
			wg.Go(func() { ask(t.Context(), i+1) })
		}
		synctest.Wait()
		hangUp()
		close(directory.gate)
		wg.Wait()
		for _, code := range codes {
			assert.Equal(t, 204, code)
		}
		assert.Equal(t, 1, directory.asked)
		assert.Equal(t, 1, made)

		directory.gate = make(chan struct{}) // a directory that does not reply
		time.Sleep(checkEvery)
		ask(t.Context(), 0)
		assert.Equal(t, 503, codes[0])
	})
}

// The tenant that was used last stays.
func TestTenantsInMemoryAreBounded(t *testing.T) {
	t.Parallel()
	made := map[string]int{}
	directory := &listed{tenants: map[string]tenant{}}
	for _, id := range []string{"a", "b", "c"} {
		directory.put(tenant{ID: id, Host: id + ".test"})
	}
	build := func(t tenant) (http.Handler, error) {
		made[t.ID]++
		return http.NotFoundHandler(), nil
	}
	a, err := newApps(directory, build, 2)
	require.NoError(t, err)
	for _, id := range []string{"a", "b", "a", "c", "a", "b"} {
		jwttest.Do(a, "GET", "https://"+id+".test/")
	}
	assert.Equal(t, map[string]int{"a": 1, "b": 2, "c": 1}, made)
	assert.Equal(t, 2, a.inUse.Len())
}

// A database that compares other letters as equal does not choose the tenant.
func TestTheDirectoryMustNameTheHost(t *testing.T) {
	t.Parallel()
	a, err := newApps(sloppy{}, func(tenant) (http.Handler, error) { return gin.New(), nil }, 2)
	require.NoError(t, err)
	assert.Equal(t, 421, jwttest.Do(a, "GET", "https://acme.test/").Code)
}

type sloppy struct{}

func (sloppy) tenant(context.Context, string) (tenant, error) {
	return tenant{ID: "acme", Host: "ácme.test"}, nil
}

// Cookies of a tenant belong to its host alone.
func TestCookiesOfTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inMemory, false)
	set := w.credentials(t, "acme").cookies.Result().Cookies()
	require.Len(t, set, 4)
	for _, cookie := range set {
		assert.True(t, strings.HasPrefix(cookie.Name, "__Host-"), cookie)
		assert.Empty(t, cookie.Domain, cookie)
		assert.True(t, cookie.Secure, cookie)
		assert.Equal(t, "/", cookie.Path, cookie)
	}
}
