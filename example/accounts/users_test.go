package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// Of two changes to a user that was read once, the second fails.
func TestUsersChangeOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users := newMemoryUsers()
	u, err := users.create(ctx, alice)
	require.NoError(t, err)
	_, err = users.create(ctx, alice)
	require.ErrorIs(t, err, errTaken)
	require.NoError(t, users.setPassword(ctx, *u, []byte("first")))
	assert.ErrorIs(t, users.setPassword(ctx, *u, []byte("second")), errChanged)
	assert.ErrorIs(t, users.setAddress(ctx, *u, bob), errChanged)
	now, err := users.byID(ctx, u.id)
	require.NoError(t, err)
	assert.Equal(t, &user{u.id, alice, []byte("first")}, now)
	assert.ErrorIs(t, users.setPassword(ctx, user{id: "unknown"}, []byte("x")), errChanged)
}

// A database has an empty text for no password, not nil.
func TestEmptyHashIsNoPassword(t *testing.T) {
	t.Parallel()
	assert.False(t, user{passwordHash: []byte{}}.confirmed())
	assert.True(t, user{passwordHash: []byte("x")}.confirmed())
	passwords, err := newPasswords(bcrypt.MinCost)
	require.NoError(t, err)
	passwords.decoy, err = passwords.hash("") // as if somebody had guessed it
	require.NoError(t, err)
	assert.False(t, passwords.match([]byte{}, ""))
}
