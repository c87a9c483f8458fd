package idset

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	const entries = 10_000
	f := newFilter(entries)
	for i := range entries {
		f.add(numbered(i).hash())
	}
	missing, wrong := 0, 0
	for i := range entries {
		if !f.mayHold(numbered(i).hash()) {
			missing++
		}
		if f.mayHold(numbered(entries + i).hash()) {
			wrong++
		}
	}
	assert.Zero(t, missing)
	assert.Less(t, wrong, entries/20, "in a filter that is full")
	assert.False(t, (*filter)(nil).mayHold(0))
}

func numbered(i int) Key {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(i)))
	return Key(sum[:16])
}
