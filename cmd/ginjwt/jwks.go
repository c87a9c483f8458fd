package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func (a *app) jwksCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "jwks FILE…",
		Short: "Print the JWK Set to publish",
		Long: `Prints the JWK Set that a service with these keys publishes, for a static
/.well-known/jwks.json or for a comparison. It leaves out secrets, retired keys, and
keys for refresh tokens only.`,
		Example: `  ginjwt jwks keys.json > jwks.json
  ginjwt jwks current.pem previous.pem`,
		Args: someFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			var public []keys.Key
			for _, path := range args {
				list, err := a.readKeys(path)
				if err != nil {
					return err
				}
				public = append(public, a.published(path, list)...)
			}
			if len(public) == 0 {
				return hint(errors.New("there is no public key to publish"), "make one with: ginjwt key new --algorithm EdDSA")
			}
			text, err := publicSet(public)
			if err != nil {
				return err
			}
			a.out.text(text)
			return nil
		},
	}
}

// published returns the keys to publish, and warns of the others.
func (a *app) published(path string, list []keys.Key) (public []keys.Key) {
	for _, key := range list {
		switch {
		case isSecret(key):
			a.warn("%s: %s is a secret, and is not published", path, idOf(key))
		case key.TokenType == keys.RefreshToken:
			a.warn("%s: %s is for refresh tokens, which only your service verifies, and is not published", path, idOf(key))
		case stateOf(key, a.now()) == stateRetired:
			a.warn("%s: %s retired %s, and is not published", path, idOf(key), relative(key.NotAfter, a.now()))
		default:
			public = append(public, key)
		}
	}
	return public
}
