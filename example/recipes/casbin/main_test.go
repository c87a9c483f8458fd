package main

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/casbin/casbin/v3/model"
	"github.com/casbin/casbin/v3/persist"
	stringadapter "github.com/casbin/casbin/v3/persist/string-adapter"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

type testApp struct {
	*service
	*gin.Engine
	clock *jwttest.Clock
}

func start(t *testing.T, from persist.Adapter) testApp {
	t.Helper()
	clock := &jwttest.Clock{}
	s, err := newService(jwttest.Config(clock), from)
	require.NoError(t, err)
	return testApp{s, s.router(), clock}
}

func startExample(t *testing.T) testApp { return start(t, stringadapter.NewAdapter(policyText)) }

func (a testApp) token(t *testing.T, identity any) jwttest.RequestOption {
	t.Helper()
	return jwttest.Bearer(jwttest.AccessToken(t, a.jwt, identity, ginjwt.WithFresh()))
}

// table is an adapter for rows of a database. A value is never parsed.
type table struct {
	persist.Adapter
	mu     sync.Mutex
	rows   [][]string
	down   error
	during func() // a load; nil: nothing
}

func (t *table) LoadPolicy(m model.Model) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.during != nil {
		t.during()
	}
	for _, row := range t.rows {
		if err := persist.LoadPolicyArray(row, m); err != nil {
			return err
		}
	}
	return t.down
}

func (t *table) set(down error, rows ...[]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows, t.down = rows, down
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	a := startExample(t)
	for _, row := range []struct {
		identity, id            string
		reads, writes, destroys int
	}{
		{"alice", "17", 200, 200, 200}, // admin, who is an editor and a viewer
		{"bob", "17", 200, 403, 403},   // viewer
		{"carol", "17", 200, 403, 403}, // has a right to this document
		{"carol", "18", 403, 403, 403},
		{"dave", "17", 403, 403, 403}, // in no policy
	} {
		token := a.token(t, row.identity)
		assert.Equal(t, row.reads, jwttest.Do(a, "GET", "/documents/"+row.id, token).Code, "%v", row)
		assert.Equal(t, row.writes, jwttest.Do(a, "PUT", "/documents/"+row.id, token).Code, "%v", row)
		assert.Equal(t, row.destroys, jwttest.Do(a, "DELETE", "/documents/"+row.id, token).Code, "%v", row)
	}
	w := jwttest.Do(a, "GET", "/documents/17", a.token(t, "dave"))
	assert.Equal(t, `{"msg":"Insufficient scope"}`+"\n", w.Body.String())
	assert.Contains(t, w.Header().Get("WWW-Authenticate"), `error="insufficient_scope"`)
	assert.Equal(t, 401, jwttest.Do(a, "GET", "/documents/17").Code)
	stale := jwttest.Bearer(jwttest.AccessToken(t, a.jwt, "alice"))
	assert.Equal(t, 401, jwttest.Do(a, "DELETE", "/documents/17", stale).Code, "not fresh")
}

// No identity is a role or a pattern, whatever the user calls himself.
func TestNamesOfUsers(t *testing.T) {
	t.Parallel()
	a := startExample(t)
	for _, identity := range []any{
		"admin", "role:admin", "user:alice", "*", "Alice", "alice ", "alice\x00", "alice, role:admin", "x\ng, user:x, role:admin", `alice" || "1" == "1`,
		"r.sub", "p.sub", "{\"sub\":\"alice\"}", "al*", ".*", "role:", ":", 0, 7,
	} {
		token := a.token(t, identity)
		assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/17", token).Code, "%q", identity)
	}
	// The identity is in the token, and nowhere else in the request.
	w := jwttest.Do(a, "PUT", "/documents/17?sub=alice&identity=alice", a.token(t, "dave"), jwttest.JSON(`{"sub":"alice"}`), jwttest.Header("X-User", "alice"))
	assert.Equal(t, 403, w.Code)
}

// Rows of a table are compared as they are. Text in the format of a policy file is parsed.
func TestNamesInTheTable(t *testing.T) {
	t.Parallel()
	name := "x\ng, user:mallory, role:admin"
	a := start(t, &table{rows: [][]string{
		{"p", "role:admin", "document", "*", "read"},
		{"p", "user:7", "document", "7", "read"},
		{"g", "user:" + name, "role:admin"},
	}})
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/17", a.token(t, name)).Code)
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/17", a.token(t, "mallory")).Code)
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/7", a.token(t, 7)).Code, "an integer is its digits")
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/7", a.token(t, "007")).Code)

	text := "p, role:admin, document, *, read\ng, user:" + name + ", role:guest"
	a = start(t, stringadapter.NewAdapter(text))
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/17", a.token(t, "mallory")).Code, "the name has added a rule")
}

