package ginjwt

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// carried is a token in the form in which a request carries it.
type carried struct {
	encoded string
	csrf    string // the CSRF value to compare, if one is required
	scheme  scheme // of the header; of a token elsewhere none

	location Location
}

// scheme is what a header says about its token.
type scheme int

const (
	noScheme     scheme = iota
	bearerScheme        // Config.HeaderType: the token is bound to no key
	dpopScheme          // the token is bound to a key (RFC 9449 §7.1)
)

// dpopName is the scheme of tokens that are bound to a key.
const dpopName = "DPoP"

// requestReader finds the token in a request.
type requestReader struct {
	config         *Config
	headerKey      string // HeaderName as net/http spells it
	header         headerErrors
	accessCookies  cookieKind
	refreshCookies cookieKind
	csrf           csrfRules

	spentTicket func(ctx context.Context) (encoded string) // returns the ticket that let the request in; empty: none
}

// newRequestReader returns a reader for the settings. verify reports whether a
// token is valid and not revoked: large forms are read only for such tokens.
func newRequestReader(config *Config, verify func(ctx context.Context, encoded string, audience []string) error) *requestReader {
	f := &requestReader{
		config:         config,
		headerKey:      http.CanonicalHeaderKey(config.HeaderName),
		accessCookies:  config.accessCookies(),
		refreshCookies: config.refreshCookies(),
		header:         headerErrorsOf(config),
		csrf:           csrfRulesOf(config),
	}
	if config.CSRFCheckForm {
		f.csrf.forms = &formReader{int64(config.MaxFormSize), verify}
	}
	for _, kind := range []*cookieKind{&f.accessCookies, &f.refreshCookies} {
		kind.csrfHeader = http.CanonicalHeaderKey(kind.csrfHeader) // as it is spelled in http.Header
	}
	return f
}

// find searches the locations of the route, in order, and returns the first
// token. It goes on only if a location has no token: a malformed header or an
// invalid token ends the search. An error comes with its location.
func (f *requestReader) find(c *gin.Context, need *requirement) (carried, error) {
	var missing []string
	for _, location := range need.locations {
		if location == InHeaders {
			lines := c.Request.Header[f.headerKey]
			if token, ok := f.soleToken(lines); ok {
				return carried{encoded: token, scheme: bearerScheme, location: location}, nil
			}
			if token, ok := f.soleTokenOf(dpopName, lines); ok && f.readsDPoP(c.Request) {
				return carried{encoded: token, scheme: dpopScheme, location: location}, nil
			}
		}
		at, err := f.findIn(location, c, need)
		if err == nil {
			at.location = location
			return at, nil
		}
		if !isAbsent(err) {
			return carried{location: location}, err
		}
		if len(need.locations) == 1 {
			return carried{}, err
		}
		missing = append(missing, asError(err).Message)
	}
	return carried{}, refusalf(ErrNoAuthorization, "%s", nowhere(need.locations, missing))
}

// isAbsent reports whether err means that there is no token. The error of a
// callback never means this, whatever it wraps.
func isAbsent(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Kind == ErrNoAuthorization
}

// nowhere returns the message that none of several locations has a token.
func nowhere(locations []Location, missing []string) string {
	last := len(locations) - 1
	names := make([]string, len(locations))
	for i, location := range locations {
		names[i] = string(location)
	}
	return "Missing JWT in " + strings.Join(names[:last], ", ") + " or " + names[last] +
		" (" + strings.Join(missing, "; ") + ")"
}

// findIn returns the token in one location of a request, or ErrNoAuthorization.
func (f *requestReader) findIn(location Location, c *gin.Context, need *requirement) (carried, error) {
	switch location {
	case InHeaders:
		return f.findInHeaders(c.Request)
	case InCookies:
		return f.findInCookies(c, need)
	case InQueryString:
		return f.findInQueryString(c.Request)
	case InTicket:
		return f.findInTicket(c.Request)
	default:
		return f.findInJSON(c, need)
	}
}

// headerErrors are the refusals for the header of the settings.
type headerErrors struct{ missing, otherScheme, several, malformed, empty *Error }

