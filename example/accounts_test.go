package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	s := newService(t)
	requireAnswer(t, s.do("POST", "/register", jwttest.JSON(alice)), 201, `{"id":1,"name":"alice","admin":true}`)
	requireAnswer(t, s.do("POST", "/register", jwttest.JSON(bob)), 201, `{"id":2,"name":"bob","admin":false}`)
	requireAnswer(t, s.do("POST", "/register", jwttest.JSON(bob)), 409, `{"msg":"This name is taken"}`)
	requireAnswer(t, s.do("POST", "/register", jwttest.JSON(`{"name":"ALICE","password":"correct horse"}`)), 409,
		`{"msg":"This name is taken"}`)
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const (
		notJSON = "The body is not the JSON object that this route takes"
		name    = "A name has 1 to 32 letters, digits, dots, dashes or underscores"
		short   = "A password has at least 8 characters"
		long    = "A password has at most 72 characters; letters with accents count as two, and characters of other scripts as up to four"
	)
	for _, tt := range []struct {
		why, body string
		status    int
		message   string
	}{
		{"no body", ``, 400, notJSON},
		{"half a body", `{"name":"al`, 400, notJSON},
		{"null", `null`, 400, notJSON},
		{"array", `["alice"]`, 400, notJSON},
		{"more than one object", alice + alice, 400, notJSON},
		{"wrong type", `{"name":1,"password":"correct horse"}`, 400, notJSON},
		{"no name", `{"password":"correct horse"}`, 400, name},
		{"space in the name", `{"name":"al ice","password":"correct horse"}`, 400, name},
		{"name in other letters", `{"name":"аlice","password":"correct horse"}`, 400, name},
		{"long name", credentialsJSON(strings.Repeat("a", 33), 8), 400, name},
		{"no password", `{"name":"alice"}`, 400, short},
		{"short password", credentialsJSON("alice", 7), 400, short},
		{"seven letters with accents", `{"name":"alice","password":"éééééàà"}`, 400, short},
		{"too many letters with accents", `{"name":"alice","password":"` + strings.Repeat("é", 37) + `"}`, 400, long},
		{"password longer than bcrypt reads", credentialsJSON("alice", 73), 400, long},
		{"huge body", credentialsJSON("alice", maxBody), 413, "The body is too large"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			requireAnswer(t, s.do("POST", "/register", jwttest.JSON(tt.body)), tt.status, fmt.Sprintf(`{"msg":%q}`, tt.message))
		})
	}
	form := s.do("POST", "/register", jwttest.JSON(alice), jwttest.Header("Content-Type", "text/plain"))
	requireAnswer(t, form, 415, `{"msg":"The Content-Type must be application/json"}`)

	s.register(t, credentialsJSON(strings.Repeat("a", 32), 72))
	s.login(t, credentialsJSON(strings.Repeat("a", 32), 72))
}

func credentialsJSON(name string, passwordLength int) string {
	return fmt.Sprintf(`{"name":%q,"password":%q}`, name, strings.Repeat("x", passwordLength))
}

func TestOneOfManyGetsAName(t *testing.T) {
	t.Parallel()
	s := newService(t)
	answers := make([]*httptest.ResponseRecorder, 20)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = s.do("POST", "/register", jwttest.JSON(alice)) })
	}
	group.Wait()

	bodies := map[string]int{}
	for _, w := range answers {
		bodies[fmt.Sprint(w.Code, " ", w.Body)]++
	}
	assert.Equal(t, map[string]int{
		`201 {"id":1,"name":"alice","admin":true}` + "\n": 1,
		`409 {"msg":"This name is taken"}` + "\n":         19,
	}, bodies)
}

func TestLoginRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	s.register(t, credentialsJSON("carol", 72))
	for _, path := range []string{"/login", "/web/login"} {
		for why, body := range map[string]string{
			"wrong password":                     `{"name":"alice","password":"wrong"}`,
			"no password":                        `{"name":"alice"}`,
			"unknown user":                       bob,
			"right password and more than 72":    credentialsJSON("carol", 73),
			"a name that is a piece of a clause": `{"name":"' OR 1=1 --","password":"correct horse"}`,
		} {
			w := s.do("POST", path, jwttest.JSON(body))
			requireAnswer(t, w, 401, `{"msg":"Wrong name or password"}`)
			assert.Equal(t, `Bearer realm="api"`, w.Header().Get("WWW-Authenticate"), why)
			assert.Empty(t, w.Result().Cookies(), why)
		}
		requireAnswer(t, s.do("POST", path, jwttest.JSON(`{`)), 400,
			`{"msg":"The body is not the JSON object that this route takes"}`)
		requireAnswer(t, s.do("POST", path, jwttest.JSON(alice), jwttest.Header("Content-Type", "text/plain")), 415,
			`{"msg":"The Content-Type must be application/json"}`)
	}
}

