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

// requestReader finds the token in a request.
type requestReader struct {
	config         *Config
	header         headerReader
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
		accessCookies:  config.accessCookies(),
		refreshCookies: config.refreshCookies(),
		header:         newHeaderReader(config),
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
			if found, ok := f.header.findSole(c.Request); ok {
				return carried{encoded: found.token, scheme: found.scheme, location: location}, nil
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

// findInHeaders returns the token in the header of the settings.
func (f *requestReader) findInHeaders(r *http.Request) (carried, error) {
	found, err := f.header.find(r)
	return carried{encoded: found.token, scheme: found.scheme}, err
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