func headerErrorsOf(config *Config) headerErrors {
	name, scheme, expected := config.HeaderName, config.HeaderType, config.HeaderType+" <JWT>"
	if config.DisableHeaderType {
		expected = "<JWT>"
	}
	const otherScheme = "Missing '%s' type in '%s' header. Expected '%s: %s <JWT>'"
	malformed := func() *Error {
		return refusalf(ErrInvalidHeader, "Bad %s header. Expected '%s: %s'", name, name, expected)
	}
	return headerErrors{
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

// findInHeaders reads the header as a list of credentials (RFC 9110 §11.6.2):
// lines with the same name form one list, and it may contain other schemes.
func (f *requestReader) findInHeaders(r *http.Request) (carried, error) {
	value := strings.Join(r.Header[f.headerKey], ",")
	switch commas := strings.Count(value, ","); {
	case commas == len(value): // there may be none
		return carried{}, f.header.missing
	case commas >= maxCredentials && !f.config.DisableHeaderType: // a bare token is no list
		return carried{}, f.header.several
	}
	if value = strings.Trim(strings.Trim(value, blanks), ","); value == "" {
		return carried{}, f.header.missing
	}
	if f.config.DisableHeaderType {
		return f.onlyToken(value)
	}
	credentials, found := "", noScheme
	for value != "" {
		var element string
		element, value, _ = strings.Cut(value, ",")
		rest, of := f.cutSchemes(r, element)
		if of != noScheme && found != noScheme {
			return carried{}, f.header.several
		}
		if of != noScheme {
			credentials, found = rest, of
		}
	}
	if found == noScheme {
		return carried{}, f.header.otherScheme
	}
	at, err := f.onlyToken(credentials)
	at.scheme = found
	return at, err
}

// readsDPoP reports whether the scheme DPoP of a request means one of our tokens. With DPoP off
// it is another scheme, as in Flask-JWT-Extended, unless there is a proof: bound tokens from
// before are still good.
func (f *requestReader) readsDPoP(r *http.Request) bool {
	return f.config.DPoP != dpopOff || len(r.Header[proofHeader]) > 0
}

// ignoresDPoP reports whether the header has credentials of the scheme DPoP that are not read.
func (f *requestReader) ignoresDPoP(r *http.Request) bool {
	if f.config.DisableHeaderType || f.readsDPoP(r) {
		return false
	}
	for element := range strings.SplitSeq(strings.Join(r.Header[f.headerKey], ","), ",") {
		if _, ok := cutScheme(element, dpopName); ok {
			return true
		}
	}
	return false
}

// cutSchemes returns what follows one of both schemes in an element of the header.
func (f *requestReader) cutSchemes(r *http.Request, element string) (rest string, of scheme) {
	if rest, ok := cutScheme(element, f.config.HeaderType); ok {
		return rest, bearerScheme
	}
	if rest, ok := cutScheme(element, dpopName); ok && f.readsDPoP(r) {
		return rest, dpopScheme
	}
	return "", noScheme
}

// soleToken returns the token of a header that contains only the scheme, a
// blank and a token. It does not read past the maximum size of a token: a
// longer one is refused anyway.
func (f *requestReader) soleToken(lines []string) (token string, ok bool) {
	return f.soleTokenOf(f.config.HeaderType, lines)
}

func (f *requestReader) soleTokenOf(scheme string, lines []string) (token string, ok bool) {
	if len(lines) != 1 || f.config.DisableHeaderType {
		return "", false
	}
	value := lines[0]
	if len(value) <= len(scheme)+1 || value[len(scheme)] != ' ' || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	token = value[len(scheme)+1:]
	start := token[:min(len(token), f.config.MaxTokenSize+1)]
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
func (f *requestReader) onlyToken(s string) (carried, error) {
	token, rest := f.cutToken(s)
	switch {
	case token == "":
		return carried{}, f.header.empty
	case rest != "":
		return carried{}, f.header.malformed
	}
	return carried{encoded: token}, nil
}

// cutToken returns the first word of s, and the rest. It does not search for
// the end of a word that is too long for a token.
func (f *requestReader) cutToken(s string) (word, rest string) {
	s = strings.Trim(s, blanks)
	start := s[:min(len(s), f.config.MaxTokenSize+1)]
	if i := strings.IndexAny(start, blanks); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], blanks)
	}
	return s, ""
}

