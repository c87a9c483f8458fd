package ginjwt

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
)

// UUID versions (RFC 9562 §4.2) keep the kinds of IDs on one Blocklist apart. No library
// makes a "jti" with the versions of sessions.
const (
	tokenUUID   = 4 // random
	sessionUUID = 2 // random; RFC 9562 does not define this version
	derivedUUID = 8 // made from texts: a session that began with a token without a session
)

// fillRandom fills b. Without randomness the program ends: it must not go on with IDs that
// can be guessed.
func fillRandom(b []byte) { _, _ = rand.Read(b) }

// appendID appends id as a UUID of a version.
func appendID(b []byte, id [16]byte, version byte) []byte {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	const digits = "0123456789abcdef"
	for i, c := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

func newSessionID() string { return newID(sessionUUID) }

func newID(version byte) string {
	var id [16]byte
	fillRandom(id[:])
	var b [36]byte
	return string(appendID(b[:0], id, version))
}

// derivedID makes a UUID from texts. The same texts make the same UUID (RFC 9562 §5.8). They are
// quoted, so that no other texts have the same bytes.
func derivedID(texts ...string) string {
	var room [256]byte
	b := append(room[:0], "ginjwt ["...)
	for i, text := range texts {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendQuote(b, text)
	}
	return hashedID(append(b, ']'))
}

// hashedID makes a UUID from the hash of b.
func hashedID(b []byte) string {
	sum := sha256.Sum256(b)
	var id [36]byte
	return string(appendID(id[:0], [16]byte(sum[:16]), derivedUUID))
}

func isDerivedID(id string) bool { return isUUID(id, derivedUUID) }

func isUUID(id string, version byte) bool { return len(id) == 36 && id[14] == '0'+version }

// revocationID returns the ID by which a token of the manager is revoked; empty: its
// "jti", as in other libraries. A caller who chooses a "jti" must not be able to revoke a
// session, a token of another issuer, or a token of another realm with it.
func revocationID(realm, jti string) string {
	switch {
	case jti == "":
		return ""
	case realm != "", isUUID(jti, sessionUUID), isUUID(jti, derivedUUID), strings.HasPrefix(jti, `"`), strings.HasPrefix(jti, "jti "):
		return fmt.Sprintf("jti %q %q", realm, jti)
	}
	return ""
}

// unknownSessionID returns the ID by which a session that the store does not have is ended.
// A caller who signs tokens with any "sid" must not be able to end a session of another
// realm with it, or to add any other ID to the list. Like its name, it begins with "jti ",
// so that no token has it as its own ID.
func unknownSessionID(realm, session string) string {
	if session == "" || realm == "" && isUUID(session, sessionUUID) {
		return session
	}
	return fmt.Sprintf("jti %q sid %q", realm, session)
}
