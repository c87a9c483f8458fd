package ginjwt

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// setKeys reads a JWK Set, a JWK, or a PEM text with any number of keys.
func setKeys(setting string) func(*Config, string) error {
	return func(c *Config, value string) (err error) {
		if value == "" {
			return errEmptyValue
		}
		if c.Keys, err = keys.Parse([]byte(value)); err == nil {
			return nil
		}
		if c.takePublished(setting, value) {
			return nil
		}
		err = errors.Unwrap(err) // without the name of the package
		if setting == "JWT_KEYS" {
			return adviseFile(setting, err)
		}
		return err
	}
}

// takePublished takes over a JWK Set that another issuer publishes, and warns of what
// is left out of it. It reports false for any other text.
func (c *Config) takePublished(setting, text string) bool {
	list, problems, _ := keys.ParseSet([]byte(text))
	isSecret := func(p keys.KeyProblem) bool { return errors.Is(p, keys.ErrSecretKey) }
	if len(list) == 0 || slices.ContainsFunc(problems, isSecret) || isOwnSet(text) {
		return false
	}
	c.Keys = list
	for _, p := range problems {
		problem, fix := fmt.Sprintf("a key is not used: %v", p), "remove the key if it is not meant to verify tokens"
		if p.IsUsed {
			problem, fix = fmt.Sprintf("a key is used, with a defect: %v", p), "nothing, unless the set is your own"
		}
		c.Warnings = append(c.Warnings, SettingWarning{setting, problem, fix})
	}
	return true
}

// isOwnSet reports whether a JWK Set has members that only sets of our own have, or
// times that are obeyed in them: there a key that cannot be read is a mistake.
func isOwnSet(text string) bool {
	var set struct{ Keys []map[string]json.RawMessage }
	if json.Unmarshal([]byte(text), &set) != nil {
		return true
	}
	return slices.ContainsFunc(set.Keys, func(key map[string]json.RawMessage) bool {
		for _, name := range []string{"exp", "nbf", "token_type", "verify_unnamed"} {
			if _, ok := key[name]; ok {
				return true
			}
		}
		return false
	})
}

// adviseFile says what to do with the path of a file in a setting that takes a text.
func adviseFile(setting string, err error) error {
	if !errors.Is(err, keys.ErrPath) {
		return err
	}
	return fmt.Errorf("%w; set %s_FILE to it, or, in Go, read the file with os.ReadFile", err, setting)
}
