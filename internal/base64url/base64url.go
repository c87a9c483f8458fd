// Package base64url reads and writes base64url without padding (RFC 7515 §2). It
// accepts only the canonical form, so that different texts never have the same bytes.
package base64url

import (
	"encoding/base64"
	"errors"
)

var (
	canonical    = base64.RawURLEncoding.Strict()
	errLength    = errors.New("impossible length")
	errLineBreak = errors.New("line break")
)

// AppendDecode decodes src and appends the bytes to dst. It refuses line breaks, which the
// decoder of the standard library skips even when it is strict: the result is then shorter
// than src promises. No text without line breaks has a length of 1 modulo 4.
func AppendDecode(dst, src []byte) ([]byte, error) {
	if len(src)%4 == 1 {
		return dst, errLength
	}
	b, err := canonical.AppendDecode(dst, src)
	if err == nil && len(b)-len(dst) != canonical.DecodedLen(len(src)) {
		return dst, errLineBreak
	}
	return b, err
}

// AppendEncode encodes src and appends the text to dst.
func AppendEncode(dst, src []byte) []byte { return canonical.AppendEncode(dst, src) }

// Encode returns b as base64url without padding.
func Encode(b []byte) string { return canonical.EncodeToString(b) }
