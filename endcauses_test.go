package ginjwt_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// orderedList is a blocklist that records the order of its entries.
type orderedList struct {
	ginjwt.MemoryBlocklist
	ids []string
}

func (l *orderedList) Add(ctx context.Context, id string, until time.Time) error {
	l.ids = append(l.ids, id)
	return l.MemoryBlocklist.Add(ctx, id, until)
}

// orderedAdder is an orderedList that accepts many entries in one call.
type orderedAdder struct{ orderedList }

func (l *orderedAdder) AddMany(_ context.Context, entries []store.Revocation) error {
	for _, e := range entries {
		l.ids = append(l.ids, e.ID)
	}
	return nil
}

func (l *orderedAdder) Self() any { return l }

// Another process can read the list between two entries. If it finds the ID, it must also
// find the cause.
func TestTheListHasTheCauseBeforeTheID(t *testing.T) {
	t.Parallel()
	single, many := &orderedList{}, &orderedAdder{}
	for name, test := range map[string]struct {
		list ginjwt.Blocklist
		ids  *[]string
	}{
		"one entry a call":    {single, &single.ids},
		"many entries a call": {many, &many.ids},
	} {
		config := jwttest.Config(nil)
		config.Sessions, config.Blocklist = &ginjwt.MemorySessions{}, test.list
		mgr, _ := newManager(t, config)

		token, err := mgr.DecodeToken(t.Context(), jwttest.AccessToken(t, mgr, "alice"))
		require.NoError(t, err, name)
		require.NoError(t, mgr.RevokeToken(t.Context(), token), name)
		require.Len(t, *test.ids, 2, name)
		assert.Equal(t, token.ID, (*test.ids)[1], name)

		*test.ids = nil
		pair := jwttest.TokenPair(t, mgr, "alice")
		require.NoError(t, mgr.EndSession(t.Context(), pair.SessionID), name)
		require.Len(t, *test.ids, 2, name)
		assert.Equal(t, pair.SessionID, (*test.ids)[1], name)
	}
}
