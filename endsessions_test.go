package ginjwt_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// batches are stores that record their calls, and fail on request.
type batches struct {
	sessions batchSessions
	list     batchList
	calls    []string
	failAt   map[string]int // the number of the call, from 1
}

func (b *batches) call(name string) error {
	b.calls = append(b.calls, name)
	made := 0
	for _, c := range b.calls {
		if c == name {
			made++
		}
	}
	if b.failAt[name] == made {
		return errDown
	}
	return nil
}

type batchSessions struct {
	ginjwt.MemorySessions
	*batches
}

func (s *batchSessions) Self() any { return s }

func (s *batchSessions) DeleteMany(ctx context.Context, sessions []ginjwt.Session) error {
	if err := s.call("DeleteMany"); err != nil {
		return err
	}
	return s.MemorySessions.DeleteMany(ctx, sessions)
}

func (s *batchSessions) Delete(ctx context.Context, id string) (bool, error) {
	if err := s.call("Delete"); err != nil {
		return false, err
	}
	return s.MemorySessions.Delete(ctx, id)
}

type batchList struct {
	ginjwt.MemoryBlocklist
	*batches
}

func (b *batchList) Self() any { return b }

func (b *batchList) AddMany(ctx context.Context, entries []store.Revocation) error {
	if err := b.call("AddMany"); err != nil {
		return err
	}
	return b.MemoryBlocklist.AddMany(ctx, entries)
}

func (b *batchList) Add(ctx context.Context, id string, expires time.Time) error {
	if err := b.call("Add"); err != nil {
		return err
	}
	return b.MemoryBlocklist.Add(ctx, id, expires)
}

// newBatches returns a manager with such stores. Alice has n sessions in them.
func newBatches(t *testing.T, n int) (*batches, *ginjwt.JWTManager, []ginjwt.Session) {
	t.Helper()
	b := &batches{}
	b.sessions.batches, b.list.batches = b, b
	return b, managerOn(t, &b.sessions, &b.list), fillSessions(t, &b.sessions, n)
}

func managerOn(t *testing.T, sessions ginjwt.SessionStore, list ginjwt.Blocklist) *ginjwt.JWTManager {
	t.Helper()
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist = sessions, list
	mgr, _ := newManager(t, config)
	return mgr
}

var nextSession atomic.Uint32

// fillSessions makes n sessions of alice, each a millisecond older than the one before.
func fillSessions(t *testing.T, sessions ginjwt.SessionStore, n int) (made []ginjwt.Session) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for i := range n {
		s := ginjwt.Session{
			ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", nextSession.Add(1), i), Identity: "alice", Generation: 1,
			CreatedAt: now.Add(-time.Duration(i) * time.Millisecond), RotatedAt: now, ExpiresAt: now.Add(time.Hour),
		}
		created, err := sessions.Create(t.Context(), s)
		require.NoError(t, err)
		require.True(t, created)
		made = append(made, s)
	}
	return made
}

// assertEnded checks that the deleted sessions are blocked, and how many sessions are left.
func assertEnded(t *testing.T, sessions ginjwt.SessionStore, list ginjwt.Blocklist, all []ginjwt.Session, left int) {
	t.Helper()
	there := 0
	for _, s := range all {
		_, ok, err := sessions.Get(t.Context(), s.ID)
		require.NoError(t, err)
		blocked, err := list.Contains(t.Context(), s.ID)
		require.NoError(t, err)
		if ok {
			there++
		} else {
			assert.True(t, blocked, "it was deleted, and its tokens are good")
		}
	}
	assert.Equal(t, left, there)
}

func TestManySessionsEndInFewCalls(t *testing.T) {
	t.Parallel()
	b, mgr, all := newBatches(t, 2*store.MaxBatch+1)
	require.NoError(t, mgr.EndSessions(t.Context(), "alice", all[7].ID))
	assert.Equal(t, []string{"AddMany", "AddMany", "DeleteMany", "AddMany", "AddMany", "DeleteMany"}, b.calls)
	assertEnded(t, &b.sessions, &b.list, all, 1)
	require.NoError(t, mgr.EndSessions(t.Context(), "alice"))
	assert.Equal(t, []string{"AddMany", "Delete"}, b.calls[6:], "one session, and its cause")
	assertEnded(t, &b.sessions, &b.list, all, 0)
}