// The policies decide about the ID that the handler gets.
func TestPaths(t *testing.T) {
	t.Parallel()
	a := startExample(t)
	carol := a.token(t, "carol") // may read 17
	for target, status := range map[string]int{
		"/documents/17":             200,
		"/documents/%31%37":         200, // 17
		"/documents/17?id=18":       200, // of 17
		"/documents/18":             403,
		"/documents/*":              403,
		"/documents/%2a":            403,
		"/documents/17%20":          403,
		"/documents/17%00":          403,
		"/documents/17;18":          403,
		"/documents/17,18":          403,
		"/documents/%2531%2537":     403,
		"/documents/%2e%2e":         403,
		"/documents/..":             403,
		"/documents/17/":            301, // to /documents/17
		"/documents/17%2f":          301,
		"/documents/17%2f..%2f18":   404,
		"/documents/17/../18":       404,
		"/documents/%2e%2e/17":      404,
		"/documents//17":            404,
		"//documents/17":            404,
		"/Documents/17":             404,
		"/DOCUMENTS/17":             404,
		"/documents/":               404,
		"/documents":                404,
		"/documents/17/%2e%2e%2f18": 404,
	} {
		w := jwttest.Do(a, "GET", target, carol)
		assert.Equal(t, status, w.Code, target)
		if status == 200 {
			assert.Equal(t, `{"document":"17","identity":"carol"}`, w.Body.String(), target)
		} else {
			assert.NotContains(t, w.Body.String(), "identity", target)
		}
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	a := startExample(t)
	a.Any("/any/:id", a.jwt.JWTRequired(), a.allow("document", "write"), showDocument)
	bob := a.token(t, "bob") // may read
	for _, method := range []string{"HEAD", "OPTIONS", "POST", "PATCH", "TRACE", "get"} {
		assert.Equal(t, 404, jwttest.Do(a, method, "/documents/17", bob).Code, method)
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"} {
		assert.Equal(t, 403, jwttest.Do(a, method, "/any/17", bob).Code, method)
	}
	override := jwttest.Header("X-HTTP-Method-Override", "GET")
	assert.Equal(t, 403, jwttest.Do(a, "PUT", "/documents/17", bob, override).Code)
	w := jwttest.Do(a, "OPTIONS", "/any/17", jwttest.Header("Origin", "https://evil.example"), jwttest.Header("Access-Control-Request-Method", "PUT"))
	assert.Equal(t, 401, w.Code, "a preflight is anonymous")
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	a := startExample(t)
	require.NoError(t, ginjwt.CheckRoutes(a.Engine))
	reached := func(c *gin.Context) { c.Status(http.StatusTeapot) }
	a.GET("/forgotten/:id", a.allow("document", "read"), reached)
	a.GET("/optional/:id", a.jwt.JWTRequired(ginjwt.Optional()), a.allow("document", "read"), reached)
	a.GET("/misspelled/:id", a.jwt.JWTRequired(), a.allow("document", "raed"), reached)
	a.GET("/unknown/:id", a.jwt.JWTRequired(), a.allow("documents", "read"), reached)
	a.GET("/parameter/:document", a.jwt.JWTRequired(), a.allow("document", "read"), reached)
	require.ErrorContains(t, ginjwt.CheckRoutes(a.Engine), "GET /forgotten/:id: nothing decides")
	alice, carol := a.token(t, "alice"), a.token(t, "carol")
	assert.Equal(t, 401, jwttest.Do(a, "GET", "/forgotten/17", alice).Code)
	assert.Equal(t, 401, jwttest.Do(a, "GET", "/optional/17").Code)
	assert.Equal(t, http.StatusTeapot, jwttest.Do(a, "GET", "/optional/17", alice).Code)
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/misspelled/17", alice).Code)
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/unknown/17", alice).Code)
	assert.Equal(t, 403, jwttest.Do(a, "GET", "/parameter/17", carol).Code, "a right to one document needs its ID")
}

func TestPoliciesChange(t *testing.T) {
	t.Parallel()
	rows := &table{rows: [][]string{{"p", "user:bob", "document", "17", "read"}}}
	a := start(t, rows)
	bob := a.token(t, "bob")
	reads := func() int { return jwttest.Do(a, "GET", "/documents/17", bob).Code }
	assert.Equal(t, 200, reads())
	rows.set(nil)
	assert.Equal(t, 200, reads(), "before the next reload")
	require.NoError(t, a.policies.reload())
	assert.Equal(t, 403, reads(), "with the same token")
}

// A copy that cannot be renewed is used for a minute.
func TestTheTableIsDown(t *testing.T) {
	t.Parallel()
	rows := &table{rows: [][]string{{"p", "user:bob", "document", "17", "read"}}}
	a := start(t, rows)
	bob := a.token(t, "bob")
	down := errors.New("secret of the database")
	rows.set(down, []string{"p", "user:bob", "document", "17", "write"}) // fails after this row
	require.ErrorIs(t, a.policies.reload(), down)
	rows.set(nil, []string{"p", "a row that is too short"})
	require.Error(t, a.policies.reload())

	a.clock.Advance(time.Minute)
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/17", bob).Code)
	assert.Equal(t, 403, jwttest.Do(a, "PUT", "/documents/17", bob).Code, "half a table grants nothing")
	a.clock.Advance(time.Second)
	w := jwttest.Do(a, "GET", "/documents/17", bob)
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, `{"msg":"Service unavailable"}`+"\n", w.Body.String())

	rows.set(nil, []string{"p", "user:bob", "document", "17", "read"})
	require.NoError(t, a.policies.reload())
	assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/17", bob).Code)

	rows.set(down)
	_, err := newService(jwttest.Config(a.clock), rows)
	require.ErrorIs(t, err, down, "no start without policies")
	a.policies.copied.Store(nil)
	assert.Equal(t, 503, jwttest.Do(a, "GET", "/documents/17", bob).Code)
}

