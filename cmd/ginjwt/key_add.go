package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func (a *app) keyAddCommand() *cobra.Command {
	s := a.newKeySpec()
	var from, fromSecret string
	var first, unnamed bool
	c := &cobra.Command{
		Use:   "add FILE",
		Short: "Add a key to a JWK Set",
		Long: `Adds a new key, or the keys of another file, to a JWK Set. It makes the file if it
does not exist. The first active key in the file signs, so a key that is added at
the end only verifies until the keys before it retire.

To replace the key that signs, use ginjwt key rotate.`,
		Example: `  ginjwt key add keys.json --algorithm ES256
  ginjwt key add keys.json --from old.pem --verify-unnamed
  ginjwt key add keys.json --from partner-public.jwk
  printenv JWT_SECRET_KEY | ginjwt key add keys.json --from-secret - --verify-unnamed`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			if from != "" && fromSecret != "" {
				return usage(c, "--from and --from-secret cannot be used together")
			}
			added, err := a.keysToAdd(c, s, from, fromSecret)
			if err != nil {
				return err
			}
			for i := range added {
				added[i].AllowMissingKeyID = added[i].AllowMissingKeyID || unnamed
			}
			if err := a.keyAdd(args[0], added, first); err != nil {
				return err
			}
			return a.sayAdded(args[0], added)
		},
	}
	s.flags(c, "EdDSA")
	s.timeFlags(c)
	c.Flags().StringVar(&from, "from", "", "add the keys of this `FILE` instead of a new key")
	c.Flags().StringVar(&fromSecret, "from-secret", "", "add the secret in this `FILE`, such as the value of JWT_SECRET_KEY")
	c.Flags().BoolVar(&first, "first", false, "put the key before the others, so that it signs immediately")
	c.Flags().BoolVar(&unnamed, "verify-unnamed", false, `let the key also verify tokens without "kid", which are older than the list`)
	return c
}

// keyAdd adds keys to a file. It makes the file if it does not exist.
func (a *app) keyAdd(path string, added []keys.Key, first bool) error {
	if path == "-" {
		return errChangesInput
	}
	insert := func(file *keyFile) error {
		for i, key := range added {
			at := len(file.keys)
			if first {
				at = i
			}
			if err := file.insert(at, key); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return a.changeKeys(path, false, insert)
	}
	file := &keyFile{path: path}
	if err := errors.Join(insert(file), checkList(file)); err != nil {
		return err
	}
	text, err := file.encoded()
	if err != nil {
		return err
	}
	return a.writeNew(path, text)
}

func (a *app) sayAdded(path string, added []keys.Key) error {
	list := listed(path, added, a.now())
	if a.json {
		return a.writeJSON(map[string]any{"added": list})
	}
	for _, k := range list {
		a.out.line("%s: added %s (%s)", path, k.ID, k.Algorithm)
	}
	return nil
}

func (a *app) keysToAdd(c *cobra.Command, s *keySpec, from, fromSecret string) ([]keys.Key, error) {
	if from == "" && fromSecret == "" {
		if err := s.check(c, a.now()); err != nil {
			return nil, err
		}
		key, err := s.newKey()
		return []keys.Key{key}, err
	}
	algorithm := ""
	if c.Flags().Changed("algorithm") {
		algorithm = s.algorithm
	}
	list, err := a.existingKeys(from, fromSecret, algorithm)
	if err != nil {
		return nil, err
	}
	if len(list) > 1 && s.id != "" {
		return nil, usage(c, "--id: %s has %d keys, and an ID is for one key", from, len(list))
	}
	for i := range list {
		list[i].Algorithm = cmp.Or(algorithm, algorithmOf(list[i]))
		if s.id != "" {
			list[i].ID = s.id
		}
		if !s.notBefore.IsZero() {
			list[i].NotBefore = s.notBefore.Time
		}
		if !s.notAfter.IsZero() {
			list[i].NotAfter = s.notAfter.Time
		}
		if s.tokenType != "" {
			list[i].TokenType = s.tokenType
		}
	}
	return list, nil
}

func (a *app) existingKeys(from, fromSecret, algorithm string) ([]keys.Key, error) {
	if fromSecret == "" {
		file, err := a.readKeyFile(from)
		if err != nil {
			return nil, err
		}
		return file.keysFor(algorithm)
	}
	secret, err := a.readSecret(fromSecret)
	return []keys.Key{{Sign: []byte(secret)}}, err
}

// keysFor returns the keys of f. A single PEM key must fit the algorithm, if one is given:
// an RSA-PSS key fits only PS algorithms.
func (f *keyFile) keysFor(algorithm string) ([]keys.Key, error) {
	if algorithm == "" || f.form != formPEM || len(f.keys) != 1 || f.keys[0].Algorithm == "" {
		return f.keys, nil
	}
	parse := keys.ParsePublic
	if f.keys[0].Sign != nil {
		parse = keys.ParsePrivate
	}
	key, err := parse(algorithm, f.text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	return []keys.Key{key}, nil
}
