package sqlstore

import (
	"crypto/rand"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Log is the blocklist without its local copy.
func (s *Store) Log() replica.Log { return &list{s} }

// KeptEntries is how many entries Purge leaves.
const KeptEntries = keptEntries

// MaxKeys and MaxPurge are how many rows a statement inserts and deletes.
const (
	MaxKeys  = maxKeys
	MaxPurge = maxPurge
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
	q, now := s.queries, time.Now()
	id, n := sessions[0], len(sessions)
	keys := make([]any, maxKeys)
	for i := range keys {
		keys[i] = []byte(rand.Text()[:16])
	}
	return []Statement{
		{"get", q.get, []any{id}},
		{"replace", q.replace, []any{2, 0, 0, 0, id, 1, 0, 0}},
		{"remove", q.remove, []any{id}},
		{"list", q.list, []any{"identity 17"}},
		{"expiredSessions", q.expiredSessions, []any{now.UnixMilli()}},
		{"purgeSessions of one", q.purgeSessions(1), []any{id, now.UnixMilli()}},
		{"purgeSessions", q.purgeSessions(n), append(sessions[:n:n], now.UnixMilli())},
		{"purgeSessions when few have expired", q.purgeSessions(n), append(sessions[:n:n], now.Add(-100*time.Hour).UnixMilli())},
		{"head", q.head, nil},
		{"advance", q.advance, []any{1, "mark"}},
		{"page", q.page, []any{numbers[0]}},
		{"contains", q.contains(2), keys[:2]},
		{"known of one", q.known(1), keys[:1]},
		{"known", q.known(maxKeys), keys},
		{"expiredEntries", q.expiredEntries, []any{now.Unix(), 1 << 20}},
		{"purgeEntries of one", q.purgeEntries(1), numbers[:1]},
		{"purgeEntries", q.purgeEntries(len(numbers)), numbers},
	}
}
