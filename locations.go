package ginjwt

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"
)

// carried is a token as a request carries it.
type carried struct {
	encoded string
	csrf    string // the double-submit value to compare, if one is due
}

// findToken looks for a token in the locations of the route, in order, and
// decodes the first that it finds. Only where there is none does the search go
// on: a bad token, or a malformed header, ends it.
func (m *JWTManager) findToken(c *gin.Context, need *requirement) (*Token, error) {
	var missing []string
	for _, location := range need.locations {
		at, err := m.findIn(location, c.Request, need)
		if err == nil {
			return m.decodeAt(c, location, at)
		}
		if !isAbsent(err) {
			return nil, err
		}
		missing = append(missing, asError(err).Message)
	}
	return nil, refusalf(ErrNoAuthorization, "%s", nowhere(need.locations, missing))
}

// isAbsent reports whether err is that there is no token. A callback's error is
// not, whatever it wraps.
func isAbsent(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Kind == ErrNoAuthorization
}

// decodeAt decodes a token and notes where it was.
func (m *JWTManager) decodeAt(c *gin.Context, location Location, at carried) (*Token, error) {
	if location == InQueryString { // RFC 6750 §5.3, RFC 9700 §4.2.4
		c.Header("Cache-Control", "no-store")
		c.Header("Referrer-Policy", "no-referrer")
	}
	token, err := m.decode(c.Request.Context(), at.encoded, decodeSpec{csrf: at.csrf})
	if err != nil {
		return nil, err
	}
	token.Location = location
	return token, nil
}

// nowhere words that no location has a token.
func nowhere(locations []Location, missing []string) string {
	last := len(locations) - 1
	if last == 0 {
		return missing[0]
	}
	names := make([]string, len(locations))
	for i, location := range locations {
		names[i] = string(location)
	}
	return "Missing JWT in " + strings.Join(names[:last], ", ") + " or " + names[last] +
		" (" + strings.Join(missing, "; ") + ")"
}

// findIn returns the token in one location of a request, or ErrNoAuthorization.
func (m *JWTManager) findIn(location Location, r *http.Request, need *requirement) (carried, error) {
	switch location {
	case InHeaders:
		return m.findInHeaders(r)
	case InCookies:
		return m.findInCookies(r, need)
	case InQueryString:
		return m.findInQueryString(r)
	default:
		return m.findInJSON(r, need)
	}
}

// findInHeaders reads the header as a list of credentials (RFC 9110 §11.6.2):
// lines of the same name are one list, and other schemes may stand beside ours.
func (m *JWTManager) findInHeaders(r *http.Request) (carried, error) {
	name, scheme := m.config.HeaderName, m.config.HeaderType
	lines := r.Header[m.headerKey]
	if len(lines) == 1 && !m.config.DisableHeaderType {
		if token, ok := m.soleToken(lines[0]); ok {
			return carried{encoded: token}, nil
		}
	}
	value := strings.Trim(strings.Trim(strings.Join(lines, ","), blanks), ",")
	if value == "" {
		return carried{}, refusalf(ErrNoAuthorization, "Missing %s Header", name)
	}
	if m.config.DisableHeaderType {
		return m.bareToken(value, name)
	}
	credentials, found := "", false
	for value != "" {
		var element string
		element, value, _ = strings.Cut(value, ",")
		rest, ok := cutScheme(element, scheme)
		if ok && found {
			return carried{}, refusalf(ErrAmbiguous, missingType, scheme, name, name, scheme)
		}
		if ok {
			credentials, found = rest, true
		}
	}
	if !found {
		return carried{}, refusalf(ErrNoAuthorization, missingType, scheme, name, name, scheme)
	}
	token, rest := m.cutToken(credentials)
	if token == "" || rest != "" {
		return carried{}, refusalf(ErrInvalidHeader, "Bad %s header. Expected '%s: %s <JWT>'", name, name, scheme)
	}
	return carried{encoded: token}, nil
}

// soleToken returns the token of a header that has nothing but the scheme, a
// blank and a token. What is longer than a token may be is not read to its end:
// it is refused in any case.
func (m *JWTManager) soleToken(value string) (token string, ok bool) {
	scheme := m.config.HeaderType
	if len(value) <= len(scheme)+1 || value[len(scheme)] != ' ' || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	token = value[len(scheme)+1:]
	start := token[:min(len(token), m.config.MaxTokenSize+1)]
	for i := range len(separators) {
		if strings.IndexByte(start, separators[i]) >= 0 {
			return "", false
		}
	}
	return token, true
}

// cutScheme returns what follows scheme in an element of the header. Only as
// much of it is looked at as the scheme is long; that also keeps case folding
// to ASCII.
func cutScheme(element, scheme string) (rest string, ok bool) {
	element = strings.TrimLeft(element, blanks)
	if len(element) < len(scheme) || !strings.EqualFold(element[:len(scheme)], scheme) {
		return "", false
	}
	rest = element[len(scheme):]
	return rest, rest == "" || strings.IndexByte(blanks, rest[0]) >= 0
}

const missingType = "Missing '%s' type in '%s' header. Expected '%s: %s <JWT>'"

func (m *JWTManager) bareToken(value, name string) (carried, error) {
	token, rest := m.cutToken(value)
	if token == "" || rest != "" {
		return carried{}, refusalf(ErrInvalidHeader, "Bad %s header. Expected '%s: <JWT>'", name, name)
	}
	return carried{encoded: token}, nil
}

