package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func (a *app) keyThumbprintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "thumbprint FILE",
		Short: "Print the thumbprint of each key (RFC 7638)",
		Long: `Prints the SHA-256 thumbprint of each key (RFC 7638). It is the key ID of a key that
has none. A private key and its public key have the same thumbprint.`,
		Example: `  ginjwt key thumbprint private.pem`,
		Args:    oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := a.readKeys(args[0])
			if err != nil {
				return err
			}
			var prints []map[string]string
			for _, key := range list {
				thumbprint, err := key.Thumbprint()
				if err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				prints = append(prints, map[string]string{"thumbprint": thumbprint, "kid": idOf(key)})
			}
			if a.json {
				return a.writeJSON(map[string]any{"keys": prints})
			}
			for _, p := range prints {
				a.out.line("%s", p["thumbprint"])
			}
			return nil
		},
	}
}

func (a *app) keyPublicCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "public FILE",
		Short: "Print the public keys of a file",
		Long: `Prints the public keys of a file, in the form of the file or of --format. Other
services need them to verify your tokens.`,
		Example: `  ginjwt key public private.pem > public.pem
  ginjwt key public keys.json --format pem`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			file, err := a.readKeyFile(args[0])
			if err != nil {
				return err
			}
			if format == "" {
				format = file.form
			}
			if format == formPEM && file.form == formPEM && file.keys[0].Algorithm != "" {
				a.warn("%s: the PEM text does not say that the key is for %s only; --format jwk does", args[0], file.keys[0].Algorithm)
			}
			text, err := publicText(file.keys, format)
			switch {
			case errors.Is(err, errNoFormat):
				return usage(c, "--format: %q is not jwk, set or pem", format)
			case err != nil:
				return fmt.Errorf("%s: %w", args[0], err)
			}
			a.out.text(text)
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "", "pem, jwk or set (default: the form of the file)")
	completeWith(c, "format", formJWK, formSet, formPEM)
	return c
}

var errNoFormat = errors.New("there is no such format")

// publicText returns public keys in a format. A secret among them is an error.
func publicText(list []keys.Key, format string) ([]byte, error) {
	switch format {
	case formPEM:
		var text []byte
		for _, key := range list {
			block, err := publicPEM(key)
			if err != nil {
				return nil, err
			}
			text = append(text, block...)
		}
		return text, nil
	case formJWK:
		if len(list) != 1 {
			return nil, fmt.Errorf("has %d keys, and a JWK holds one; use --format set", len(list))
		}
		jwk, err := publicJWK(list[0])
		if err != nil {
			return nil, err
		}
		return indented(jwk)
	case formSet:
		return publicSet(list)
	}
	return nil, errNoFormat
}

func publicSet(list []keys.Key) ([]byte, error) {
	set := map[string][]json.RawMessage{"keys": {}}
	for _, key := range list {
		jwk, err := publicJWK(key)
		if err != nil {
			return nil, err
		}
		set["keys"] = append(set["keys"], jwk)
	}
	return indented(set)
}

// publicJWK returns a public key with its ID and its algorithm.
func publicJWK(key keys.Key) (json.RawMessage, error) {
	if isSecret(key) {
		return nil, errSecretKey(key)
	}
	key, err := named(key)
	if err != nil {
		return nil, err
	}
	key.Algorithm = algorithmOf(key)
	return key.MarshalPublicJWK()
}
