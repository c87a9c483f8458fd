package ginjwt

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// This file says which credentials a request needs, as alternatives. JWTRequired takes the
// token from the first location that has one. So each alternative also knows the places
// that must be empty: a token there would be read instead.

// alternative is one way to pass guards.
type alternative struct {
	needs  map[string][]string  // the schemes, with scopes
	full   map[string]TokenType // places of tokens
	empty  []string             // places without tokens
	inBody bool                 // a token is in a JSON body, which no scheme describes
}

// guardSchemes are the schemes of one guard.
type guardSchemes struct {
	guard   Guard
	suffix  string // of the names of its manager
	schemes map[string]OpenAPISecurityScheme
	earlier []string // places that the guard reads first
	ways    []alternative
}

// waysOf returns the alternatives of a guard, and adds their schemes to schemes.
func waysOf(g Guard, suffix string, schemes map[string]OpenAPISecurityScheme) []alternative {
	if g.Options == "all" { // OPTIONS requests pass, whatever they carry
		return []alternative{{}}
	}
	s := &guardSchemes{guard: g, suffix: suffix, schemes: schemes}
	for _, location := range g.Locations {
		s.add(location)
	}
	if g.Optional {
		s.ways = append(s.ways, alternative{empty: s.earlier})
	}
	return s.ways
}

// waysBeside returns where the access token of RequireAccessToken may be. Its cookie needs no
// CSRF value. The handler does not look for it in a header that has the refresh token.
func waysBeside(g Guard, suffix string, schemes map[string]OpenAPISecurityScheme) []alternative {
	beside := Guard{Token: AccessToken, Bound: g.Bound, Locations: []Location{InHeaders, InCookies}, need: g.need, by: g.by}
	ways := waysOf(beside, suffix, schemes)
	for i := range ways {
		ways[i].empty = nil
	}
	return ways
}

// types returns the types of token that the guard accepts in a location.
func (s *guardSchemes) types(in Location) []TokenType {
	switch {
	case s.guard.Token != "":
		return []TokenType{s.guard.Token}
	case in == InCookies: // in the cookie of access tokens
		return []TokenType{AccessToken}
	}
	return []TokenType{AccessToken, RefreshToken}
}

// add adds the ways to pass with a token in this location.
func (s *guardSchemes) add(in Location) {
	var place string
	for _, token := range s.types(in) {
		var scheme OpenAPISecurityScheme
		scheme, place = s.schemeOf(in, token)
		if slices.Contains(s.earlier, place) {
			return
		}
		withDPoP := in == InHeaders && s.guard.readsDPoP()
		if withDPoP && s.guard.Bound {
			s.ways = append(s.ways, s.dpopWay(place, token))
			continue
		}
		way := s.way(place, token)
		if in == InJSON {
			way.inBody = true
		} else {
			s.need(way, s.nameOf(in, token), scheme, s.guard.scopes())
		}
		if in == InCookies && s.guard.needsCSRFValue() {
			s.need(way, string(token)+"CSRF", s.csrfScheme(token), nil)
		}
		if s.guard.Bound && in != InTicket { // a ticket was bought with a proof
			s.need(way, proofScheme, dpopProof, nil)
		}
		s.ways = append(s.ways, way)
		if withDPoP {
			s.ways = append(s.ways, s.dpopWay(place, token))
		}
	}
	s.earlier = append(s.earlier, place)
}

// way returns a way with a token in a place, which needs nothing yet.
func (s *guardSchemes) way(place string, token TokenType) alternative {
	return alternative{needs: map[string][]string{}, empty: slices.Clone(s.earlier), full: map[string]TokenType{place: token}}
}

func (s *guardSchemes) need(way alternative, name string, scheme OpenAPISecurityScheme, scopes []string) {
	s.schemes[name+s.suffix] = scheme
	way.needs[name+s.suffix] = append([]string{}, scopes...) // not nil, which is null in JSON
}

// scopes returns the scopes that a token must have, in any case.
func (g Guard) scopes() []string {
	scopes := slices.Clone(g.Scopes)
	for _, one := range g.AnyScopes {
		if len(one) == 1 {
			scopes = append(scopes, one...)
		}
	}
	return sortedSet(scopes)
}

// needsCSRFValue reports whether a cookie needs a CSRF value beside it.
func (g Guard) needsCSRFValue() bool { return g.CSRF == "double_submit" || g.CSRF == "both" }

// nameOf returns the name of a scheme, such as "accessHeader".
func (s *guardSchemes) nameOf(in Location, token TokenType) string {
	switch in {
	case InHeaders:
		return string(token) + "Header"
	case InCookies:
		return string(token) + "Cookie"
	case InQueryString:
		return string(token) + "Query"
	}
	return "ticket"
}

