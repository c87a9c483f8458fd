package ginjwt

import (
	"errors"
	"fmt"
	"slices"
)

// ConfigError is one problem with the settings. [JWTManager.InitApp] and
// [Config.Validate] return all problems together, joined.
type ConfigError struct {
	Field   string // of Config, such as "CookieSameSite" or "Issuers[0].Audience"
	Setting string // its JWT_… name; empty if it has none
	Err     error  // what is wrong; it contains no secret
}

// Error returns the field, the setting, and what is wrong.
func (e *ConfigError) Error() string {
	if e.Setting == "" {
		return "ginjwt: " + e.Field + ": " + e.Err.Error()
	}
	return "ginjwt: " + e.Field + " (" + e.Setting + "): " + e.Err.Error()
}

// Unwrap returns Err, which is the problem without the names.
func (e *ConfigError) Unwrap() error { return e.Err }

// problems collects the problems of a Config.
type problems []error

// add adds a problem of a field, with the name of its setting.
func (p *problems) add(field, format string, args ...any) {
	found := &ConfigError{field, SettingOf(field), fmt.Errorf(format, args...)}
	same := func(other error) bool { return other.Error() == found.Error() }
	if !slices.ContainsFunc(*p, same) { // a key of two algorithms has each problem only once
		*p = append(*p, found)
	}
}

// addError adds err as a problem of a field, if it is not nil.
func (p *problems) addError(field string, err error) {
	if err != nil {
		p.add(field, "%w", err)
	}
}

// addJoined adds each error that package keys has joined, without the prefix of that
// package.
func (p *problems) addJoined(field string, err error) {
	joined, ok := errors.Unwrap(err).(interface{ Unwrap() []error })
	if !ok {
		p.addError(field, err)
		return
	}
	for _, err := range joined.Unwrap() {
		p.addError(field, err)
	}
}

func (p *problems) join() error { return errors.Join(*p...) }
