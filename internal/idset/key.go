package idset

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Key stands for an ID: the bytes of a UUID, or the first half of the SHA-256 of any other
// text. Its length is fixed, whatever a client sends.
type Key [16]byte

// KeyOf returns the key of an ID.
func KeyOf(id string) Key { return halvesOf(id).key() }

func (key Key) hash() uint64 { return key.halves().hash() }

func (key Key) halves() halves {
	return halves{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])}
}

// halves are a key as two numbers. Most lookups need no more, and keep it in registers.
type halves struct{ first, second uint64 }

func halvesOf(id string) halves {
	if h, ok := parseUUID(id); ok {
		return h
	}
	var most [128]byte // of IDs; a longer one is allocated
	sum := sha256.Sum256(append(most[:0], id...))
	return Key(sum[:16]).halves()
}

func (h halves) key() (key Key) {
	binary.LittleEndian.PutUint64(key[:8], h.first)
	binary.LittleEndian.PutUint64(key[8:], h.second)
	return key
}

// hash returns a number whose bits all depend on the whole key. No single byte is random
// in all kinds of UUIDs: version 7 begins with the time, and version 1 ends with a machine.
func (h halves) hash() uint64 {
	const a, b = 0x9e3779b97f4a7c15, 0xe7037ed1a0b428db
	high, low := bits.Mul64(h.first^a, h.second^b)
	return high ^ low
}

// parseUUID reads only the canonical form in lower case. Two spellings of a UUID are the
// IDs of two tokens, so they must be two entries. It reads eight digits at a time, because
// this is most of the work of a lookup.
func parseUUID(s string) (h halves, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return h, false
	}
	a, b := digitsOf(s[0:4], s[4:8]), digitsOf(s[9:13], s[14:18])
	c, d := digitsOf(s[19:23], s[24:28]), digitsOf(s[28:32], s[32:36])
	h = halves{a.value() | b.value()<<32, c.value() | d.value()<<32}
	return h, a.valid()&b.valid()&c.valid()&d.valid() == each*topBit
}

// digits are eight hexadecimal digits, the first as the lowest byte.
type digits uint64

func digitsOf(first, last string) digits { return digits(fourBytes(first) | fourBytes(last)<<32) }

// fourBytes returns four bytes of s as a number, the first as the lowest.
func fourBytes(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}

const (
	each   = 0x0101010101010101 // 1 in each byte
	topBit = 0x80
)

// value returns the four bytes that the digits stand for, the first as the lowest.
func (d digits) value() uint64 {
	nibbles := d&(each*15) + 9*(d>>6&each) // bit 6 is set in a letter
	pairs := (nibbles<<4 | nibbles>>8) & 0x00ff00ff00ff00ff
	pairs = (pairs | pairs>>8) & 0x0000ffff0000ffff
	return uint64(uint32(pairs | pairs>>16))
}

// valid returns the top bit of each byte that is a digit. It compares all bytes with four
// bounds: each sum has the top bit where the byte is at least the bound. Only a byte that
// is not ASCII can disturb the next one, and it is not valid itself.
func (d digits) valid() uint64 {
	from0, after9 := d+each*(topBit-'0'), d+each*(topBit-'9'-1)
	fromA, afterF := d+each*(topBit-'a'), d+each*(topBit-'f'-1)
	return uint64((from0^after9^fromA^afterF)&^d) & (each * topBit)
}
