package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHostsOfRequests(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"acme.test":                       "acme.test",
		"ACME.Test":                       "acme.test",
		"acme.test.":                      "acme.test",
		"acme.test:8080":                  "acme.test",
		"acme.test.:8080":                 "acme.test",
		"acme.test:":                      "acme.test",
		"xn--bcher-kva.test":              "xn--bcher-kva.test",
		"localhost":                       "localhost",
		"192.0.2.1":                       "192.0.2.1",
		strings.Repeat("a", 63) + ".test": strings.Repeat("a", 63) + ".test",

		"":                                 "",
		".":                                "",
		":8080":                            "",
		"acme.test..":                      "",
		".acme.test":                       "",
		"acme..test":                       "",
		"acme.test:http":                   "",
		"acme.test:80:80":                  "",
		"acme.test,globex.test":            "",
		"acme.test globex.test":            "",
		"acme.test/":                       "",
		"acme.test\x00":                    "",
		"user@acme.test":                   "",
		"bücher.test":                      "",
		"acme_test":                        "",
		"-acme.test":                       "",
		"acme-.test":                       "",
		"[::1]":                            "",
		"[::1]:8080":                       "",
		"\u212aelvin.test":                 "", // the Kelvin sign, whose lower case is k
		strings.Repeat("a", 64) + ".test":  "",
		strings.Repeat("a.", 126) + "test": "",
	} {
		host, ok := hostOf(header)
		assert.Equal(t, want != "", ok, "%q", header)
		if ok {
			assert.Equal(t, want, host, "%q", header)
		}
	}
}

// A tenant with a name in another script gets the form that browsers send.
func TestHostsOfNewTenants(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{"Bücher.test": "xn--bcher-kva.test", "acme.test": "acme.test", "ACME.test": "acme.test"} {
		made, err := newTenant("acme", host)
		require.NoError(t, err)
		assert.Equal(t, want, made.Host)
	}
	for _, host := range []string{"", "acme test", "acme.test:8080", "https://acme.test", "*.test"} {
		_, err := newTenant("acme", host)
		assert.Error(t, err, "%q", host)
	}
}
