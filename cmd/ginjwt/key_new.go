package main

import (
	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func (a *app) keyNewCommand() *cobra.Command {
	s := a.newKeySpec()
	var out, format string
	c := &cobra.Command{
		Use:   "new",
		Short: "Make a new key",
		Long: `Makes a key and writes it to a new file that only you can read, or to standard
output. It never overwrites a file.

Formats: jwk, set (a JWK Set with one key, for JWT_KEYS_FILE), or pem (for
JWT_PRIVATE_KEY_FILE), which cannot store key IDs and times.`,
		Example: `  ginjwt key new --algorithm EdDSA --format set --out keys.json
  ginjwt key new --algorithm RS256 --format pem --out private.pem
  ginjwt key new --algorithm ES256 --type refresh --not-before +24h --out refresh.jwk`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.keyNew(c, s, out, format) },
	}
	s.flags(c, "EdDSA")
	s.timeFlags(c)
	c.Flags().StringVarP(&out, "out", "o", "", "write to a new `FILE`")
	c.Flags().StringVar(&format, "format", formJWK, "jwk, set or pem")
	completeWith(c, "format", formJWK, formSet, formPEM)
	return c
}

func (a *app) keyNew(c *cobra.Command, s *keySpec, out, format string) error {
	if err := s.check(c, a.now()); err != nil {
		return err
	}
	if format == formPEM {
		if err := s.checkPEM(c); err != nil {
			return err
		}
	}
	key, err := s.newKey()
	if err != nil {
		return err
	}
	text, err := keyText(key, format)
	switch {
	case text == nil && err == nil:
		return usage(c, "--format: %q is not jwk, set or pem", format)
	case err != nil:
		return err
	case out == "":
		a.out.text(text)
		return nil
	}
	if err := a.writeNew(out, text); err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(map[string]string{"file": out, "kid": key.ID, "algorithm": key.Algorithm})
	}
	a.out.line("%s: a new key for %s, %s", out, key.Algorithm, key.ID)
	return nil
}

// checkPEM refuses flags whose values a PEM text cannot store.
func (s *keySpec) checkPEM(c *cobra.Command) error {
	for _, name := range []string{"id", "not-before", "not-after", "type"} {
		if c.Flags().Changed(name) {
			return usage(c, "--%s: a PEM text cannot store it; use --format jwk", name)
		}
	}
	if hashes[s.algorithm] != 0 {
		return usage(c, "--format pem: a secret for %s has no PEM form; use --format jwk, or ginjwt secret", s.algorithm)
	}
	return nil
}

// keyText returns a private key in a format, or nil for an unknown format.
func keyText(key keys.Key, format string) ([]byte, error) {
	if format == formPEM {
		return privatePEM(key)
	}
	raw, err := rawJWK(key)
	switch {
	case err != nil:
		return nil, err
	case format == formJWK:
		return indented(raw)
	case format == formSet:
		return (&keyFile{raw: []object{raw}}).encoded()
	}
	return nil, nil
}