// blanks separate the words of a header (RFC 9110 §5.6.3). Other spaces do not:
// what a proxy takes for one word is one word.
const (
	blanks     = " \t"
	separators = "," + blanks
)

// cutToken returns the first word of s, and what follows it. The end of a word
// that is too long for a token is not looked for.
func (m *JWTManager) cutToken(s string) (word, rest string) {
	s = strings.Trim(s, blanks)
	start := s[:min(len(s), m.config.MaxTokenSize+1)]
	if i := strings.IndexAny(start, blanks); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], blanks)
	}
	return s, ""
}

// findInCookies reads the cookie as it came, not percent-decoded. A missing
// CSRF value is found before the token is looked at.
func (m *JWTManager) findInCookies(r *http.Request, need *requirement) (carried, error) {
	kind := m.accessCookies
	if need.refresh {
		kind = m.refreshCookies
	}
	values := cookieValues(r, kind.name)
	if len(values) > 1 { // one may come from a neighbour: RFC 6265 §8.6
		return carried{}, refusalf(ErrAmbiguous, "More than one cookie %q", kind.name)
	}
	if len(values) == 0 || values[0] == "" {
		return carried{}, refusalf(ErrNoAuthorization, "Missing cookie %q", kind.name)
	}
	csrf, err := m.csrfValue(r, kind)
	if err != nil {
		return carried{}, err
	}
	return carried{values[0], csrf}, nil
}

// cookieValues returns the values of one cookie, without quotes around them.
// net/http would drop a value with characters that no cookie may have, which on
// an optional route would turn a bad token into none.
func cookieValues(r *http.Request, name string) (values []string) {
	for _, line := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			key, value, _ := strings.Cut(pair, "=")
			if strings.Trim(key, blanks) == name {
				values = append(values, unquote(strings.Trim(value, blanks)))
			}
		}
	}
	return values
}

func unquote(s string) string {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

func (m *JWTManager) findInQueryString(r *http.Request) (carried, error) {
	name, prefix := m.config.QueryStringName, m.config.QueryStringValuePrefix
	values := queryValues(r.URL.RawQuery, name)
	if len(values) > 1 {
		return carried{}, refusalf(ErrAmbiguous, "More than one '%s' query parameter", name)
	}
	if len(values) == 0 || values[0] == "" {
		return carried{}, refusalf(ErrNoAuthorization, "Missing '%s' query paramater", name) // as the original spells it
	}
	encoded, ok := strings.CutPrefix(values[0], prefix)
	if !ok {
		return carried{}, refusalf(ErrInvalidQueryParam,
			"Invalid value for query parameter '%s'. Expected the value to start with '%s'", name, prefix)
	}
	return carried{encoded: encoded}, nil
}

// queryValues returns the values of one parameter, two at the most. What cannot be unescaped
// stays as it is, and is then no token; net/url would drop it.
func queryValues(query, name string) (values []string) {
	for query != "" && len(values) < 2 {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if unescape(key) == name {
			values = append(values, unescape(value))
		}
	}
	return values
}

func unescape(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}

// findInJSON reads one member of a JSON body and leaves the body whole for the
// handler. The rest of it is the application's: only this member has to be
// there once.
func (m *JWTManager) findInJSON(r *http.Request, need *requirement) (carried, error) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return carried{}, refusalf(ErrNoAuthorization, "Invalid content-type. Must be application/json.")
	}
	name := m.config.JSONKey
	if need.refresh {
		name = m.config.RefreshJSONKey
	}
	values := jsonBodyValues(r, name)
	if len(values) > 1 {
		return carried{}, refusalf(ErrAmbiguous, "More than one %q key in json data", name)
	}
	if len(values) == 0 || isFalsy(values[0]) {
		return carried{}, refusalf(ErrNoAuthorization, `Missing "%s" key in json data.`, name)
	}
	encoded, ok := values[0].str()
	if !ok {
		return carried{}, errNotText
	}
	return carried{encoded: encoded}, nil
}

func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.Trim(mediaType, blanks))
	return mediaType == "application/json" ||
		strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")
}

// jsonBodyValues returns the values of one member of the JSON object in the
// body of r, two at the most; none if the body is anything else, or larger than
// maxBody. Escapes of lone surrogates may stand in other members.
func jsonBodyValues(r *http.Request, name string) (values []value) {
	body, complete := peekBody(r)
	if !complete || !utf8.Valid(body) {
		return nil
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	err := members(body, string(body), func(member string, v value) {
		if member == name && len(values) < 2 {
			values = append(values, v)
		}
	}, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return values
}

// maxBody is how much of a body is read to find a token or a CSRF value.
const maxBody = 1 << 20

// peekBody reads the beginning of the body of r, and puts it back. It reports
// whether that is all of it.
func peekBody(r *http.Request) (body []byte, complete bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, true
	}
	if r.ContentLength > maxBody && isJSON(r.Header.Get("Content-Type")) {
		return nil, false // do not read what would be of no use
	}
	body, err := readAll(io.LimitReader(r.Body, maxBody+1), r.ContentLength)
	r.Body = &peekedBody{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body, err == nil && len(body) <= maxBody
}

// readAll is io.ReadAll, in one piece where the length is known and small: a
// client only says how long a body will be.
func readAll(r io.Reader, length int64) ([]byte, error) {
	if length <= 0 || length > 16<<10 {
		return io.ReadAll(r)
	}
	b := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead))
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// peekedBody is a body whose beginning was read before.
type peekedBody struct {
	io.Reader
	io.Closer
}
