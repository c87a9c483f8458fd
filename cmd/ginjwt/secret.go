package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/spf13/cobra"
)

// hashes map the HMAC algorithms to the bytes of their hash, the minimum length of a
// secret (RFC 7518 §3.2).
var hashes = map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}

func (a *app) secretCommand() *cobra.Command {
	var bytes int
	var algorithm, format, out string
	c := &cobra.Command{
		Use:   "secret",
		Short: "Make a new random secret",
		Long: `Makes a random secret for HS256, HS384 or HS512, with the random number generator
of the operating system.

Formats: base64url, hex, or env: a line for a .env file or for docker run --env-file.`,
		Example: `  ginjwt secret
  (umask 077; ginjwt secret --format env >> .env)
  ginjwt secret --algorithm HS512 --out jwt.secret`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			least, ok := hashes[algorithm]
			switch {
			case !ok:
				return usage(c, "--algorithm: %q is not HS256, HS384 or HS512; for other algorithms make a key with: ginjwt key new", algorithm)
			case !c.Flags().Changed("bytes"):
				bytes = least
			case bytes < least:
				return usage(c, "--bytes: %s needs a secret of at least %d bytes (RFC 7518 §3.2)", algorithm, least)
			case bytes > 1024:
				return usage(c, "--bytes: must be at most 1024; more bytes make a secret no stronger")
			}
			secret := newSecret(bytes)
			line, err := writtenSecret(secret, format)
			if err != nil {
				return usage(c, "%s", err)
			}
			if out != "" {
				return a.writeSecret(out, line, bytes)
			}
			if a.json {
				return a.writeJSON(map[string]any{"secret": line, "bytes": bytes, "algorithm": algorithm})
			}
			a.out.line("%s", line)
			return nil
		},
	}
	c.Flags().IntVar(&bytes, "bytes", 0, "number of random bytes (default: as many as the hash has)")
	c.Flags().StringVar(&algorithm, "algorithm", "HS256", "HS256, HS384 or HS512")
	c.Flags().StringVar(&format, "format", "base64url", "base64url, hex or env")
	c.Flags().StringVarP(&out, "out", "o", "", "write to a new `FILE` that only you can read")
	completeWith(c, "algorithm", "HS256", "HS384", "HS512")
	completeWith(c, "format", "base64url", "hex", "env")
	return c
}

func (a *app) writeSecret(path, line string, bytes int) error {
	if err := a.writeNew(path, []byte(line+"\n")); err != nil {
		return err
	}
	if a.json {
		return a.writeJSON(map[string]any{"file": path, "bytes": bytes})
	}
	a.out.line("%s: a new secret of %d bytes", path, bytes)
	return nil
}

func newSecret(bytes int) []byte {
	secret := make([]byte, bytes)
	_, _ = rand.Read(secret) // never fails
	return secret
}

func writtenSecret(secret []byte, format string) (string, error) {
	switch format {
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(secret), nil
	case "hex":
		return hex.EncodeToString(secret), nil
	case "env":
		return "JWT_SECRET_KEY=" + base64.RawURLEncoding.EncodeToString(secret), nil
	}
	return "", fmt.Errorf("--format: %q is not base64url, hex or env", repeatable(format))
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(c, "takes no arguments, but got %d", len(args))
	}
	return nil
}
