package ginjwt

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"
)

// found is a token as a request carries it.
type found struct {
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
		if !errors.Is(err, ErrNoAuthorization) {
			return nil, err
		}
		missing = append(missing, asError(err).Message)
	}
	return nil, refusalf(ErrNoAuthorization, "%s", nowhere(need.locations, missing))
}

// decodeAt decodes a token and notes where it was.
func (m *JWTManager) decodeAt(c *gin.Context, location Location, at found) (*Token, error) {
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
func (m *JWTManager) findIn(location Location, r *http.Request, need *requirement) (found, error) {
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
func (m *JWTManager) findInHeaders(r *http.Request) (found, error) {
	name, scheme := m.config.HeaderName, m.config.HeaderType
	value := strings.Trim(strings.Trim(strings.Join(r.Header.Values(name), ","), blanks), ",")
	if value == "" {
		return found{}, refusalf(ErrNoAuthorization, "Missing %s Header", name)
	}
	if m.config.DisableHeaderType {
		return bareToken(value, name)
	}
	credentials := ""
	for value != "" {
		var element string
		element, value, _ = strings.Cut(value, ",")
		fields := words(element)
		if len(fields) == 0 || !strings.EqualFold(fields[0], scheme) {
			continue
		}
		if credentials != "" {
			return found{}, refusalf(ErrAmbiguous, missingType, scheme, name, name, scheme)
		}
		credentials = element
	}
	if credentials == "" {
		return found{}, refusalf(ErrNoAuthorization, missingType, scheme, name, name, scheme)
	}
	parts := words(credentials)
	if len(parts) != 2 {
		return found{}, refusalf(ErrInvalidHeader, "Bad %s header. Expected '%s: %s <JWT>'", name, name, scheme)
	}
	return found{encoded: parts[1]}, nil
}

const missingType = "Missing '%s' type in '%s' header. Expected '%s: %s <JWT>'"

func bareToken(value, name string) (found, error) {
	parts := words(value)
	if len(parts) != 1 {
		return found{}, refusalf(ErrInvalidHeader, "Bad %s header. Expected '%s: <JWT>'", name, name)
	}
	return found{encoded: parts[0]}, nil
}

// blanks separate the words of a header. Other Unicode spaces do not: what a
// proxy takes for one word is one word.
const blanks = " \t\n\v\f\r"

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(blanks, r) })
}

// findInCookies reads the cookie as it came, not percent-decoded. A missing
// CSRF value is found before the token is looked at.
func (m *JWTManager) findInCookies(r *http.Request, need *requirement) (found, error) {
	kind := m.accessCookies
	if need.refresh {
		kind = m.refreshCookies
	}
	values := cookieValues(r, kind.name)
	if len(values) > 1 { // one may come from a neighbour: RFC 6265 §8.6
		return found{}, refusalf(ErrAmbiguous, "More than one cookie %q", kind.name)
	}
	if len(values) == 0 || values[0] == "" {
		return found{}, refusalf(ErrNoAuthorization, "Missing cookie %q", kind.name)
	}
	csrf, err := m.csrfValue(r, kind)
	if err != nil {
		return found{}, err
	}
	return found{values[0], csrf}, nil
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

func (m *JWTManager) findInQueryString(r *http.Request) (found, error) {
	name, prefix := m.config.QueryStringName, m.config.QueryStringValuePrefix
	values := queryValues(r.URL.RawQuery, name)
	if len(values) > 1 {
		return found{}, refusalf(ErrAmbiguous, "More than one '%s' query parameter", name)
	}
	if len(values) == 0 || values[0] == "" {
		return found{}, refusalf(ErrNoAuthorization, "Missing '%s' query paramater", name) // as the original spells it
	}
	encoded, ok := strings.CutPrefix(values[0], prefix)
	if !ok {
		return found{}, refusalf(ErrInvalidQueryParam,
			"Invalid value for query parameter '%s'. Expected the value to start with '%s'", name, prefix)
	}
	return found{encoded: encoded}, nil
}

// queryValues returns the values of one parameter. What cannot be unescaped
// stays as it is, and is then no token; net/url would drop it.
func queryValues(query, name string) (values []string) {
	for query != "" {
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
func (m *JWTManager) findInJSON(r *http.Request, need *requirement) (found, error) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return found{}, refusalf(ErrNoAuthorization, "Invalid content-type. Must be application/json.")
	}
	name := m.config.JSONKey
	if need.refresh {
		name = m.config.RefreshJSONKey
	}
	values := jsonBodyValues(r, name)
	if len(values) > 1 {
		return found{}, refusalf(ErrAmbiguous, "More than one %q key in json data", name)
	}
	if len(values) == 0 || isFalsy(values[0]) {
		return found{}, refusalf(ErrNoAuthorization, `Missing "%s" key in json data.`, name)
	}
	encoded, ok := jsonString(values[0])
	if !ok {
		return found{}, errNotText
	}
	return found{encoded: encoded}, nil
}

func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return mediaType == "application/json" ||
		strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")
}

// jsonBodyValues returns the values of one member of the JSON object in the
// body of r; none if the body is anything else, or larger than maxBody.
func jsonBodyValues(r *http.Request, name string) (values []jsontext.Value) {
	body, complete := peekBody(r)
	if !complete {
		return nil
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	err := members(body, func(member string, value jsontext.Value) {
		if member == name {
			values = append(values, value)
		}
	}, jsontext.AllowDuplicateNames(true))
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
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	r.Body = &peekedBody{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body, err == nil && len(body) <= maxBody
}

// peekedBody is a body whose beginning was read before.
type peekedBody struct {
	io.Reader
	io.Closer
}
