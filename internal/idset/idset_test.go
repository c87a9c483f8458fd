package idset_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	assert.Equal(t, idset.Key{0x9f, 0x6c, 0x3a, 0x52, 0x5d, 0x0e, 0x4b, 0x7e, 0x9a, 0x51, 0x0c, 0x1d, 0x2e, 0x3f, 0x4a, 0x5b},
		idset.KeyOf("9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b"))
	for _, text := range []string{
		"", "text", "9F6C3A52-5D0E-4B7E-9A51-0C1D2E3F4A5B", "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5", "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5bb",
		"9f6c3a52x5d0e-4b7e-9a51-0c1d2e3f4a5b", "9f6c3a52-5d0ex4b7e-9a51-0c1d2e3f4a5b", "gf6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b",
		"9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5\xff",
	} {
		sum := sha256.Sum256([]byte(text))
		assert.Equal(t, sum[:16], key(idset.KeyOf(text)), "%q", text)
	}
}

// Every byte in every place, beside bytes that a sum could carry into it, is read as
// encoding/hex reads it.
func TestAllBytesOfUUIDs(t *testing.T) {
	t.Parallel()
	const id = "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b"
	canonical := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	for i := range len(id) {
		for value := range 256 {
			for _, before := range []byte{'0', '9', 'a', 'f', '-', 0, 0x7f, 0x80, 0xb0, 0xe1, 0xff} {
				text := []byte(id)
				text[max(i-1, 0)], text[i] = before, byte(value)
				sum := sha256.Sum256(text)
				want := sum[:16]
				if canonical.Match(text) {
					want, _ = hex.DecodeString(strings.ReplaceAll(string(text), "-", ""))
				}
				if got := idset.KeyOf(string(text)); !bytes.Equal(want, got[:]) {
					require.Equal(t, want, got[:], "%q", text)
				}
			}
		}
	}
}

func key(k idset.Key) []byte { return k[:] }

func TestTimesAreRoundedUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		expires time.Time
		until   uint32
	}{
		{time.Time{}, idset.Forever},
		{time.Unix(100, 0), 101},
		{time.Unix(100, 999), 101},
		{time.Unix(-5, 0), 0},
		{time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC), idset.Forever},
		{time.Unix(1<<32-3, 0), 1<<32 - 2},
		{time.Unix(1<<32-2, 0), idset.Forever},
	} {
		assert.Equal(t, test.until, idset.EntryOf("x", test.expires).Until, test.expires)
	}
	assert.True(t, idset.Entry{Until: 100}.IsLive(time.Unix(100, 0)))
	assert.False(t, idset.Entry{Until: 100}.IsLive(time.Unix(101, 0)))
	assert.True(t, idset.Entry{Until: idset.Forever}.IsLive(time.Unix(1<<40, 0)))
}

func TestLiveEntries(t *testing.T) {
	t.Parallel()
	var s idset.Set
	assert.True(t, s.Empty())
	now := time.Unix(1000, 0)
	clock := func() time.Time { return now }
	for i := range 5000 {
		s.Add(idset.EntryOf(fmt.Sprint(i), now.Add(time.Duration(i-2500)*time.Second)), clock)
	}
	s.Add(idset.EntryOf("4999", now), clock) // the later time stays
	assert.False(t, s.Empty())
	assert.Equal(t, 5000, s.Len())
	live := map[idset.Key]uint32{}
	for entries := range s.Live(now) {
		for _, e := range entries {
			live[e.Key] = e.Until
		}
	}
	assert.Len(t, live, 2501)
	assert.EqualValues(t, 1000+2499+1, live[idset.KeyOf("4999")])
	for range s.Live(now) {
		break
	}
}

func TestSetsGrowAndShrink(t *testing.T) {
	t.Parallel()
	var s idset.Set
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	for hour := range 20 {
		for i := range 20_000 {
			s.Add(idset.EntryOf(fmt.Sprint(hour, " ", i), now.Add(time.Hour)), clock)
		}
		now = now.Add(2 * time.Hour)
	}
	assert.Less(t, s.Len(), 140_000, "of 400 000")
	assert.True(t, s.Contains("19 0"))
}

// All kinds of UUIDs are spread evenly over the shards, so that goroutines use different
// locks: even UUIDs that begin with the time (version 7) or end with a machine (version 1).
func TestKeysAreSpread(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, format := range map[string]string{
		"random":    "%08x-%04x-4%03x-8%03x-%012x",
		"version 7": "0199f3c2-%04[2]x-7%03[3]x-8%03[4]x-%012[5]x",
		"version 1": "%08x-%04x-11f0-8%03[4]x-0242ac120002",
	} {
		var s idset.Set
		const entries = 64_000
		for range entries {
			id := fmt.Sprintf(format, random.Uint32(), random.Uint32N(1<<16), random.Uint32N(1<<12), random.Uint32N(1<<12), random.Uint64N(1<<48))
			s.Add(idset.EntryOf(id, time.Time{}), time.Now)
		}
		parts := 0
		for part := range s.Live(time.Now()) {
			parts++
			assert.InDelta(t, entries/64, len(part), 200, name)
		}
		assert.Equal(t, 64, parts, name)
	}
}

// Sets grow through many filters, and never lose what they hold.
func TestSetsHoldAllTheyWereGiven(t *testing.T) {
	t.Parallel()
	var s idset.Set
	const entries = 300_000
	for i := range entries {
		s.Add(idset.EntryOf(fmt.Sprint(i), time.Time{}), time.Now)
	}
	missing, wrong := 0, 0
	for i := range entries {
		if !s.Contains(fmt.Sprint(i)) {
			missing++
		}
		if s.Contains(fmt.Sprint("not ", i)) {
			wrong++
		}
	}
	assert.Zero(t, missing)
	assert.Zero(t, wrong)
}

func TestSetsAreForManyGoroutines(t *testing.T) {
	t.Parallel()
	var s idset.Set
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 5000 {
				id := fmt.Sprint(i, j)
				s.Add(idset.EntryOf(id, time.Time{}), time.Now)
				assert.True(t, s.Contains(id))
			}
		})
	}
	group.Wait()
}