// findInCookies reads the cookie without percent-decoding. It reports a missing
// CSRF value, or a page of another origin, before it looks at the token.
//
// If there are two cookies with one name, a neighbouring host may have set one
// of them (RFC 6265 §8.6). The refusal then removes cookies that earlier
// settings left behind, because otherwise every request would fail until they
// expire. It never removes the cookie at its current place: the neighbour's
// cookie would be the one that stays.
func (f *requestReader) findInCookies(c *gin.Context, need *requirement) (carried, error) {
	kind := f.accessCookies
	if need.refresh {
		kind = f.refreshCookies
	}
	values := cookieValues(c.Request, kind.name)
	if len(values) > 1 {
		err := refusalf(ErrMultipleTokens, "More than one cookie %q", kind.name)
		err.cookies = f.config.formerCookies(cookieSpec{}, kind)
		return carried{}, err
	}
	if len(values) == 0 || values[0] == "" {
		return carried{}, refusalf(ErrNoAuthorization, "Missing cookie %q", kind.name)
	}
	csrf, err := f.csrf.proofIn(c, kind, values[0], need.audience())
	if err != nil {
		return carried{}, err
	}
	return carried{encoded: values[0], csrf: csrf}, nil
}

// cookieValues returns the values of one cookie, without quotes around them.
// net/http would drop a value with invalid characters. On an optional route,
// this would make a request with an invalid token anonymous.
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

func (f *requestReader) findInQueryString(r *http.Request) (carried, error) {
	name, prefix := f.config.QueryStringName, f.config.QueryStringValuePrefix
	values := queryValues(r.URL.RawQuery, name)
	if len(values) > 1 {
		return carried{}, refusalf(ErrMultipleTokens, "More than one '%s' query parameter", name)
	}
	if len(values) == 0 || values[0] == "" {
		return carried{}, refusalf(ErrNoAuthorization, "Missing '%s' query paramater", name) // Flask-JWT-Extended spells it this way
	}
	encoded, ok := strings.CutPrefix(values[0], prefix)
	if !ok {
		return carried{}, refusalf(ErrInvalidQueryParam,
			"Invalid value for query parameter '%s'. Expected the value to start with '%s'", name, prefix)
	}
	return carried{encoded: encoded}, nil
}

// findInTicket reads the parameter with a ticket. A ticket that has let this
// request in is no longer in the query, but another check in the same request
// still finds it.
func (f *requestReader) findInTicket(r *http.Request) (carried, error) {
	name := f.config.TicketName
	values := queryValues(r.URL.RawQuery, name)
	switch {
	case len(values) > 1:
		return carried{}, refusalf(ErrMultipleTokens, "More than one '%s' query parameter", name)
	case len(values) == 1 && values[0] != "":
		return carried{encoded: values[0]}, nil
	}
	if encoded := f.spentTicket(r.Context()); encoded != "" {
		return carried{encoded: encoded}, nil
	}
	return carried{}, refusalf(ErrNoAuthorization, "Missing '%s' query parameter", name)
}

// findInJSON reads one member of a JSON body and leaves the body whole for the
// handler. Only this member must be unique: the rest belongs to the
// application.
func (f *requestReader) findInJSON(c *gin.Context, need *requirement) (carried, error) {
	if !isJSON(c.Request.Header.Get("Content-Type")) {
		return carried{}, refusalf(ErrNoAuthorization, "Invalid content-type. Must be application/json.")
	}
	name := f.config.JSONKey
	if need.refresh {
		name = f.config.RefreshJSONKey
	}
	values := jsonBodyValues(c, name)
	if len(values) > 1 {
		return carried{}, refusalf(ErrMultipleTokens, "More than one %q key in json data", name)
	}
	if len(values) == 0 || values[0].IsFalsy() {
		return carried{}, refusalf(ErrNoAuthorization, `Missing "%s" key in json data.`, name)
	}
	encoded, ok := values[0].Str()
	if !ok {
		return carried{}, errNotText
	}
	return carried{encoded: encoded}, nil
}
