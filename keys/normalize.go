package keys

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
)

// Normalize returns a text with keys in a uniform form: PEM blocks with correct labels,
// or JSON. Every function that reads your own keys calls it first. Normalizing twice
// gives the same result.
//
// Normalize removes what copying adds: byte order marks, quotation marks, indentation,
// line breaks written as \n, and spaces in place of line breaks. It reads base64 without
// BEGIN and END, DER, PEM in base64, and OpenSSH keys. For other texts, such as a
// keystore or a path, the error says what the text is. The error never quotes the text.
// Normalize does not check the keys.
func Normalize(text []byte) ([]byte, error) {
	normalized, err := normalize(text, 2)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return normalized, nil
}

var errNoKey = errors.New("neither a key in PEM form nor a JWK found")

// normalize is Normalize without the prefix of errors. depth is the number of encodings
// that it removes.
func normalize(text []byte, depth int) ([]byte, error) {
	if len(text) > maxKeysText {
		return nil, errKeysTooLarge
	}
	if der, label := keyDER(text); label != "" {
		return normalizeDER(label, der)
	}
	if err := foreignBinary(text); err != nil {
		return nil, err
	}
	s := unwrapped(string(text))
	if strings.HasPrefix(s, "{") {
		return []byte(s), foreignJSON(s)
	}
	lines := withLineBreaks(s)
	switch {
	case strings.Contains(lines, "-----BEGIN "):
		return normalizeBlocks(lines)
	case sshPublic.MatchString(lines):
		return sshPublicBlocks(lines)
	}
	if decoded := decodedKey(lines); decoded != nil && depth > 0 {
		return normalize(decoded, depth-1)
	}
	return nil, foreignText(s)
}

// keyDER returns the DER in b, without a line break at the end, and its PEM label; "" if
// it is not about keys.
func keyDER(b []byte) (der []byte, label string) {
	if label = labelOf(b); label != "" {
		return b, label
	}
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(b, &outer); err != nil || len(bytes.Trim(rest, "\r\n")) > 0 {
		return nil, ""
	}
	return outer.FullBytes, labelOf(outer.FullBytes)
}

func normalizeDER(label string, der []byte) ([]byte, error) {
	if label == sshLabel {
		block, err := sshPrivateBlock(der)
		if err != nil {
			return nil, err
		}
		label, der = block.Type, block.Bytes
	}
	if !isKeyLabel(label) {
		return nil, noKeyIn(label)
	}
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}), nil
}

// unwrapped removes white space, byte order marks and quotation marks around a text, and
// the escapes of a JSON string.
func unwrapped(s string) string {
	for {
		s = strings.TrimFunc(s, isBlank)
		inner, quoted := oddtext.Unquote(s)
		if !quoted {
			return s
		}
		_ = json.Unmarshal([]byte(s), &inner) // changes nothing unless it is a JSON string
		s = inner
	}
}

// isBlank reports whether r is white space, or an invisible mark such as a byte order
// mark.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)
}

// withLineBreaks restores the line breaks of a PEM text. In variables they are often
// written as \n or \r\n, with several backslashes after several programs. A backslash has
// no other meaning in PEM.
func withLineBreaks(s string) string {
	return spelledBreaks.ReplaceAllString(s, "\n")
}

var spelledBreaks = regexp.MustCompile(`\\+r\\+n|\\+[rn]|\\*\r\n?|\\+\n`)

var pemBlock = regexp.MustCompile(`(?s)-----BEGIN ([^\n]*?)-----(.*?)-----END ([^\n]*?)-----`)

// normalizeBlocks rewrites the PEM blocks of a text, without the text between them.
func normalizeBlocks(s string) ([]byte, error) {
	found := pemBlock.FindAllStringSubmatch(s, -1)
	if len(found) != strings.Count(s, "-----BEGIN ") {
		return nil, errors.New("a PEM block has no END line; the text is cut off")
	}
	var normalized []byte
	for _, parts := range found {
		block, err := readBlock(strings.TrimSpace(parts[1]), parts[2], strings.TrimSpace(parts[3]))
		if err != nil {
			return nil, err
		}
		normalized = append(normalized, pem.EncodeToMemory(block)...)
	}
	return normalized, nil
}

// encryptedHeaders mark a block with encrypted content, in the form before PKCS #8.
var encryptedHeaders = map[string]string{"Proc-Type": "4,ENCRYPTED"}

// readBlock reads the text between BEGIN and END.
func readBlock(label, body, end string) (*pem.Block, error) {
	if err := foreignLabel(label); err != nil {
		return nil, err
	}
	if label != end {
		return nil, errors.New("a PEM block has an END line that does not match its BEGIN line")
	}
	if strings.Contains(body, "ENCRYPTED") && strings.Contains(body, ":") {
		return &pem.Block{Type: label, Headers: encryptedHeaders}, nil
	}
	der, err := decodeBase64(withoutHeaders(body))
	if err != nil || len(der) == 0 {
		return nil, errors.New("a PEM block is damaged")
	}
	if fitting := labelOf(der); fitting != "" {
		label = fitting
	}
	if label == sshLabel {
		return sshPrivateBlock(der)
	}
	return &pem.Block{Type: label, Bytes: der}, nil
}

// withoutHeaders removes the header lines of a block (RFC 1421).
func withoutHeaders(body string) string {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	for len(lines) > 0 && strings.Contains(lines[0], ":") {
		lines = lines[1:]
	}
	return strings.Join(lines, "\n")
}

// decodeBase64 decodes both alphabets, with or without white space and padding.
func decodeBase64(s string) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		switch {
		case isBlank(r):
			return -1
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		}
		return r
	}, s)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// decodedKey decodes base64 or hexadecimal. It returns nil if the result is not a key, or
// a text with one.
func decodedKey(s string) []byte {
	for _, decode := range []func(string) ([]byte, error){decodeHex, decodeBase64} {
		decoded, err := decode(s)
		if err == nil && holdsKey(decoded) {
			return sshPublicPEM(decoded)
		}
	}
	return nil
}

func decodeHex(s string) ([]byte, error) {
	return hex.DecodeString(hexSeparators.Replace(s))
}

var hexSeparators = strings.NewReplacer(":", "", " ", "", "\n", "", "\r", "")

// holdsKey reports whether decoded bytes are a key, a text in which a key begins, or
// base64 of one.
func holdsKey(decoded []byte) bool {
	text := bytes.TrimFunc(decoded, isBlank)
	return labelOf(decoded) != "" || isSSHPublic(decoded) || isJavaKeystore(decoded) ||
		bytes.Contains(text, []byte("-----BEGIN ")) || sshPublic.Match(text) || bytes.HasPrefix(text, []byte("{")) && json.Valid(text) ||
		len(text) > 0 && decodedKey(string(text)) != nil
}
