package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

// The name of a directory may contain every character with a meaning in URLs.
func TestSQLiteFileIsWhereItShouldBe(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?c#d%41")
	require.NoError(t, makeDataDir(dir))
	db, err := openDatabase(t.Context(), dir, environment(nil))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.FileExists(t, filepath.Join(dir, "example.db"))
}

// Users behave the same on both databases.
func TestUsers(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) lookupFunc{
		"SQLite": func(*testing.T) lookupFunc { return environment(nil) },
		"PostgreSQL": func(t *testing.T) lookupFunc {
			return environment(map[string]string{"DATABASE_URL": testserver.Postgres(t).DSN()})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lookup, dir := open(t), newDataDir(t)
			testProcessesStartAtOnce(t, dir, lookup)
			db, err := openDatabase(t.Context(), dir, lookup)
			require.NoError(t, err)
			defer func() { assert.NoError(t, db.Close()) }()
			testOneOfManyIsTheAdmin(t, users{db})
			testUsers(t, users{db})
		})
	}
}

func testProcessesStartAtOnce(t *testing.T, dir string, lookup lookupFunc) {
	t.Helper()
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			db, err := openDatabase(t.Context(), dir, lookup)
			if assert.NoError(t, err) {
				assert.NoError(t, db.Close())
			}
		})
	}
	group.Wait()
}

// testOneOfManyIsTheAdmin deletes its users.
func testOneOfManyIsTheAdmin(t *testing.T, u users) {
	t.Helper()
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			_, err := u.create(t.Context(), fmt.Sprint("user", i), []byte("hash"))
			assert.NoError(t, err)
		})
	}
	group.Wait()
	all, err := u.first(t.Context(), 100)
	require.NoError(t, err)
	require.Len(t, all, 20)
	for i, one := range all {
		assert.Equal(t, i == 0, one.Admin, one.Name)
		require.NoError(t, u.delete(t.Context(), one.ID))
	}
}

func testUsers(t *testing.T, u users) {
	t.Helper()
	ctx := t.Context()
	alice, err := u.create(ctx, "Alice", []byte("hash"))
	require.NoError(t, err)
	assert.Greater(t, alice.ID, int64(20), "the id of a deleted user was used again")
	want := &user{ID: alice.ID, Name: "Alice", Admin: true, passwordHash: []byte("hash"), passwordVersion: 1}
	assert.Equal(t, want, alice)

	taken, err := u.create(ctx, "aLICE", []byte("other"))
	require.NoError(t, err)
	assert.Nil(t, taken, "names that differ in case only are the same")
	for _, name := range []string{"Alice", "alice", "ALICE"} {
		found, err := u.byName(ctx, name)
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
	nobody, err := u.byName(ctx, "alic_")
	require.NoError(t, err)
	assert.Nil(t, nobody)

	changed, err := u.setPassword(ctx, alice.ID, 1, []byte("new"))
	require.NoError(t, err)
	want.passwordHash, want.passwordVersion = []byte("new"), 2
	assert.Equal(t, want, changed)
	late, err := u.setPassword(ctx, alice.ID, 1, []byte("newer"))
	require.NoError(t, err)
	assert.Nil(t, late)

	require.NoError(t, u.setNote(ctx, alice.ID, "buy milk"))
	want.note = "buy milk"
	found, err := u.byID(ctx, alice.ID)
	require.NoError(t, err)
	assert.Equal(t, want, found)
}

// PostgreSQL can write two users at once; neither transaction sees the other.
func TestFirstUserIsAloneOnPostgreSQL(t *testing.T) {
	t.Parallel()
	lookup := environment(map[string]string{"DATABASE_URL": testserver.Postgres(t).DSN()})
	db, err := openDatabase(t.Context(), t.TempDir(), lookup)
	require.NoError(t, err)
	defer func() { assert.NoError(t, db.Close()) }()
	first, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = first.ExecContext(t.Context(), "INSERT INTO users (name, password_hash, admin) VALUES ('alice', '', TRUE)")
	require.NoError(t, err)

	created := make(chan *user, 1)
	go func() {
		u, err := users{db}.create(t.Context(), "bob", []byte("hash"))
		assert.NoError(t, err)
		created <- u
	}()
	require.Eventually(t, func() bool {
		var waits bool
		assert.NoError(t, db.QueryRowContext(t.Context(), "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)").Scan(&waits))
		return waits || len(created) > 0
	}, time.Minute, 5*time.Millisecond)
	require.NoError(t, first.Commit())
	assert.False(t, (<-created).Admin)
}
