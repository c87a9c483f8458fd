package ginjwt

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// For every target, the ticket admits the request that a client makes of the target, and no
// other request.
func FuzzTicketTargets(f *testing.F) {
	for _, seed := range [][2]string{
		{"/", "/"}, {"/live?room=1", "/live?room=2"}, {"/live?", "/live"}, {"/a%2Fb", "/a/b"}, {"/a?x&", "/a?x"}, {"/a?&&", "/a?&"}, {"/a??", "/a?"},
		{"/a?q=%zz;b=1", "/a?q=%zz&b=1"}, {"/a;b=1/..//c?d#", "/c"}, {"/%61?%74icket", "/a?ticket=1"}, {"//evil.example/", "/"}, {"/ü", "/%C3%BC"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, bought, other string) {
		path, query, problem := parseTarget(bought, "ticket")
		if problem != "" {
			return
		}
		ticket := &ticket{ticketClaims: ticketClaims{Request: digestOf("GET", path, query)}}
		separator := "?"
		if strings.Contains(bought, "?") {
			separator = "&"
		}
		u, err := url.ParseRequestURI(bought + separator + "ticket=a.b.c")
		require.NoError(t, err)
		r := &http.Request{Method: "GET", URL: u, RequestURI: u.RequestURI()}
		require.NoError(t, ticket.admits(r, "ticket"))

		bare := withoutTicket(r, "ticket")
		assert.NotContains(t, bare.RequestURI, "a.b.c")
		require.NoError(t, ticket.admits(bare, "ticket"), "and again without it")
		assert.Equal(t, u.EscapedPath(), bare.URL.EscapedPath())
		want := path
		if query != "" {
			want += "?" + query
		}
		assert.Equal(t, want, bare.RequestURI)

		r.Method = "HEAD"
		require.Error(t, ticket.admits(r, "ticket"))
		if u, err := url.ParseRequestURI(other); err == nil {
			same := u.EscapedPath() == path && u.RawQuery == query
			if len(queryValues(u.RawQuery, "ticket")) == 0 {
				assert.Equal(t, same, ticket.admits(&http.Request{Method: "GET", URL: u}, "ticket") == nil, other)
			}
		}
	})
}

// Removing the CSRF value changes nothing else in a payload.
func FuzzPayloadsWithoutCSRF(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { "a" : [1, {"csrf":"kept"}] , "csrf" : "x"} `, `{"csrf":"x","sub":"alice"}`, `{"\u0063srf":"x","b":1e5}`, `{"csrf":{"a":1}}`, `{"a":"\"csrf\":\"x\""}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names := &claimNames{identity: "sub", typ: "type", fresh: "fresh"}
		before, err := readPayload([]byte(text), text, names, nil)
		if err != nil {
			return
		}
		short := withoutCSRF(text)
		after, err := readPayload([]byte(short), short, names, nil)
		require.NoError(t, err, short)
		assert.Empty(t, after.csrf)
		assert.Equal(t, before.csrfJSON == "", after.csrfJSON == "")
		before.csrf, before.csrfJSON, after.csrf, after.csrfJSON = "", "", "", ""
		assert.Equal(t, before, after)
	})
}