func TestEndingManySessionsMayFailAnywhere(t *testing.T) {
	t.Parallel()
	for call, left := range map[string]int{"AddMany": store.MaxBatch, "DeleteMany": store.MaxBatch} {
		b, mgr, all := newBatches(t, 3*store.MaxBatch)
		b.failAt = map[string]int{call: 2}
		err := mgr.EndSessions(t.Context(), "alice")
		require.ErrorIs(t, err, ginjwt.ErrUnavailable)
		require.ErrorIs(t, err, errDown)
		assertEnded(t, &b.sessions, &b.list, all, left)
		require.NoError(t, mgr.EndSessions(t.Context(), "alice"))
		assertEnded(t, &b.sessions, &b.list, all, 0)
	}
}

// ownDelete and ownAdd embed stores and add behaviour to their methods.
type ownDelete struct {
	*batchSessions
	deleted []string
}

func (s *ownDelete) Delete(ctx context.Context, id string) (bool, error) {
	s.deleted = append(s.deleted, id)
	return s.batchSessions.Delete(ctx, id)
}

type ownAdd struct {
	*batchList
	added []string
}

func (b *ownAdd) Add(ctx context.Context, id string, expires time.Time) error {
	b.added = append(b.added, id)
	return b.batchList.Add(ctx, id, expires)
}

func TestStoresThatEmbedOthersAreAskedThemselves(t *testing.T) {
	t.Parallel()
	b, _, all := newBatches(t, 3)
	sessions, list := &ownDelete{batchSessions: &b.sessions}, &ownAdd{batchList: &b.list}
	b.failAt = map[string]int{"Add": 4} // of the second session, after its cause
	mgr := managerOn(t, sessions, list)
	require.ErrorIs(t, mgr.EndSessions(t.Context(), "alice"), ginjwt.ErrUnavailable)
	assertEnded(t, sessions, list, all, 1)
	require.NoError(t, mgr.EndSessions(t.Context(), "alice"))
	assertEnded(t, sessions, list, all, 0)
	assert.Len(t, list.added, 2*4)
	assert.Len(t, sessions.deleted, 3)
	assert.NotContains(t, strings.Join(b.calls, " "), "Many")
}

// Each of the two stores can have its batch method without the other store having one.
func TestOneStoreOfTwoHasBatches(t *testing.T) {
	t.Parallel()
	b, _, all := newBatches(t, 3)
	mgr := managerOn(t, struct{ ginjwt.SessionStore }{&b.sessions}, &b.list)
	require.NoError(t, mgr.EndSessions(t.Context(), "alice", all[0].ID))
	mgr = managerOn(t, &b.sessions, struct{ ginjwt.Blocklist }{&b.list})
	more := fillSessions(t, &b.sessions, 2)
	require.NoError(t, mgr.EndSessions(t.Context(), "alice"))
	assertEnded(t, &b.sessions, &b.list, slices.Concat(all, more), 0)
	assert.Equal(t, []string{"AddMany", "Delete", "Delete", "Add", "Add", "Add", "Add", "Add", "Add", "DeleteMany"}, b.calls)
}

func TestALoginEndsManySessionsAtOnce(t *testing.T) {
	t.Parallel()
	b, _, all := newBatches(t, store.MaxBatch)
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist, config.MaxSessions = &b.sessions, &b.list, 3
	mgr, _ := newManager(t, config)
	jwttest.TokenPair(t, mgr, "alice")
	assert.Equal(t, []string{"AddMany", "AddMany", "DeleteMany"}, b.calls)
	assertEnded(t, &b.sessions, &b.list, all, 2)
}
