package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of two changes of what was read once, the second fails.
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
