package sqlstore

import (
	"crypto/rand"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/sqldb"
)

// Log is the blocklist without its local copy.
func (s *Store) Log() replica.Log { return s.db.List() }

// KeptEntries is how many entries Purge leaves.
const KeptEntries = sqldb.KeptEntries

// MaxKeys and MaxPurge are how many rows a statement inserts and deletes.
const (
	MaxKeys  = sqldb.MaxKeys
	MaxPurge = sqldb.MaxPurge
)

// Dialects returns all dialects, in any order.
func Dialects() []Dialect { return slices.Collect(maps.Keys(dialects)) }

// Unset returns the names of the fields of a dialect that nobody has set.
func (d Dialect) Unset() (names []string) {
	value := reflect.ValueOf(*dialects[d])
	for i := range value.NumField() {
		if value.Field(i).IsZero() {
			names = append(names, value.Type().Field(i).Name)
		}
	}
	return names
}

// Statement is what a store sends.
type Statement struct {
	Name, Text string
	Args       []any
}

// Statements returns all that read or change rows that are there; those that
// purge are for the given keys.
func (s *Store) Statements(sessions, numbers []any) []Statement {
	q, now := s.db.Queries, time.Now()
	id, n := sessions[0], len(sessions)
	keys := make([]any, sqldb.MaxKeys)
	for i := range keys {
		keys[i] = []byte(rand.Text()[:16])
	}
	return []Statement{
		{"get", q.Get, []any{id}},
		{"replace", q.Replace, []any{2, 0, 0, 0, id, 1, 0, 0}},
		{"remove", q.Remove, []any{id}},
		{"list", q.List, []any{"identity 17"}},
		{"expiredSessions", q.ExpiredSessions, []any{now.UnixMilli()}},
		{"purgeSessions of one", q.PurgeSessions(1), []any{id, now.UnixMilli()}},
		{"purgeSessions", q.PurgeSessions(n), append(sessions[:n:n], now.UnixMilli())},
		{"purgeSessions when few have expired", q.PurgeSessions(n), append(sessions[:n:n], now.Add(-100*time.Hour).UnixMilli())},
		{"head", q.Head, nil},
		{"advance", q.Advance, []any{1, "mark"}},
		{"page", q.Page, []any{numbers[0]}},
		{"contains", q.Contains(2), keys[:2]},
		{"known of one", q.Known(1), keys[:1]},
		{"known", q.Known(sqldb.MaxKeys), keys},
		{"expiredEntries", q.ExpiredEntries, []any{now.Unix(), 1 << 20}},
		{"purgeEntries of one", q.PurgeEntries(1), numbers[:1]},
		{"purgeEntries", q.PurgeEntries(len(numbers)), numbers},
	}
}
