package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

type purgeFunc func(ctx context.Context) (int64, error)

func (f purgeFunc) Purge(ctx context.Context) (int64, error) { return f(ctx) }

func TestPurgeAtEveryTick(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	answers := make(chan error, 3)
	answers <- nil
	answers <- errors.New("no answer")
	answers <- nil
	ticks, ended, log := make(chan time.Time), make(chan struct{}), &bytes.Buffer{}
	go func() {
		defer close(ended)
		purge(ctx, purgeFunc(func(context.Context) (int64, error) { return 0, <-answers }), ticks, slog.New(slog.NewTextHandler(log, nil)))
	}()
	for range 3 {
		ticks <- time.Time{}
	}
	cancel()
	<-ended
	assert.Empty(t, answers)
	assert.Regexp(t, `^time=\S+ level=WARN msg="expired rows were not removed" error="no answer"\n$`, log.String())
}

func TestPurgeRemovesExpiredSessions(t *testing.T) {
	t.Parallel()
	db, err := openDatabase(t.Context(), newDataDir(t), environment(nil))
	require.NoError(t, err)
	defer func() { assert.NoError(t, db.Close()) }()
	store, err := sqlstore.New(db.DB, db.dialect, sqlstore.Options{})
	require.NoError(t, err)
	require.NoError(t, store.Migrate(t.Context()))
	now := time.Now().UTC().Truncate(time.Millisecond)
	const gone, kept = "4c1e1d5e-5d1f-4c55-9d43-0a5b6b6f7a01", "4c1e1d5e-5d1f-4c55-9d43-0a5b6b6f7a02"
	for id, expires := range map[string]time.Time{gone: now.Add(-time.Minute), kept: now.Add(time.Hour)} {
		s := ginjwt.Session{ID: id, Identity: "1", Generation: 1, CreatedAt: now, RotatedAt: now, HandedOutAt: now, ExpiresAt: expires}
		created, err := store.Sessions().Create(t.Context(), s)
		require.NoError(t, err)
		require.True(t, created)
	}

	ctx, cancel := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(ended)
		purge(ctx, store, ticks, slog.New(slog.DiscardHandler))
	}()
	ticks <- now
	ticks <- now // taken when the first purge is done
	left, err := store.Sessions().List(t.Context(), "", "1")
	require.NoError(t, err)
	require.Len(t, left, 1)
	assert.Equal(t, kept, left[0].ID)
	cancel()
	<-ended
}
