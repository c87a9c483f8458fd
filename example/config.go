package main

import (
	"strconv"

	"github.com/gin-jwt-extended/ginjwt"
)

// lookupFunc is os.LookupEnv, or a map in tests.
type lookupFunc func(name string) (value string, ok bool)

// loadConfig reads the JWT_… variables, and fills in what this service chooses
// where they are silent.
func loadConfig(dir string, loopback bool, lookup lookupFunc) (ginjwt.Config, error) {
	choices := map[string]string{
		// The refresh token goes only to the routes for browsers.
		"JWT_REFRESH_COOKIE_PATH": "/web",

		// On the loopback interface nobody can listen in. Chromium, Firefox and
		// curl 7.79 send Secure cookies to http://localhost all the same, but
		// Safari and older versions of curl do not. Anywhere else the cookies
		// are Secure, and need a proxy with TLS.
		"JWT_COOKIE_SECURE": strconv.FormatBool(!loopback),
	}
	if !hasKey(lookup) {
		secret, err := loadSecret(dir)
		if err != nil {
			return ginjwt.Config{}, err
		}
		choices["JWT_SECRET_KEY"] = secret
	}
	return ginjwt.LoadConfig(func(name string) (string, bool) {
		if value, ok := lookup(name); ok {
			return value, true
		}
		value, ok := choices[name]
		return value, ok
	})
}

// hasKey reports whether the environment brings a key of any kind.
func hasKey(lookup lookupFunc) bool {
	for _, name := range []string{"JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY", "JWT_KEYS"} {
		_, ok := lookup(name)
		_, inFile := lookup(name + "_FILE")
		if ok || inFile {
			return true
		}
	}
	return false
}
