package main

import (
	"strconv"

	"github.com/gin-jwt-extended/ginjwt"
)

// lookupFunc is os.LookupEnv, or a map in tests.
type lookupFunc func(name string) (value string, ok bool)

// loadConfig reads the JWT_… variables. For variables that are not set, it uses the choices
// of this service.
func loadConfig(dir string, loopback bool, lookup lookupFunc) (ginjwt.Config, error) {
	choices := map[string]string{
		// Browsers send the refresh token only to the routes for browsers.
		"JWT_REFRESH_COOKIE_PATH": "/web",

		// Nobody can eavesdrop on the loopback interface. Chromium, Firefox and
		// curl 7.79 also send Secure cookies to http://localhost, but Safari and
		// older versions of curl do not. Elsewhere the cookies are Secure, and
		// need a proxy with TLS.
		"JWT_COOKIE_SECURE": strconv.FormatBool(!loopback),
	}
	if !hasKey(lookup) {
		secret, err := loadSecret(dir)
		if err != nil {
			return ginjwt.Config{}, err
		}
		choices["JWT_SECRET_KEY"] = secret
	}
	config, err := ginjwt.LoadConfig(func(name string) (string, bool) {
		if value, ok := lookup(name); ok {
			return value, true
		}
		value, ok := choices[name]
		return value, ok
	})
	// The page sends no CSRF values: browsers say which page sends a request.
	config.CSRFProtection, config.DisableCSRFInCookies = "fetch_metadata", true
	return config, err
}

// hasKey reports whether the environment sets a key of any kind.
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
