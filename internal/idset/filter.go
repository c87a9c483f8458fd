package idset

import (
	"math/bits"
	"sync/atomic"
)

// filter is a Bloom filter. It recognises 19 of 20 keys that were not added. It needs no
// lock and about a byte an entry, so that it mostly stays in the caches of the processor.
// So a lookup of a valid token rarely goes further. A nil filter holds nothing.
//
// The bits of a key are in one word. The number of the word comes from the high bits of
// the hash, after the bits of the shard. The bits in the word come from the low bits.
type filter struct {
	words []atomic.Uint64
}

func newFilter(entries int) *filter {
	const entriesAWord = 8
	return &filter{make([]atomic.Uint64, (entries+entriesAWord-1)/entriesAWord)}
}

func (f *filter) add(hash uint64) { f.word(hash).Or(bitsOf(hash)) }

// mayHold reports false if no key with hash was added.
func (f *filter) mayHold(hash uint64) bool {
	if f == nil {
		return false
	}
	want := bitsOf(hash)
	return f.word(hash).Load()&want == want
}

func (f *filter) word(hash uint64) *atomic.Uint64 {
	i, _ := bits.Mul64(hash<<shardBits, uint64(len(f.words)))
	return &f.words[i]
}

func bitsOf(hash uint64) uint64 {
	return 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63)
}