// schemeOf returns the scheme of a location, and the place of the token in a request.
func (s *guardSchemes) schemeOf(in Location, token TokenType) (scheme OpenAPISecurityScheme, place string) {
	config, what := &s.guard.by.config, "The "+string(token)+" token"
	apiKey := OpenAPISecurityScheme{Type: "apiKey"}
	switch in {
	case InHeaders:
		return headerScheme(config, what)
	case InCookies:
		apiKey.In, apiKey.Name, apiKey.Description = "cookie", config.AccessCookieName, what+"."
		if s.guard.Token == RefreshToken {
			apiKey.Name = config.RefreshCookieName
		}
	case InQueryString:
		apiKey.In, apiKey.Name, apiKey.Description = "query", config.QueryStringName, what+"."
		if prefix := config.QueryStringValuePrefix; prefix != "" {
			apiKey.Description = what + ", after the prefix " + word(prefix) + "."
		}
	case InTicket:
		apiKey.In, apiKey.Name, apiKey.Description = "query", config.TicketName, "A ticket for this request, which works once."
	default:
		return apiKey, "json " + s.guard.bodyMember()
	}
	return apiKey, apiKey.In + " " + apiKey.Name
}

func headerScheme(config *Config, what string) (scheme OpenAPISecurityScheme, place string) {
	name := http.CanonicalHeaderKey(config.HeaderName)
	if config.DisableHeaderType {
		return OpenAPISecurityScheme{Type: "apiKey", In: "header", Name: config.HeaderName, Description: what + ", alone."}, "header " + name
	}
	place = "header " + name + " " + strings.ToLower(config.HeaderType)
	if name == "Authorization" && strings.EqualFold(config.HeaderType, "Bearer") {
		return OpenAPISecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: what + "."}, place
	}
	return OpenAPISecurityScheme{Type: "apiKey", In: "header", Name: config.HeaderName,
		Description: what + `, after the scheme "` + config.HeaderType + `" and a blank.`}, place
}

func (s *guardSchemes) csrfScheme(token TokenType) OpenAPISecurityScheme {
	config := &s.guard.by.config
	name := config.AccessCSRFHeaderName
	if token == RefreshToken {
		name = config.RefreshCSRFHeaderName
	}
	return OpenAPISecurityScheme{Type: "apiKey", In: "header", Name: name,
		Description: "The CSRF value of the " + string(token) + " token in the cookie."}
}

// bodyMember returns the member of a JSON body that the guard reads.
func (g Guard) bodyMember() string {
	if g.Token == RefreshToken {
		return g.by.config.RefreshJSONKey
	}
	return g.by.config.JSONKey
}

// maxAlternatives limits how many alternatives a route may have.
const maxAlternatives = 256

// passing returns the alternatives to pass all guards. There is at least one: an empty list
// would mean that the route is public. inBody reports whether all of them also need a token
// in a JSON body. Otherwise the ways with such a token are left out.
func passing(guards [][]alternative) (needs []map[string][]string, inBody bool, err error) {
	ways := []alternative{{}}
	for _, own := range guards {
		var next []alternative
		for _, a := range ways {
			for _, b := range own {
				if a.agreesWith(b) {
					next = append(next, a.and(b))
				}
			}
		}
		switch ways = next; {
		case len(ways) == 0:
			return nil, false, errors.New("no request can pass all guards, because they require different tokens in one place")
		case len(ways) > maxAlternatives:
			return nil, false, fmt.Errorf("there are more than %d alternatives", maxAlternatives)
		}
	}
	sayable := slices.DeleteFunc(slices.Clone(ways), func(a alternative) bool { return a.inBody })
	if len(sayable) == 0 {
		return shortest(ways), true, nil
	}
	return shortest(sayable), false, nil
}

// agreesWith reports whether one request can take both ways.
func (a alternative) agreesWith(b alternative) bool {
	for place, token := range a.full {
		other, both := b.full[place]
		if both && other != token || slices.Contains(b.empty, place) {
			return false
		}
	}
	return !slices.ContainsFunc(a.empty, func(place string) bool { return b.full[place] != "" })
}

// and returns the way that takes both.
func (a alternative) and(b alternative) alternative {
	both := alternative{
		needs: map[string][]string{}, full: map[string]TokenType{}, empty: slices.Concat(a.empty, b.empty),
		inBody: a.inBody || b.inBody,
	}
	for _, way := range []alternative{a, b} {
		maps.Copy(both.full, way.full)
		for name, scopes := range way.needs {
			both.needs[name] = sortedSet(append(both.needs[name], scopes...))
		}
	}
	return both
}

// sortedSet returns names sorted, without duplicates. It is never nil.
func sortedSet(names []string) []string {
	sorted := append([]string{}, names...)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// shortest leaves out ways that need more than another way. A way that needs nothing stays
// beside the others: it says that a token is optional.
func shortest(ways []alternative) (needs []map[string][]string) {
	for i, way := range ways {
		needless := slices.ContainsFunc(ways[:i], func(other alternative) bool { return len(way.needs) == 0 && len(other.needs) == 0 })
		for j, other := range ways {
			if j != i && len(other.needs) > 0 && isWithin(other.needs, way.needs) && (j < i || !isWithin(way.needs, other.needs)) {
				needless = true
			}
		}
		if !needless {
			needs = append(needs, way.needs)
		}
	}
	return needs
}

// isWithin reports whether b needs all that a needs.
func isWithin(a, b map[string][]string) bool {
	for name, scopes := range a {
		of, ok := b[name]
		if !ok || slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(of, scope) }) {
			return false
		}
	}
	return true
}