func TestUnknownUsersCostAsMuch(t *testing.T) {
	t.Parallel()
	p, err := newPasswords(bcrypt.MinCost + 1)
	require.NoError(t, err)
	cost, err := bcrypt.Cost(p.decoy)
	require.NoError(t, err)
	assert.Equal(t, bcrypt.MinCost+1, cost)
	assert.False(t, p.match(nil, ""), "the decoy is nobody's password")
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	access, refresh := s.login(t, alice)
	refreshed := s.refresh(t, refresh).AccessToken
	otherAccess, otherRefresh := s.login(t, alice)
	body := jwttest.JSON(`{"new_password":"battery staple"}`)

	requireAnswer(t, s.do("POST", "/password", body), 401, `{"msg":"Missing Authorization Header"}`)
	requireAnswer(t, s.do("POST", "/password", body, jwttest.Bearer(refreshed)), 401, `{"msg":"Fresh token required"}`)
	requireAnswer(t, s.do("POST", "/password", body, jwttest.Bearer(refresh)), 422, `{"msg":"Only non-refresh tokens are allowed"}`)
	requireAnswer(t, s.do("POST", "/password", jwttest.JSON(`{}`), jwttest.Bearer(access)), 400, `{"msg":"A password has at least 8 characters"}`)
	requireAnswer(t, s.do("POST", "/password", jwttest.JSON(`-`), jwttest.Bearer(access)), 400,
		`{"msg":"The body is not the JSON object that this route takes"}`)

	changed := tokensIn(t, s.do("POST", "/password", body, jwttest.Bearer(access)))
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(changed.AccessToken)), 200, `{"id":1,"name":"alice","admin":true}`)
	assert.Len(t, sessionsIn(t, s.do("GET", "/sessions", jwttest.Bearer(changed.AccessToken))), 1)
	s.refresh(t, changed.RefreshToken)
	s.requireRevoked(t, access, refresh)
	s.requireRevoked(t, refreshed, refresh)
	s.requireRevoked(t, otherAccess, otherRefresh)
	requireAnswer(t, s.do("POST", "/login", jwttest.JSON(alice)), 401, `{"msg":"Wrong name or password"}`)
	s.login(t, `{"name":"alice","password":"battery staple"}`)
}

func TestPasswordChangedByTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	u, err := users{s.db}.setPassword(t.Context(), 1, 1, []byte("first"))
	require.NoError(t, err)
	assert.Equal(t, int64(2), u.passwordVersion)
	u, err = users{s.db}.setPassword(t.Context(), 1, 1, []byte("second"))
	require.NoError(t, err)
	assert.Nil(t, u)
}

// A login with the old password during the change may have a session that was not ended
// with the others.
func TestTokensOfAnOldPasswordAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	access, refresh := s.tokens(t)
	_, err := users{s.db}.setPassword(t.Context(), 1, 1, []byte("another"))
	require.NoError(t, err)
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 401, `{"msg":"This login has ended"}`)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)), 401, `{"msg":"This login has ended"}`)
}

func TestDeletedUserIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	access, refresh := s.login(t, alice)
	web := s.do("POST", "/web/login", jwttest.JSON(alice))

	requireAnswer(t, s.do("DELETE", "/me"), 401, `{"msg":"Missing Authorization Header"}`)
	requireAnswer(t, s.do("DELETE", "/me", jwttest.Bearer(access)), 200, `{"msg":"Deleted"}`)

	s.register(t, alice) // another user by the same name, who has another id
	s.requireRevoked(t, access, refresh)
	requireAnswer(t, s.do("GET", "/", jwttest.Bearer(access)), 401, `{"msg":"Token has been revoked"}`)
	requireAnswer(t, s.do("GET", "/web/me", jwttest.Cookies(web)), 401, `{"msg":"Token has been revoked"}`)
}

// A login while the user is deleted may have a session too.
func TestTokensOfADeletedUserAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	access, refresh := s.tokens(t)
	require.NoError(t, users{s.db}.delete(t.Context(), 1))
	s.register(t, alice) // another user by the same name, who has another id
	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), 401, `{"msg":"This login has ended"}`)
	requireAnswer(t, s.do("POST", "/refresh", jwttest.Bearer(refresh)), 401, `{"msg":"This login has ended"}`)
}

func TestDatabaseFailureRefuses(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.register(t, alice)
	access, _ := s.login(t, alice)
	require.NoError(t, s.db.Close())

	requireAnswer(t, s.do("GET", "/me", jwttest.Bearer(access)), http.StatusServiceUnavailable, `{"msg":"Service unavailable"}`)
	requireAnswer(t, s.do("POST", "/login", jwttest.JSON(alice)), 500, `{"msg":"Internal server error"}`)
	requireAnswer(t, s.do("POST", "/register", jwttest.JSON(bob)), 500, `{"msg":"Internal server error"}`)
	assert.Contains(t, s.log.String(), "sql: database is closed")
}
