package ginjwt

import (
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// confirmation is the "cnf" claim of a token: which key its sender must have (RFC 7800).
type confirmation struct {
	there bool
	jkt   string // the thumbprint of the key (RFC 9449 §6.1); empty: a method that is not supported, if it is there
}

// confirmationOf reads a "cnf". Its only member must be "jkt": with another one, such as the
// certificate of RFC 8705, a check of the key alone is not the check that the issuer wants.
func confirmationOf(v strictjson.Value) confirmation {
	c, others := confirmation{there: true}, false
	v.Visit(func(name string, member strictjson.Value) bool {
		if name == "jkt" {
			c.jkt, _ = member.Str()
		} else {
			others = true
		}
		return true
	})
	if others || !isThumbprint(c.jkt) {
		c.jkt = ""
	}
	return c
}

// isThumbprint reports whether s is a SHA-256 hash in base64url. The last character has only 4
// bits of the hash, so that one key has one thumbprint.
func isThumbprint(s string) bool {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(s) == 43 && strings.Trim(s, digits) == "" && strings.IndexByte(digits, s[42])%4 == 0
}

// tokenTypeFor returns the "token_type" of a token response (RFC 6749 §7.1, RFC 9449 §5).
func tokenTypeFor(jkt string) string {
	if jkt == "" {
		return "Bearer"
	}
	return "DPoP"
}

// encodedConfirmations are what every bound token of a manager contains: the start of its "cnf"
// in base64, after none, one and two bytes of a group of three.
var encodedConfirmations = func() (texts [3]string) {
	const start = `,"cnf":{"jkt":"`
	for before := range texts {
		encoded := base64url.Encode(append(make([]byte, before), start...))
		texts[before] = encoded[(8*before+5)/6 : 8*(before+len(start))/6] // without the digits that hold bits of neighbours
	}
	return texts
}()

// thumbprintIn returns the thumbprint in a token that a manager has made; empty: none. For most
// tokens it needs no memory.
func thumbprintIn(encoded string) string {
	isIn := func(start string) bool { return strings.Contains(encoded, start) }
	if !slices.ContainsFunc(encodedConfirmations[:], isIn) {
		return ""
	}
	_, rest, _ := strings.Cut(encoded, ".")
	segment, _, _ := strings.Cut(rest, ".")
	payload, err := base64url.AppendDecode(nil, []byte(segment))
	if err != nil || strictjson.CheckObject(payload) != nil {
		return ""
	}
	cnf := strictjson.Object(string(payload)).Member("cnf")
	if cnf == "" {
		return ""
	}
	return confirmationOf(cnf).jkt
}