// Casbin fails while it decides, and a middleware of the application recovers from panics.
func TestCasbinFails(t *testing.T) {
	t.Parallel()
	a := startExample(t)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		defer func() { _ = recover() }()
		c.Next()
	})
	reached := false
	r.GET("/:id", a.jwt.JWTRequired(), a.allow("document", "read"), func(*gin.Context) { reached = true })
	alice := a.token(t, "alice")
	now := a.clock.Now()

	a.policies.copied.Load().enforcer.GetModel()["m"]["m"].Value = `unknown(r_sub)`
	a.policies.copied.Load().enforcer.AddFunction("f", func(...any) (any, error) { return false, nil }) // drops the compiled matcher
	w := jwttest.Do(r, "GET", "/17", alice)
	assert.Equal(t, 500, w.Code)
	assert.Equal(t, `{"msg":"Internal server error"}`+"\n", w.Body.String())

	a.policies.copied.Store(&policyCopy{asOf: now}) // panics
	jwttest.Do(r, "GET", "/17", alice)
	assert.False(t, reached)
}

// Everybody sees the policies from before a change or from after it.
func TestReloadsWhileRequestsAreDecided(t *testing.T) {
	t.Parallel()
	inherit := []string{"g", "role:editor", "role:viewer"}
	before := [][]string{{"p", "role:viewer", "document", "*", "read"}, inherit, {"g", "user:bob", "role:editor"}}
	after := slices.Concat(before, [][]string{{"p", "role:editor", "document", "*", "write"}})
	rows := &table{rows: before}
	a := start(t, rows)
	bob, dave := a.token(t, "bob"), a.token(t, "dave")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				assert.Equal(t, 200, jwttest.Do(a, "GET", "/documents/17", bob).Code)
				assert.Equal(t, 403, jwttest.Do(a, "GET", "/documents/17", dave).Code)
				assert.Contains(t, []int{200, 403}, jwttest.Do(a, "PUT", "/documents/17", bob).Code)
				assert.NoError(t, a.policies.reload())
			}
		})
	}
	for i := range 50 {
		rows.set(nil, [][][]string{after, before}[i%2]...)
		assert.NoError(t, a.policies.reload())
	}
	all.Wait()
}

// Two reloads at the same time could end in the wrong order.
func TestReloadsWaitForEachOther(t *testing.T) {
	t.Parallel()
	rows := &table{}
	a := start(t, rows)
	rows.during = func() { assert.False(t, a.policies.oneAt.TryLock()) }
	require.NoError(t, a.policies.reload())
}

// The page shows the files that this program uses.
func TestThePageShowsTheFiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/recipes/casbin.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), "\n```ini\n"+modelText+"```\n")
	assert.Contains(t, string(page), "\n```text\n"+policyText+"```\n")
}
