package ginjwt

import (
	"errors"
	"fmt"
	"slices"
)

// ConfigError is one thing that is wrong with the settings. [JWTManager.InitApp]
// and [Config.Validate] return all that they find, joined.
type ConfigError struct {
	Field   string // of Config, such as "CookieSameSite" or "Issuers[0].Audience"
	Setting string // its JWT_… name; empty where there is none
	Err     error  // what is wrong; it holds no secret
}

// Error names field, setting and what is wrong.
func (e *ConfigError) Error() string {
	if e.Setting == "" {
		return "ginjwt: " + e.Field + ": " + e.Err.Error()
	}
	return "ginjwt: " + e.Field + " (" + e.Setting + "): " + e.Err.Error()
}

// Unwrap returns what is wrong without the names.
func (e *ConfigError) Unwrap() error { return e.Err }

// problems collects what is wrong with a Config.
type problems []error

// add notes what is wrong with a field, with the name of its setting.
func (p *problems) add(field, format string, args ...any) {
	found := &ConfigError{field, SettingOf(field), fmt.Errorf(format, args...)}
	same := func(other error) bool { return other.Error() == found.Error() }
	if !slices.ContainsFunc(*p, same) { // a key of two algorithms is wrong only once
		*p = append(*p, found)
	}
}

func (p *problems) addError(field string, err error) {
	if err != nil {
		p.add(field, "%w", err)
	}
}

// addJoined notes each of the errors that package keys has joined, without its
// prefix.
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
