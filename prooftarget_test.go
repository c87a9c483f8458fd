package ginjwt

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The short way for usual URLs changes nothing: it takes only URLs that parsing would not change.
func TestANormalTargetIsWhatParsingMakesOfIt(t *testing.T) {
	t.Parallel()
	taken := 0
	for _, scheme := range []string{"", "http://", "https://", "HTTP://", "http:", "ftp://", "http:////"} {
		for _, host := range []string{"", "api.example", "API.example", "a-b.example", "api_b.example", "127.0.0.1", "[::1]", "u@api.example", "api.example:80", "api.example:443", "api.example:", "..", "%61pi.example", "ü.example"} {
			for _, path := range []string{"", "/", "//", "/a", "/A_b-9/", "/a/../b", "/./a", "/.", "/%61", "/%2F", "/~a", "/a:b", "/a?b", "/a#b", "/a b", "/a\\b", "/ä", "?a", "/a;b=c"} {
				target := scheme + host + path
				if isNormalTarget(target) {
					taken++
					parsed, ok := parsedTarget(target)
					assert.True(t, ok, target)
					assert.Equal(t, target, parsed)
				}
			}
		}
	}
	assert.Equal(t, 2*4*4, taken) // with these hosts and paths: a change here changes what is fast
}

// A request has one URL, and a proof for it may spell it otherwise.
func TestTheTargetOfAProofIsTheURLOfTheRequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host, path, htu string
		origins         []string
		matches         bool
	}{
		{"api.example", "/a", "http://api.example/a", nil, true},
		{"API.example:80", "/a?b=c", "HTTP://api.EXAMPLE/%61?d#e", nil, true},
		{"api.example:", "/a", "http://api.example:80/a", nil, true},
		{"api.example:8080", "/a", "http://api.example:8080/a", nil, true},
		{"api.example:8080", "/a", "http://api.example/a", nil, false},
		{"api.example", "/a", "https://api.example/a", nil, false},
		{"api.example", "/a", "http://api.example/a/", nil, false},
		{"api.example", "/b/a", "http://api.example/a", nil, false},
		{"api.example", "/a", "http://api.example/b/a", nil, false},
		{"api.example", "/a", "http://other.example/a", nil, false},
		{"api.example/b", "/a", "http://api.example/b/a", nil, false},
		{"u@api.example", "/a", "http://u@api.example/a", nil, false},
		{"", "/a", "http:///a", nil, false},
		{"api.example", "/", "http://api.example", nil, true},
		{"inner", "/a", "https://api.example/a", []string{"https://api.example"}, true},
		{"inner", "/a", "https://api.example/v1/a", []string{"https://other.example", "https://api.example/v1/"}, true},
		{"inner", "/a", "https://api.example/a", []string{"https://api.example/v1"}, false},
		{"api.example", "/a", "http://api.example/a", []string{"https://api.example"}, false},
		{"inner", "/a", "http://inner/a", []string{"https://api.example"}, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host, r.RequestURI = test.host, test.path
		assert.Equal(t, test.matches, targetsOf(test.origins).match(test.htu, r), "%+v", test)
	}
}
