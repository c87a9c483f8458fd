package keys

import (
	"bytes"
	"regexp"
	"strings"
)

// sshKey matches the one-line form of SSH keys, and that of RFC 4716.
var sshKey = regexp.MustCompile(`^(sk-)?(ssh|ecdsa)-|^---- BEGIN SSH2`)

// disguised says what a secret of HMAC is that is the text or the bytes of a key, as
// everybody has of public ones; empty if it is neither. That is how algorithms get
// confused (RFC 8725 §2.1). White space, byte order marks, quotes and UTF-16 around it
// do not hide it.
func disguised(secret []byte) string {
	const set = ", not a secret; set PrivateKey or PublicKey and the Algorithm"
	if isKeyDER(secret) {
		return "is a key in DER" + set
	}
	s := unwrapped(strings.ReplaceAll(string(bytes.TrimLeft(secret, "\xff\xfe")), "\x00", ""))
	switch {
	case strings.Contains(s, "-----BEGIN"):
		return "is a PEM text" + set
	case strings.HasPrefix(s, "{") && (strings.Contains(s, `"kty"`) || strings.Contains(s, `"keys"`)):
		return "is a JWK, not a secret"
	case sshKey.MatchString(s), isSSHPublic(secret):
		return "is an SSH key, not a secret"
	case len(s) >= shortestKey && decodedKey(s) != nil:
		return "is a key in base64 or hexadecimal" + set
	}
	return ""
}

// shortestKey is less than the length of the shortest public key in base64, that of
// Ed25519, and more than that of most secrets: the rest is spared for them, as a loader
// may bring one for every token.
const shortestKey = 56

// isKeyDER reports whether a secret is a key in DER, with a line break after it or
// without a last byte that looks like one.
func isKeyDER(secret []byte) bool {
	if len(secret) == 0 || secret[0] != sequenceTag {
		return false
	}
	_, label := keyDER(secret)
	return label != "" || labelOf(append(bytes.Clone(secret), '\n')) != ""
}
