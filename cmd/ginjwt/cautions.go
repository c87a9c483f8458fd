package main

import (
	"crypto"
	"crypto/hmac"
	_ "crypto/sha256" // the hashes of HMAC
	_ "crypto/sha512"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/wellknown"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// caution is a warning about a token. Code is the same in all versions.
type caution struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// cautioner collects cautions.
type cautioner struct {
	loose
	now   time.Time
	found []caution
}

func cautions(t loose, now time.Time) []caution {
	i := &cautioner{loose: t, now: now}
	i.lookAtAlgorithm()
	i.lookAtHeader()
	i.lookAtSingleUse()
	i.lookAtTimes()
	i.lookForSecrets("", t.claims, 1)
	i.lookAtForm()
	return i.found
}

func (i *cautioner) warn(code, format string, args ...any) {
	i.found = append(i.found, caution{code, fmt.Sprintf(format, args...)})
}

func (i *cautioner) lookAtAlgorithm() {
	if i.header == nil {
		return
	}
	switch alg := i.header.text("alg"); {
	case strings.EqualFold(alg, "none"):
		i.warn("alg_none", `"alg" is "none": the token has no signature; a service that accepts it accepts any token`)
		return
	case alg == "":
		i.warn("alg_missing", `there is no "alg": nobody can verify this token`)
	case !keys.IsAlgorithm(keys.CanonicalAlgorithm(alg)):
		i.warn("alg_unknown", `"alg" is %q, which ginjwt does not support%s`, alg, didYouMean(alg, allAlgorithms))
	case hashOf[alg] != 0 && i.signedWithWellKnown(hashOf[alg]):
		i.warn("weak_secret", "the token is signed with a secret from a public list that attackers try first; change the secret: whoever knows it can make tokens for any user")
	}
	if len(i.signature) == 0 && strings.HasSuffix(i.text, ".") {
		i.warn("no_signature", "the signature is empty")
	}
}

var hashOf = map[string]crypto.Hash{"HS256": crypto.SHA256, "HS384": crypto.SHA384, "HS512": crypto.SHA512}

func (i *cautioner) signedWithWellKnown(hash crypto.Hash) bool {
	return slices.ContainsFunc(wellknown.Secrets, func(secret string) bool { return i.signedWith(hash, secret) })
}

// signedWith reports whether a secret made the signature.
func (t loose) signedWith(hash crypto.Hash, secret string) bool {
	if len(t.signature) == 0 {
		return false
	}
	mac := hmac.New(hash.New, []byte(secret))
	mac.Write([]byte(t.signed()))
	return hmac.Equal(mac.Sum(nil), t.signature)
}

func (i *cautioner) lookAtHeader() {
	i.lookAtKey()
	for _, name := range []string{"jwk", "jku", "x5u", "x5c"} {
		if _, ok := i.header.get(name); ok && !(name == "jwk" && i.isProof()) {
			i.warn("key_in_header", "%q in the header brings a key; a service that uses this key accepts tokens of anybody (ginjwt ignores it)", name)
		}
	}
	if kid := i.header.text("kid"); strings.ContainsAny(kid, `/\'";|$`) || strings.Contains(kid, "..") || safe(kid) != kid {
		i.warn("odd_kid", `"kid" has characters of paths, commands or queries: it may be an attack on services that look up keys with it`)
	}
	for _, name := range []string{"crit", "b64", "zip"} {
		if _, ok := i.header.get(name); ok {
			i.warn("extension", "%q in the header changes how the token is read; most services refuse it", name)
		}
	}
}

// lookAtKey warns of a private key in the header.
func (i *cautioner) lookAtKey() {
	value, _ := i.header.get("jwk")
	key, _ := parseObject(value)
	for _, name := range []string{"d", "k"} { // of key pairs and of secrets (RFC 7518 §6)
		if _, ok := key.get(name); ok {
			i.warn("private_key", "%q in the header has a private or secret part: everybody who has seen this can sign with the key; make a new key", "jwk")
		}
	}
}

// lookAtSingleUse checks a single-use token, and the claims of the token that a ticket
// was issued for.
func (i *cautioner) lookAtSingleUse() {
	if !i.complete {
		return
	}
	switch u := i.singleUse(); {
	case u == nil:
	case u.Kind == purposeKind && u.Purpose == "":
		i.warn("odd_audience", `"aud" is not urn:ginjwt:purpose:REALM:PURPOSE: no service made this purpose token`)
	case u.Kind == ticketKind && u.Token == nil:
		i.warn("odd_ticket", "it does not contain the token that it was issued for: no service made this ticket")
	case u.Kind == ticketKind:
		i.lookForSecrets("ginjwt_ticket.payload.", u.Token.Claims, 1)
	}
}

// Longer lifetimes get a warning.
const (
	longAccess  = 24 * time.Hour
	longPurpose = 30 * day // the maximum
	longRefresh = 366 * day
)

func (i *cautioner) lookAtTimes() {
	if !i.complete {
		return
	}
	for _, m := range i.claims {
		if n, err := strconv.ParseFloat(string(m.value), 64); err == nil && n > 1e11 && slices.Contains(dateClaims, m.name) {
			i.warn("milliseconds", "%q seems to be in milliseconds; JWTs use seconds (RFC 7519 §2)", m.name)
		}
	}
	exp, ok := i.date("exp")
	if _, there := i.claims.get("exp"); !there && !i.isProof() {
		i.warn("no_exp", `there is no "exp": the token never expires, and neither does a stolen copy`)
	}
	if !ok {
		return
	}
	start, ok := i.date("iat")
	if !ok {
		start = i.now
	}
	most := longAccess
	switch {
	case i.kind() == purposeKind:
		most = longPurpose
	case i.claims.text("type") == "refresh":
		most = longRefresh
	}
	switch lives := exp.Sub(start); {
	case lives < 0:
		i.warn("exp_before_iat", `"exp" is before "iat": the token was never valid`)
	case lives > most:
		i.warn("long_life", "the token lives for %s, which is long for a token of its kind", human(lives))
	}
}

func (i *cautioner) date(name string) (time.Time, bool) {
	value, _ := i.claims.get(name)
	return dateOf(member{name, value})
}

var (
	secretName = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|^pwd$|secret|api_?-?key|private_?-?key|credit_?card|card_?number|^cvv$|^ssn$|^pin$|(access|refresh)_?token)`)
	noSecret   = regexp.MustCompile(`(?i)(expires|expiry|changed|updated|reset|required|_at$|At$|hint)`)
)

// deepest is the maximum depth of the search for secrets in claims. The search parses
// each level again.
const deepest = 5

// lookForSecrets warns of claims that are named like secrets.
func (i *cautioner) lookForSecrets(path string, claims object, depth int) {
	if depth > deepest {
		return
	}
	for _, m := range claims {
		full := path + m.name
		if secretName.MatchString(m.name) && !noSecret.MatchString(m.name) && len(m.value) > 0 && strings.IndexByte(`"0123456789{[`, m.value[0]) >= 0 {
			i.warn("secret_in_claims", "the claim %q is named like a secret; claims are signed, not encrypted: everybody who has the token can read it", full)
			continue
		}
		if inner, err := parseObject(m.value); err == nil {
			i.lookForSecrets(full+".", inner, depth+1)
		}
	}
}

