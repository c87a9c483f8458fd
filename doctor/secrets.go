package doctor

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
	"github.com/gin-jwt-extended/ginjwt/internal/wellknown"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// weakness says why a secret can be guessed, or is not the intended one. Its text
// contains nothing of the secret except its length.
type weakness struct {
	severity Severity
	problem  string
	fix      string // empty: newSecret
}

// advice returns what to do about a weakness.
func (w weakness) advice() string { return cmp.Or(w.fix, newSecret) }

// asMeant is the advice for a secret that may be strong but has unintended characters.
const asMeant = "Write only the secret, in all services at the same time. Tokens that were signed with the present value are then refused."

const newSecret = "Make a new secret: openssl rand -base64 32 (48 for HS384, 64 for HS512)."

// secretRules check secrets that are long enough. The first rule that applies is
// reported. No rule applies to random bytes, or to their base64.
var secretRules = []struct {
	is func(secret string, wanted int) bool // wanted: the bits of the hash
	weakness
}{
	{isPublished, published},
	{isRepeated, weakness{Danger, "The secret repeats itself, so it is as easy to guess as its repeated part. Anyone who guesses it can create tokens for every user.", ""}},
	{isSequence, weakness{Danger, "The secret counts up or down, so it is in every password list. Anyone who guesses it can create tokens for every user.", ""}},
	{isCommon, weakness{Danger, "The secret is made of words that are in every password list. Anyone who has one token can find the secret, and create tokens for every user.", ""}},
	{regardless(oddtext.HasByteOrderMark), weakness{Warning, "The secret begins with a byte order mark, an invisible character that some editors write. It is part of the secret: a service that removes it refuses these tokens.", asMeant}},
	{regardless(oddtext.IsUTF16), weakness{Warning, "The secret is UTF-16 text, as some Windows editors and shells write it: every second byte is zero. A service that reads it as UTF-8 refuses these tokens.", asMeant}},
	{regardless(oddtext.InQuotes), weakness{Warning, "The secret has quotation marks around it, and they are part of the secret. A service that removes them refuses these tokens.", asMeant}},
	{regardless(oddtext.IsPath), weakness{Warning, "The secret looks like the path of a file. The path itself then signs the tokens, and paths are easy to guess.", "Set JWT_SECRET_KEY_FILE to the path, or read the file with os.ReadFile."}},
	{isSentence, weakness{Warning, "The secret looks like words or a sentence. Programs that combine words can find it from one token. Anyone who finds it can create tokens for every user.", ""}},
	{isLetters, weakness{Warning, "The secret has only letters of one case, like words without spaces. Programs that combine words can find it from one token. Anyone who finds it can create tokens for every user.", ""}},
	{isUUID, weakness{Warning, "The secret looks like a UUID: at most 122 of its bits are random, and in most versions far fewer. UUIDs are made to be unique, not to be secret.", ""}},
	{hasFewDigits(128), weakness{Warning, "The secret has only decimal or hexadecimal digits: it has less than 128 bits of randomness, although it looks long.", ""}},
	{hasFewDigits(1 << 20), weakness{Note, "The secret has only decimal or hexadecimal digits: it has fewer random bits than the hash, which is still enough today.", ""}},
	{regardless(oddtext.HasBlanksAround), weakness{Note, "The secret begins or ends with white space, such as the line break at the end of a file. A service that removes it refuses these tokens.", asMeant}},
}

var published = weakness{Danger, "The secret is printed in a manual or a tutorial: everybody can create tokens for every user.", ""}

// weaknessOf returns the weakness of the secret of k, if it has one.
func (c effectiveConfig) weaknessOf(k keys.Key, preferred string) (weakness, bool) {
	secret, ok := secretIn(k)
	if !ok {
		return weakness{}, false
	}
	return c.weaknessIn(string(secret), 8*keys.MinSecretBytes(k.AlgorithmOr(preferred)))
}

func secretIn(k keys.Key) (secret []byte, ok bool) {
	if k.Sign != nil {
		secret, ok = k.Sign.([]byte)
	} else {
		secret, ok = k.Verify.([]byte)
	}
	return secret, ok
}

func (c effectiveConfig) weaknessIn(secret string, wanted int) (weakness, bool) {
	switch {
	case slices.Contains(wellknown.Refused, strings.TrimSpace(secret)): // InitApp refuses it
		return weakness{}, false
	case len(secret) < wanted/8 && !isPublished(secret, wanted): // InitApp refuses it without AllowShortSecret
		return shortness(secret, wanted), c.AllowShortSecret
	case len(secret) < wanted/8:
		return published, c.AllowShortSecret
	}
	for _, r := range secretRules {
		if r.is(secret, wanted) {
			return r.weakness, true
		}
	}
	return weakness{}, false
}

// shortness says how long it takes to try all secrets of this length. One graphics card
// tries a billion a second.
func shortness(secret string, wanted int) weakness {
	bits := entropy(secret)
	if bits >= 80 { // too many to try
		return weakness{severity: Warning, problem: fmt.Sprintf("The secret has %d bytes, but the hash needs %d. Such a secret is safe only if it is random: words can be found from one token.",
			len(secret), wanted/8)}
	}
	return weakness{severity: Danger, problem: fmt.Sprintf("The secret has %d bytes, but the hash needs %d. Anyone who has one token can try all such secrets on one graphics card in %s, and then create tokens for every user.",
		len(secret), wanted/8, span(math.Exp2(bits)/1e9))}
}

