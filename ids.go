package ginjwt

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// appendUUID appends a new UUID of version 4 (RFC 9562 §5.4). The program ends
// if there is no randomness, rather than go on with IDs that can be guessed.
func appendUUID(b []byte) []byte {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	b = append(hex.AppendEncode(b, id[:4]), '-')
	b = append(hex.AppendEncode(b, id[4:6]), '-')
	b = append(hex.AppendEncode(b, id[6:8]), '-')
	b = append(hex.AppendEncode(b, id[8:10]), '-')
	return hex.AppendEncode(b, id[10:])
}

// derivedUUID makes a UUID of version 8 (RFC 9562 §5.8) from texts, the same
// from the same.
func derivedUUID(texts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "ginjwt %q", texts))
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	b := hex.AppendEncode(nil, id)
	return fmt.Sprintf("%s-%s-%s-%s-%s", b[:8], b[8:12], b[12:16], b[16:20], b[20:])
}

func isDerivedUUID(id string) bool { return len(id) == 36 && id[14] == '8' }