func (i *cautioner) lookAtForm() {
	parts := []object{i.header, i.claims}
	if u := i.singleUse(); u != nil && u.Token != nil {
		parts = append(parts, u.Token.Header, u.Token.Claims)
	}
	for _, part := range parts {
		seen := map[string]bool{}
		for _, m := range part {
			if seen[m.name] {
				i.warn("twice", "%q occurs twice: JSON parsers disagree which one counts", m.name)
			}
			seen[m.name] = true
		}
	}
	if slices.ContainsFunc(slices.Concat(parts...), hidden) {
		i.warn("control_characters", "the token has control characters, or characters that hide or reverse text; they are shown as \\u…")
	}
	if n := len(i.text); n > 4000 {
		i.warn("large", "the token has %d bytes: too many for a cookie (4096 bytes with name and attributes), and many servers accept only 8192 bytes of headers", n)
	}
}

// hidden reports whether a member contains text that is printed with escapes.
func hidden(m member) bool {
	var v any
	if json.Unmarshal(m.value, &v) != nil {
		return true
	}
	return hides(m.name) || hides(v)
}

func hides(v any) bool {
	switch v := v.(type) {
	case string:
		return safe(strings.NewReplacer("\n", "", "\t", "", "\u00a0", "").Replace(v)) != strings.NewReplacer("\n", "", "\t", "", "\u00a0", "").Replace(v)
	case []any:
		return slices.ContainsFunc(v, hides)
	case map[string]any:
		for name, value := range v {
			if hides(name) || hides(value) {
				return true
			}
		}
	}
	return false
}
