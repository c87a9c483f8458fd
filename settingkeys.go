package ginjwt

import (
	"errors"
	"fmt"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// setKeys reads a JWK Set, a JWK, or a PEM text with any number of keys. It warns about
// keys that it skips in a JWK Set of another issuer.
func setKeys(setting string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if value == "" {
			return errEmptyValue
		}
		list, problems, err := keys.ParseAny([]byte(value))
		if err != nil {
			err = errors.Unwrap(err) // without the name of the package
			if setting == "JWT_KEYS" {
				return adviseFile(setting, err)
			}
			return err
		}
		c.Keys = list
		for _, p := range problems {
			problem, fix := fmt.Sprintf("a key is not used: %v", p), "remove the key if it need not verify tokens"
			if p.Used {
				problem, fix = fmt.Sprintf("a key is used, with a defect: %v", p), "correct the key if the JWK Set is your own; otherwise ignore this"
			}
			c.Warnings = append(c.Warnings, SettingWarning{setting, problem, fix})
		}
		return nil
	}
}

// adviseFile says what to do about the path of a file in a setting that takes text.
func adviseFile(setting string, err error) error {
	if !errors.Is(err, keys.ErrPath) {
		return err
	}
	return fmt.Errorf("%w; set %s_FILE to it, or, in Go, read the file with os.ReadFile", err, setting)
}
