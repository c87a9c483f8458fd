// Package base64url reads and writes base64url without padding (RFC 7515 §2). It
// accepts only the canonical form, so that different texts never have the same bytes.
package base64url

import (
	"bytes"
	"encoding/base64"
	"errors"
)

var (
	canonical    = base64.RawURLEncoding.Strict()
	errLineBreak = errors.New("line break")
)

// AppendDecode decodes src and appends the bytes to dst. It refuses line breaks, which the
// decoder of the standard library skips even when it is strict.
func AppendDecode(dst, src []byte) ([]byte, error) {
	if bytes.IndexByte(src, '\n') >= 0 || bytes.IndexByte(src, '\r') >= 0 {
		return dst, errLineBreak
	}
	return canonical.AppendDecode(dst, src)
}

// AppendEncode encodes src and appends the text to dst.
func AppendEncode(dst, src []byte) []byte { return canonical.AppendEncode(dst, src) }

// Encode returns b as base64url without padding.
func Encode(b []byte) string { return canonical.EncodeToString(b) }