// entropy returns the bits of a random text with this length and these kinds of
// characters. The secret cannot have more.
func entropy(secret string) float64 {
	alphabet := 0
	for _, kind := range []struct {
		is   func(r rune) bool
		size int
	}{
		{func(r rune) bool { return 'a' <= r && r <= 'z' }, 26},
		{func(r rune) bool { return 'A' <= r && r <= 'Z' }, 26},
		{func(r rune) bool { return '0' <= r && r <= '9' }, 10},
		{func(r rune) bool { return r <= unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsDigit(r) }, 33},
		{func(r rune) bool { return r > unicode.MaxASCII }, 160},
	} {
		if strings.ContainsFunc(secret, kind.is) {
			alphabet += kind.size
		}
	}
	return float64(len(secret)) * math.Log2(float64(max(alphabet, 2)))
}

// span returns a number of seconds in words.
func span(seconds float64) string {
	const year = 365.25 * 24 * 3600
	switch {
	case seconds < 1:
		return "less than a second"
	case seconds < 3600:
		return "less than an hour"
	case seconds < 24*3600:
		return "less than a day"
	case seconds < year:
		return "less than a year"
	case seconds < 1000*year:
		return "less than a thousand years, or on a thousand cards in less than a year"
	}
	return "many years, or immediately if it is made of words"
}

func isPublished(secret string, _ int) bool { return wellknown.Contains(secret) }

// regardless makes a rule of a function that does not depend on the hash.
func regardless(is func(secret string) bool) func(string, int) bool {
	return func(secret string, _ int) bool { return is(secret) }
}

// isRepeated reports whether the secret is one part, repeated at least once.
func isRepeated(secret string, _ int) bool {
	for n := 1; n <= len(secret)/2; n++ {
		if secret[n:] == secret[:len(secret)-n] {
			return true
		}
	}
	return false
}

// isSequence reports whether most characters are equal or next to the one before.
func isSequence(secret string, _ int) bool {
	steps := 0
	for i := 1; i < len(secret); i++ {
		if d := int(secret[i]) - int(secret[i-1]); -1 <= d && d <= 1 {
			steps++
		}
	}
	return 2*steps > len(secret)
}

// commonWords match the words of placeholders and lazy secrets.
var commonWords = regexp.MustCompile(`(?i)secret|passw(or|0r)d|change|please|replace|default|example|sample|placeholder|development|testing|` +
	`production|staging|insecure|private|signing|token|super|admin|string|qwerty|asdf|letmein|welcome|random|dummy|foobar|hello|world|` +
	`server|service|should|least|character|long|bits|bytes|your|this|that|test|auth|with|very|must|here|safe|strong|todo|key|jwt|api|dev|app|not|the|use|abc|xyz`)

// isCommon reports whether most letters of the secret belong to common words.
func isCommon(secret string, _ int) bool {
	letters := countLetters(secret)
	rest := countLetters(commonWords.ReplaceAllString(secret, ""))
	return letters >= 8 && 2*rest < letters
}

func countLetters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// wordsOnly matches three or more words with separators.
var wordsOnly = regexp.MustCompile(`^(?:[A-Z]?[a-z]+|[A-Z]+)(?:[ ,.;:'_-]+(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]{1,4})){2,}[ .!?\r\n]*$`)

func isSentence(secret string, _ int) bool { return wordsOnly.MatchString(secret) }

var letters = regexp.MustCompile(`^\s*(?:[a-z]+|[A-Z]+)\s*$`)

func isLetters(secret string, _ int) bool { return letters.MatchString(secret) }

var uuid = regexp.MustCompile(`(?i)^\s*\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?\s*$`)

func isUUID(secret string, _ int) bool { return uuid.MatchString(secret) }

// hasFewDigits reports whether a secret of digits has fewer bits than the hash wants and
// than limit.
func hasFewDigits(limit int) func(secret string, wanted int) bool {
	return func(secret string, wanted int) bool {
		s := strings.TrimSpace(secret)
		bits := float64(len(s)) * 4
		switch {
		case strings.Trim(s, "0123456789") == "":
			bits = float64(len(s)) * math.Log2(10)
		case strings.Trim(s, "0123456789abcdef") != "" && strings.Trim(s, "0123456789ABCDEF") != "":
			return false
		}
		return bits < float64(min(wanted, limit))
	}
}

// secretFindings returns the findings about SecretKey.
func (c effectiveConfig) secretFindings() []Finding {
	wanted := 0
	for _, name := range c.secretAlgorithms() {
		wanted = max(wanted, 8*keys.MinSecretBytes(name))
	}
	w, weak := c.weaknessIn(c.SecretKey, wanted)
	isTold := w.fix == asMeant && (c.warns("JWT_SECRET_KEY") || c.warns("JWT_SECRET_KEY_FILE"))
	if weak && wanted > 0 && !isTold {
		return []Finding{finding(w.severity, "SecretKey", w.problem, w.advice())}
	}
	return nil
}
