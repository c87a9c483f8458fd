package keys

import (
	"bytes"
	"encoding/asn1"
	"regexp"
	"strings"
)

var (
	// sshKey matches SSH keys on one line, and in the form of RFC 4716.
	sshKey = regexp.MustCompile(`^(sk-)?(ssh|ecdsa)-|---- (BEGIN|END) SSH2`)

	// jwkMember matches a member of a JWK or JWK Set, even if its quotation marks are
	// escaped.
	jwkMember = regexp.MustCompile(`["'](kty|keys)\\*["']\s*:`)
)

// disguised reports an HMAC secret that is really the text or bytes of a key; "" if it is
// not. Everybody has the public key, so this is algorithm confusion (RFC 8725 §2.1).
// White space, byte order marks, quotes, UTF-16 and other text do not hide the key.
func disguised(secret []byte) string {
	const set = ", not a secret; set PrivateKey or PublicKey and the Algorithm"
	if isKeyDER(secret) {
		return "is a key in DER" + set
	}
	s := unwrapped(strings.ReplaceAll(string(bytes.TrimLeft(secret, "\xff\xfe")), "\x00", ""))
	lines := withLineBreaks(s)
	switch {
	case strings.Contains(s, "-----BEGIN"), strings.Contains(s, "-----END "):
		return "is a PEM text" + set
	case jwkMember.MatchString(s):
		return "is a JWK, not a secret"
	case sshKey.MatchString(s), sshPublic.MatchString(lines), isSSHPublic(secret):
		return "is an SSH key, not a secret"
	case len(s) >= shortestKey && decodedKey(lines) != nil:
		return "is a key in base64 or hexadecimal" + set
	}
	return ""
}

// shortestKey is shorter than any public key in base64 (Ed25519 is the shortest), and
// longer than most secrets. For shorter secrets disguised saves work, because a loader
// may bring a secret for every token.
const shortestKey = 56

// isKeyDER reports whether a secret is a key in DER, with blanks or quotes around it, or
// without a last byte that looks like a line break.
func isKeyDER(secret []byte) bool {
	isAround := func(r rune) bool { return isBlank(r) || r == 0 || strings.ContainsRune("\"'`", r) }
	b := bytes.TrimLeftFunc(secret, isAround)
	if len(b) == 0 || b[0] != sequenceTag {
		return false
	}
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &outer); err == nil {
		return len(bytes.TrimFunc(rest, isAround)) == 0 && labelOf(outer.FullBytes) != ""
	}
	return labelOf(append(bytes.Clone(b), '\n')) != ""
}
