package main

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

func TestProgramWithSQLite(t *testing.T) {
	t.Chdir(t.TempDir())
	db, dialect, err := openDatabase(t.Context(), "")
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	serves(t, options{}, db, dialect)
}

func TestProgramWithServers(t *testing.T) {
	t.Parallel()
	o := options{postgres: testserver.Postgres(t).DSN(), redis: "redis://" + testserver.Redis(t).Addr()}
	db, dialect, err := openDatabase(t.Context(), o.postgres)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	serves(t, o, db, dialect)
}

// serves starts the program twice, and changes its tenants.
func serves(t *testing.T, o options, db *sql.DB, dialect sqlstore.Dialect) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	d := tenants{db}
	var first tenant
	for range 2 { // the demo is added once
		handler, err := o.handler(ctx, db, dialect)
		require.NoError(t, err)
		for id, password := range passwords {
			in := jwttest.Do(handler, "POST", "http://"+id+".localhost:8080/login", jwttest.JSON(`{"name":"alice","password":"`+password+`"}`))
			assert.Equal(t, 200, in.Code, in.Body)
			out := jwttest.Do(handler, "POST", "http://"+id+".localhost:8080/login", jwttest.JSON(`{"name":"bob","password":"`+password+`"}`))
			assert.Equal(t, 401, out.Code, out.Body)
		}
		acme, err := d.tenant(ctx, "acme.localhost")
		require.NoError(t, err)
		if first == (tenant{}) {
			first = acme
		}
		assert.Equal(t, first, acme)
	}

	require.NoError(t, d.rotate(ctx, "acme.localhost", time.Now().Add(time.Hour)))
	acme, err := d.tenant(ctx, "acme.localhost")
	require.NoError(t, err)
	list, err := keys.Parse([]byte(acme.Keys))
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.False(t, list[0].IsActive(time.Now()), "services learn of the key before it signs")
	require.NoError(t, d.suspend(ctx, "acme.localhost"))
	acme, err = d.tenant(ctx, "acme.localhost")
	require.NoError(t, err)
	assert.True(t, acme.Suspended)
	for _, host := range []string{"", "ACME.localhost", "other.localhost"} {
		assert.ErrorIs(t, d.suspend(ctx, host), errNoTenant)
		assert.ErrorIs(t, d.rotate(ctx, host, time.Now()), errNoTenant)
	}
	globex, err := d.tenant(ctx, "globex.localhost")
	require.NoError(t, err)
	assert.False(t, globex.Suspended)
	assert.NotEqual(t, first.Keys, globex.Keys)
}

// A row that was copied has the keys of another tenant.
func TestNoTwoTenantsHaveTheSameKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inSQLite, false)
	d := tenants{w.shared.users.db}
	acme, err := newTenant("acme", "acme.test")
	require.NoError(t, err)
	require.NoError(t, d.add(t.Context(), acme))
	for name, change := range map[string]func(*tenant){
		"keys":   func(t *tenant) { t.Keys = acme.Keys },
		"host":   func(t *tenant) { t.Host = acme.Host },
		"ID":     func(t *tenant) { t.ID = acme.ID },
		"secret": func(t *tenant) { t.ClientSecret = acme.ClientSecret },
	} {
		other, err := newTenant("globex", "globex.test")
		require.NoError(t, err)
		change(&other)
		assert.Error(t, d.add(t.Context(), other), name)
	}
}

// A failing database is no wrong password.
func TestUsersWithoutADatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, inMemory, false)
	require.NoError(t, w.shared.users.db.Close())
	for path, body := range map[string]string{"/login": `{"name":"alice","password":"correct horse"}`, "/password/link": `{"name":"alice"}`} {
		got := w.do("acme", "POST", path, jwttest.JSON(body))
		assert.Equal(t, 503, got.Code, path)
		assert.JSONEq(t, `{"msg":"Try again"}`, got.Body.String())
	}
	_, err := tenants{w.shared.users.db}.tenant(t.Context(), "acme.test")
	require.Error(t, err)
	assert.NotErrorIs(t, err, errNoTenant)
}
