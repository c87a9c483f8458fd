package ginjwt

import (
	"net/http"
	"strings"
)

// credentials are a token in a header (RFC 9110 §11.4).
type credentials struct {
	token  string
	scheme scheme
}

// scheme is what a header says about its token.
type scheme int

const (
	noScheme     scheme = iota
	bearerScheme        // Config.HeaderType: the token is bound to no key
	dpopScheme          // the token is bound to a key (RFC 9449 §7.1)
)

// dpopName is how a header spells dpopScheme.
const dpopName = "DPoP"

// headerReader finds the token in the header of the settings.
type headerReader struct {
	config   *Config
	key      string // HeaderName as net/http spells it
	refusals headerRefusals
}

func newHeaderReader(config *Config) headerReader {
	return headerReader{config, http.CanonicalHeaderKey(config.HeaderName), headerRefusalsOf(config)}
}

// headerRefusals say what is wrong with the header.
type headerRefusals struct{ missing, otherScheme, several, malformed, empty *Error }

func headerRefusalsOf(config *Config) headerRefusals {
	name, scheme, expected := config.HeaderName, config.HeaderType, config.HeaderType+" <JWT>"
	if config.DisableHeaderType {
		expected = "<JWT>"
	}
	const otherScheme = "Missing '%s' type in '%s' header. Expected '%s: %s <JWT>'"
	malformed := func() *Error {
		return refusalf(ErrInvalidHeader, "Bad %s header. Expected '%s: %s'", name, name, expected)
	}
	return headerRefusals{
		missing:     refusalf(ErrNoAuthorization, "Missing %s Header", name),
		otherScheme: refusalf(ErrNoAuthorization, otherScheme, scheme, name, name, scheme),
		several:     refusalf(ErrMultipleTokens, otherScheme, scheme, name, name, scheme),
		malformed:   malformed(),
		empty:       malformed().because(reasonTokenEmpty), // of clients that have lost their token
	}
}

// maxCredentials limits the credentials in a header. Nobody sends so many, and each costs
// time: RFC 9110 §5.6.1.2 asks recipients to ignore a reasonable number of empty ones.
const maxCredentials = 64

// find reads the header as a list of credentials (RFC 9110 §11.6.2): lines with
// the same name form one list, and it may contain other schemes.
func (h *headerReader) find(r *http.Request) (credentials, error) {
	value := strings.Join(r.Header[h.key], ",")
	switch commas := strings.Count(value, ","); {
	case commas == len(value): // there may be none
		return credentials{}, h.refusals.missing
	case commas >= maxCredentials && !h.config.DisableHeaderType: // a bare token is no list
		return credentials{}, h.refusals.several
	}
	if value = strings.Trim(strings.Trim(value, blanks), ","); value == "" {
		return credentials{}, h.refusals.missing
	}
	if h.config.DisableHeaderType {
		return h.onlyToken(value, noScheme)
	}
	token, found := "", noScheme
	for value != "" {
		var element string
		element, value, _ = strings.Cut(value, ",")
		rest, of := h.cutSchemes(r, element)
		if of != noScheme && found != noScheme {
			return credentials{}, h.refusals.several
		}
		if of != noScheme {
			token, found = rest, of
		}
	}
	if found == noScheme {
		return credentials{}, h.refusals.otherScheme
	}
	return h.onlyToken(token, found)
}

// readsDPoP reports whether the scheme DPoP of a request means one of our tokens. With DPoP off
// it is another scheme, as in Flask-JWT-Extended, unless there is a proof: bound tokens from
// before are still good.
func (h *headerReader) readsDPoP(r *http.Request) bool {
	return h.config.DPoP != dpopOff || len(r.Header[proofHeader]) > 0
}

// ignoresDPoP reports whether the header has credentials of the scheme DPoP that are not read.
func (h *headerReader) ignoresDPoP(r *http.Request) bool {
	if h.config.DisableHeaderType || h.readsDPoP(r) {
		return false
	}
	for element := range strings.SplitSeq(strings.Join(r.Header[h.key], ","), ",") {
		if _, ok := cutScheme(element, dpopName); ok {
			return true
		}
	}
	return false
}

// cutSchemes returns what follows the scheme in an element of the header, and which scheme it
// is; noScheme: one that is not ours.
func (h *headerReader) cutSchemes(r *http.Request, element string) (rest string, of scheme) {
	if rest, ok := cutScheme(element, h.config.HeaderType); ok {
		return rest, bearerScheme
	}
	if rest, ok := cutScheme(element, dpopName); ok && h.readsDPoP(r) {
		return rest, dpopScheme
	}
	return "", noScheme
}

// findSole reads a header that contains only a scheme, a blank and a token, as
// most do.
func (h *headerReader) findSole(r *http.Request) (found credentials, ok bool) {
	lines := r.Header[h.key]
	if token, ok := h.soleToken(lines); ok {
		return credentials{token, bearerScheme}, true
	}
	if token, ok := h.soleTokenOf(dpopName, lines); ok && h.readsDPoP(r) {
		return credentials{token, dpopScheme}, true
	}
	return credentials{}, false
}

// soleToken returns the token of a header that contains only Config.HeaderType,
// a blank and a token.
func (h *headerReader) soleToken(lines []string) (token string, ok bool) {
	return h.soleTokenOf(h.config.HeaderType, lines)
}

// soleTokenOf is soleToken for any scheme. It does not read past the maximum
// size of a token: a longer one is refused anyway.
func (h *headerReader) soleTokenOf(scheme string, lines []string) (token string, ok bool) {
	if len(lines) != 1 || h.config.DisableHeaderType {
		return "", false
	}
	value := lines[0]
	if len(value) <= len(scheme)+1 || value[len(scheme)] != ' ' || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	token = value[len(scheme)+1:]
	start := token[:min(len(token), h.config.MaxTokenSize+1)]
	for i := range len(separators) {
		if strings.IndexByte(start, separators[i]) >= 0 {
			return "", false
		}
	}
	return token, true
}

// cutScheme returns what follows scheme in an element of the header. It
// compares only as many bytes as the scheme has, which also limits case folding
// to ASCII.
func cutScheme(element, scheme string) (rest string, ok bool) {
	element = strings.TrimLeft(element, blanks)
	if len(element) < len(scheme) || !strings.EqualFold(element[:len(scheme)], scheme) {
		return "", false
	}
	rest = element[len(scheme):]
	return rest, rest == "" || strings.IndexByte(blanks, rest[0]) >= 0
}

// onlyToken returns the token in s, which must have nothing else.
func (h *headerReader) onlyToken(s string, of scheme) (credentials, error) {
	token, rest := h.cutToken(s)
	switch {
	case token == "":
		return credentials{}, h.refusals.empty
	case rest != "":
		return credentials{}, h.refusals.malformed
	}
	return credentials{token, of}, nil
}

// cutToken returns the first word of s, and the rest. It does not search for
// the end of a word that is too long for a token.
func (h *headerReader) cutToken(s string) (word, rest string) {
	s = strings.Trim(s, blanks)
	start := s[:min(len(s), h.config.MaxTokenSize+1)]
	if i := strings.IndexAny(start, blanks); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], blanks)
	}
	return s, ""
}
