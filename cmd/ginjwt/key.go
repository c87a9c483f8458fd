package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func (a *app) keyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Make, list and rotate keys",
		Long: `Makes, lists and rotates the keys that sign and verify tokens. A file of keys has PEM
texts, a JWK (RFC 7517), or a JWK Set, which JWT_KEYS_FILE names. Only "key new"
without --out prints a private key or a secret. New files with them are for their
owner only (0600).`,
		Example: `  ginjwt key new --algorithm EdDSA --format set --out keys.json
  ginjwt key list keys.json
  ginjwt key rotate keys.json --activate-in 1h --retire-after 31d`,
	}
	c.AddCommand(
		a.keyNewCommand(), a.keyListCommand(), a.keyThumbprintCommand(), a.keyPublicCommand(),
		a.keyAddCommand(), a.keyRotateCommand(), a.keyRetireCommand(), a.keyRemoveCommand(),
	)
	asGroup(c)
	return c
}

// keySpec describes a new key.
type keySpec struct {
	algorithm string
	bits      int
	id        string
	notBefore moment
	notAfter  moment
	tokenType string
}

func (a *app) newKeySpec() *keySpec {
	return &keySpec{notBefore: moment{now: a.now}, notAfter: moment{now: a.now}}
}

func (s *keySpec) flags(c *cobra.Command, algorithm string) {
	f := c.Flags()
	f.StringVar(&s.algorithm, "algorithm", algorithm, "EdDSA, ES256, RS256 … or HS256 …")
	f.IntVar(&s.bits, "bits", 3072, "size of an RSA key in bits")
	f.StringVar(&s.id, "id", "", `key ID, "kid" (default: the thumbprint)`)
	f.StringVar(&s.tokenType, "type", "", "use the key for one type of token only: access or refresh")
	completeWith(c, "algorithm", allAlgorithms...)
	completeWith(c, "type", "access", "refresh")
}

func (s *keySpec) timeFlags(c *cobra.Command) {
	c.Flags().Var(&s.notBefore, "not-before", "when the key begins to sign: +24h, 2026-12-01")
	c.Flags().Var(&s.notAfter, "not-after", "when the key retires: it neither signs nor verifies")
}

// check returns an error if the spec is wrong.
func (s *keySpec) check(c *cobra.Command, now time.Time) error {
	s.algorithm = keys.CanonicalAlgorithm(s.algorithm)
	switch {
	case !slices.Contains(allAlgorithms, s.algorithm):
		return usage(c, "--algorithm: unknown algorithm %q%s", s.algorithm, didYouMean(s.algorithm, allAlgorithms))
	case s.bits < 2048 || s.bits > 8192:
		return usage(c, "--bits: must be from 2048 to 8192")
	case s.tokenType != "" && s.tokenType != "access" && s.tokenType != "refresh":
		return usage(c, "--type: %q is neither access nor refresh", s.tokenType)
	case !s.notAfter.IsZero() && !s.notAfter.After(s.notBefore.Time):
		return usage(c, "--not-after: must be after --not-before")
	case !s.notAfter.IsZero() && !s.notAfter.After(now):
		return usage(c, "--not-after: is in the past; the key would never be used")
	}
	return nil
}

// newKey makes a key.
func (s *keySpec) newKey() (keys.Key, error) {
	key := keys.Key{
		ID:        s.id,
		Algorithm: s.algorithm,
		NotBefore: s.notBefore.Truncate(time.Second),
		NotAfter:  s.notAfter.Truncate(time.Second),
		TokenType: s.tokenType,
	}
	for {
		var err error
		if key.Sign, err = s.newPrivateKey(); err != nil {
			return key, fmt.Errorf("a key for %s: %w", s.algorithm, err)
		}
		name, err := named(key)
		if err != nil || s.id != "" || !strings.HasPrefix(name.ID, "-") { // the command line would read the ID as a flag
			return name, err
		}
	}
}

func (s *keySpec) newPrivateKey() (any, error) {
	switch s.algorithm[:2] {
	case "HS":
		return newSecret(hashes[s.algorithm]), nil
	case "RS", "PS":
		return rsa.GenerateKey(rand.Reader, s.bits)
	case "ES":
		curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[s.algorithm]
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return private, err
}

// oneFile checks the arguments of commands for one file.
func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage(c, "takes one file, but got %d", len(args))
	}
	return nil
}

// someFiles checks the arguments of commands for several files.
func someFiles(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(c, "needs a file, or - for standard input")
	}
	return nil
}
