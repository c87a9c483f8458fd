// Package storebench has the benchmark of stores on servers.
package storebench

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Stores are the stores of one server.
type Stores struct {
	RoundTrip     func() error // the cheapest question to the server
	RoundTripName string
	Blocklist     store.CurrentBlocklist
	Sessions      store.SessionStore
	Once          store.Once
}

const (
	blocked = "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b"
	other   = "1d2e7c40-88aa-4c0b-b6f3-3a9d5e7f1b20" // not blocked; the ID of a session
)

// work is one sub-benchmark. do gets the number of the call, and reports whether the result is
// right.
type work struct {
	name string
	do   func(i int) bool
}

// Run runs the benchmark: calls of the stores, beside a round trip and a store in memory (floor),
// and with what an attacker can choose (hostile).
func Run(b *testing.B, s Stores) {
	memory := &store.MemoryBlocklist{}
	b.Run("floor/"+s.RoundTripName, work{do: func(int) bool { return s.RoundTrip() == nil }}.run)
	for _, list := range []store.Blocklist{memory, s.Blocklist} {
		require.NoError(b, list.Add(b.Context(), blocked, expires))
	}
	b.Run("floor/Contains in memory", work{do: contains(b, memory, other, false)}.run)
	for _, w := range append(append(s.lookups(b), s.rotations(b)...), s.claims(b)...) {
		b.Run(w.name, w.run)
	}
}

func (w work) run(b *testing.B) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if !w.do(i) {
			b.Fatal("a wrong result")
		}
		i++
	}
}

var expires = time.Now().Add(time.Hour).Truncate(time.Millisecond)

func contains(b *testing.B, list store.Blocklist, id string, want bool) func(int) bool {
	return func(int) bool {
		found, err := list.Contains(b.Context(), id)
		return err == nil && found == want
	}
}

func (s Stores) lookups(b *testing.B) []work {
	return []work{
		{"Contains, not revoked", contains(b, s.Blocklist, other, false)},
		{"Contains, revoked", contains(b, s.Blocklist, blocked, true)},
		{"ContainsNow", func(int) bool {
			found, err := s.Blocklist.ContainsNow(b.Context(), other)
			return err == nil && !found
		}},
		{"Add", func(i int) bool { return s.Blocklist.Add(b.Context(), fmt.Sprint("added ", i), expires) == nil }},
		{"hostile/Contains, ID of 1 MB", contains(b, s.Blocklist, strings.Repeat("a", 1_000_000), false)},
		{"hostile/Add, revoked before", func(int) bool { return s.Blocklist.Add(b.Context(), blocked, expires) == nil }},
	}
}

// rotations change one session again and again.
func (s Stores) rotations(b *testing.B) []work {
	session := store.Session{ID: other, Identity: "alice", Generation: 1, CreatedAt: expires, RotatedAt: expires, ExpiresAt: expires}
	created, err := s.Sessions.Create(b.Context(), session)
	require.NoError(b, err)
	require.True(b, created)
	return []work{
		{"Get", func(int) bool {
			found, ok, err := s.Sessions.Get(b.Context(), other)
			return err == nil && ok && found.Identity == "alice"
		}},
		{"Replace", func(int) bool {
			old := session
			session.Generation++
			replaced, err := s.Sessions.Replace(b.Context(), old, session)
			return err == nil && replaced
		}},
		{"hostile/Get, session ended", func(int) bool {
			_, ok, err := s.Sessions.Get(b.Context(), blocked)
			return err == nil && !ok
		}},
		{"hostile/Replace, old generation", func(int) bool {
			replaced, err := s.Sessions.Replace(b.Context(), store.Session{ID: other}, session)
			return err == nil && !replaced
		}},
	}
}

func (s Stores) claims(b *testing.B) []work {
	claims, long := 0, strings.Repeat("a", 1_000_000)
	first, err := s.Once.Claim(b.Context(), blocked, expires)
	require.NoError(b, err)
	require.True(b, first)
	return []work{
		{"Claim", func(int) bool {
			claims++
			first, err := s.Once.Claim(b.Context(), fmt.Sprint("claimed ", claims), expires)
			return err == nil && first
		}},
		{"hostile/Claim, used before", func(int) bool {
			first, err := s.Once.Claim(b.Context(), blocked, expires)
			return err == nil && !first
		}},
		{"hostile/Claim, ID of 1 MB", func(int) bool {
			first, err := s.Once.Claim(b.Context(), long, expires)
			return err != nil && !first
		}},
	}
}
