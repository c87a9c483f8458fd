package strictjson

import (
	"encoding/binary"
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"
)

// This file reads most objects in one pass: those with few members, and with names of
// printable ASCII. It never judges an object to be invalid. Whatever is unusual goes to
// the library, which has the last word: a fuzz test compares both.

const (
	maxMembers = 32       // of a plain object: each name is compared with all before it
	maxSize    = 64 << 10 // of a plain object, in bytes
	maxNested  = 4 << 10  // of a value that the library reads, in bytes; too short for the deepest nesting that it accepts
)

// span is a part of the data.
type span struct{ start, end int32 } // of at most maxSize

// plainObject are the members of a plain object, in their order.
type plainObject struct {
	count         int
	names, values [maxMembers]span // names without their quotes
}

// read reports whether data is a plain object, with blanks around it at most.
func (o *plainObject) read(data []byte) bool {
	i := blanksEnd(data, 0)
	if i == len(data) || data[i] != '{' || len(data) > maxSize {
		return false
	}
	if i = blanksEnd(data, i+1); i < len(data) && data[i] == '}' {
		return blanksEnd(data, i+1) == len(data)
	}
	for {
		end, ok := o.readMember(data, i)
		if i = blanksEnd(data, end); !ok || i == len(data) {
			return false
		}
		switch data[i] {
		case '}':
			return blanksEnd(data, i+1) == len(data)
		case ',':
			i = blanksEnd(data, i+1)
		default:
			return false
		}
	}
}

// readMember reads the member at i, and returns where it ends.
func (o *plainObject) readMember(data []byte, i int) (end int, ok bool) {
	end, ok = plainStringEnd(data, i)
	if !ok || o.count == maxMembers {
		return end, false
	}
	name := span{int32(i + 1), int32(end - 1)}
	if i = blanksEnd(data, end); i == len(data) || data[i] != ':' {
		return i, false
	}
	i = blanksEnd(data, i+1)
	end, ok = plainValueEnd(data, i)
	if !ok || o.has(data, name) {
		return end, false
	}
	o.names[o.count], o.values[o.count] = name, span{int32(i), int32(end)}
	o.count++
	return end, true
}

func (o *plainObject) has(data []byte, name span) bool {
	for _, other := range o.names[:o.count] {
		if string(data[other.start:other.end]) == string(data[name.start:name.end]) {
			return true
		}
	}
	return false
}

// visit calls visit for each member. text has the bytes that were read.
func (o *plainObject) visit(text string, visit func(name string, v Value)) {
	for i, name := range o.names[:o.count] {
		v := o.values[i]
		visit(text[name.start:name.end], Value(text[v.start:v.end]))
	}
}

// blanksEnd returns where the blanks at i end.
func blanksEnd(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t') {
		i++
	}
	return i
}

// plainStringEnd returns where the string at i ends, if it has only printable ASCII
// without escapes.
func plainStringEnd(data []byte, i int) (end int, ok bool) {
	if i >= len(data) || data[i] != '"' {
		return i, false
	}
	for i++; i+8 <= len(data); i += 8 {
		if odd := oddBytes(binary.LittleEndian.Uint64(data[i:])); odd != 0 {
			i += bits.TrailingZeros64(odd) / 8
			return i + 1, data[i] == '"'
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			return i + 1, c == '"'
		}
	}
	return i, false
}

// oddBytes marks the first of eight bytes that is no printable ASCII, a quote or a
// backslash: the lowest bit that it sets is the highest bit of that byte. Bits above may
// be wrong.
func oddBytes(word uint64) uint64 {
	const each, high = 0x0101010101010101, 0x8080808080808080
	quote, backslash := word^(each*'"'), word^(each*'\\')
	return (word | (word - each*' ') | (quote - each) | (backslash - each)) & high
}

// plainValueEnd returns where the value at i ends, if it is valid.
func plainValueEnd(data []byte, i int) (end int, ok bool) {
	if i >= len(data) {
		return i, false
	}
	switch data[i] {
	case '"':
		if end, ok = plainStringEnd(data, i); ok {
			return end, true
		}
		return nestedEnd(data, i)
	case '{', '[':
		return nestedEnd(data, i)
	case 't':
		return wordEnd(data, i, "true")
	case 'f':
		return wordEnd(data, i, "false")
	case 'n':
		return wordEnd(data, i, "null")
	}
	return integerEnd(data, i)
}

func wordEnd(data []byte, i int, word string) (end int, ok bool) {
	end = i + len(word)
	return end, end <= len(data) && string(data[i:end]) == word
}

// integerEnd returns where the integer at i ends. Other numbers are not plain.
func integerEnd(data []byte, i int) (end int, ok bool) {
	if data[i] == '-' {
		i++
	}
	first := i
	for i < len(data) && '0' <= data[i] && data[i] <= '9' {
		i++
	}
	switch {
	case i == first, data[first] == '0' && i > first+1:
		return i, false
	case i < len(data) && (data[i] == '.' || data[i] == 'e' || data[i] == 'E'):
		return i, false
	}
	return i, true
}

// nestedEnd returns where the string, object or array at i ends, if the library judges it
// to be valid. Brackets that do not fit make it end at the wrong place, and it is not.
func nestedEnd(data []byte, i int) (end int, ok bool) {
	within := data[i:min(len(data), i+maxNested)]
	depth, quoted := 0, false
	for j := 0; j < len(within); j++ {
		switch c := within[j]; {
		case quoted && c == '\\':
			j++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth == 0 && !quoted {
			return i + j + 1, jsontext.Value(within[:j+1]).IsValid()
		}
	}
	return i, false
}
