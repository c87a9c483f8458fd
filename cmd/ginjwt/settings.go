package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// source has the flags that say where settings and keys come from.
type source struct {
	envFile    string
	keyFiles   []string
	secretFile string
	secret     refusedSecret
	algorithm  string
}

// flags adds the flags of a source to a command.
func (s *source) flags(c *cobra.Command) {
	c.Flags().StringVarP(&s.envFile, "env-file", "e", "", "read the JWT_… settings from a .env `FILE`, not from the environment")
	c.Flags().StringArrayVarP(&s.keyFiles, "key", "k", nil, "use the keys in `FILE` (PEM, JWK or JWK Set) instead of the keys of the settings; may be repeated")
	c.Flags().StringVar(&s.secretFile, "secret-file", "", "use the secret in `FILE` instead of the keys of the settings")
	c.Flags().StringVar(&s.algorithm, "algorithm", "", "algorithm of the secret, or of a key that does not name one")
	c.Flags().Var(&s.secret, "secret", "")
	_ = c.Flags().MarkHidden("secret")
	completeWith(c, "algorithm", allAlgorithms...)
}

var allAlgorithms = []string{
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// refusedSecret is the flag --secret, which every command refuses with an explanation.
type refusedSecret struct{}

func (refusedSecret) String() string { return "" }
func (refusedSecret) Type() string   { return "secret" }
func (refusedSecret) Set(string) error {
	return errors.New("everybody on this machine can read a secret on the command line (ps), and your shell keeps it in its history; " +
		"use --secret-file FILE, --env-file FILE or the environment variable JWT_SECRET_KEY")
}

// environment returns the variables of s, with remarks on its .env file.
func (a *app) environment(s *source) (envFile, error) {
	if s.envFile == "" {
		return envFile{values: a.env}, nil
	}
	text, err := a.readFile(s.envFile)
	if err != nil {
		return envFile{}, err
	}
	file, err := parseEnvFile(string(text))
	if err != nil {
		return envFile{}, fmt.Errorf("%s: %w", s.envFile, err)
	}
	return file, nil
}

// config returns the settings of s.
func (a *app) config(s *source) (ginjwt.Config, error) {
	file, err := a.environment(s)
	if err != nil {
		return ginjwt.Config{}, err
	}
	env := file.values
	for _, warning := range file.warnings {
		a.warn("%s: %s", s.envFile, warning)
	}
	if s.envFile != "" {
		a.warnOfOthers(s.envFile, bringsSecrets(env))
	}
	if s.secretFile != "" || len(s.keyFiles) > 0 {
		env = withoutKeys(env)
	}
	config, err := env.load()
	if err != nil {
		return config, hint(err, "%s", s.whence())
	}
	config.Warnings = nil // only doctor reports them; InitApp would log them
	for _, open := range a.openFiles(env) {
		a.warn("%s: everybody on this machine can %s", open.setting, open.can)
	}
	config.Now = a.now
	config.TokenCacheSize = -1
	// The CLI has no session store, and InitApp refuses settings of sessions without one.
	config.SessionGrace, config.SessionLifetime, config.MaxSessions = 0, 0, 0
	config.DetailedPairs, config.RenewedTokenHeader = false, ""
	return config, a.useKeys(&config, s)
}

// whence says where the settings come from.
func (s *source) whence() string {
	if s.envFile == "" {
		return "the settings come from the environment; --env-file FILE reads them from a file. See: ginjwt doctor"
	}
	return fmt.Sprintf("the settings come from %s. See: ginjwt doctor --env-file %s", s.envFile, s.envFile)
}

// keySettings are the names of all settings with keys.
var keySettings = []string{
	"JWT_SECRET_KEY", "JWT_SECRET_KEY_FILE", "JWT_PRIVATE_KEY", "JWT_PRIVATE_KEY_FILE",
	"JWT_PUBLIC_KEY", "JWT_PUBLIC_KEY_FILE", "JWT_KEYS", "JWT_KEYS_FILE",
}

// openFile is a file of a setting that everybody on the machine can read or change.
type openFile struct{ setting, can, mode string }

// openFiles returns the files of settings that everybody on the machine can read or change.
func (a *app) openFiles(env environment) (all []openFile) {
	for _, name := range []string{"JWT_KEYS_FILE", "JWT_PRIVATE_KEY_FILE", "JWT_PUBLIC_KEY_FILE", "JWT_SECRET_KEY_FILE"} {
		path := env[name]
		if can, _ := openTo(path, true); can == "" {
			continue
		}
		secret := name != "JWT_PUBLIC_KEY_FILE"
		if name == "JWT_KEYS_FILE" {
			text, _ := a.readFile(path) // env.load reports an unreadable file
			list, _ := keys.Parse(text)
			secret = holdsPrivate(list)
		}
		if can, mode := openTo(path, secret); can != "" {
			all = append(all, openFile{name, can, mode})
		}
	}
	return all
}

// bringsSecrets reports whether env contains a secret or a private key itself, not only
// the name of a file.
func bringsSecrets(env environment) bool {
	return env["JWT_SECRET_KEY"]+env["JWT_PRIVATE_KEY"]+env["JWT_KEYS"] != ""
}

// withoutKeys returns env without the settings of keys and algorithms.
func withoutKeys(env environment) environment {
	others := environment{}
	for name, value := range env {
		others[name] = value
	}
	for _, name := range append(keySettings, "JWT_ALGORITHM", "JWT_DECODE_ALGORITHMS") {
		delete(others, name)
	}
	return others
}

// useKeys puts the keys of the flags into config.
func (a *app) useKeys(config *ginjwt.Config, s *source) error {
	s.algorithm = keys.CanonicalAlgorithm(s.algorithm)
	switch {
	case s.secretFile != "" && len(s.keyFiles) > 0:
		return &usageError{"--secret-file and --key cannot be used together", "use one of the two"}
	case s.algorithm != "" && !isAlgorithm(s.algorithm):
		return &usageError{
			fmt.Sprintf("--algorithm: unknown algorithm %q%s", repeatable(s.algorithm), didYouMean(s.algorithm, allAlgorithms)),
			"algorithms: " + strings.Join(allAlgorithms, ", "),
		}
	}
	if s.secretFile != "" && s.algorithm != "" && hashes[s.algorithm] == 0 {
		return &usageError{"--algorithm " + s.algorithm + ": uses no secret", "use --key FILE, or HS256, HS384 or HS512"}
	}
	if s.algorithm != "" {
		config.Algorithm, config.DecodeAlgorithms = s.algorithm, nil
	}
	if s.secretFile != "" {
		secret, err := a.readSecret(s.secretFile)
		config.SecretKey = secret
		return err
	}
	for _, path := range s.keyFiles {
		list, err := a.readKeysOfAnyone(path, s.algorithm)
		if err != nil {
			return hint(err, "--key reads PEM, JWK and JWK Set files; for a plain secret use --secret-file")
		}
		config.Keys = append(config.Keys, list...)
	}
	return nil
}

func isAlgorithm(name string) bool {
	for _, algorithm := range allAlgorithms {
		if name == algorithm {
			return true
		}
	}
	return false
}

// readSecret reads a file with a secret, and removes the line break at its end.
func (a *app) readSecret(path string) (string, error) {
	text, err := a.readFile(path)
	if err != nil {
		return "", err
	}
	secret := oddtext.CutLineEnd(string(text)) // as LoadConfig does
	switch {
	case secret == "":
		return "", fmt.Errorf("%s: the secret is empty", path)
	case strings.HasPrefix(secret, "JWT_"):
		return "", hint(fmt.Errorf("%s: has a setting, not a plain secret", path), "read it with: --env-file %s", path)
	}
	a.warnOfOthers(path, true)
	return secret, nil
}

// manager returns an initialized manager. It checks no nonces of DPoP if a flag replaces the
// keys: InitApp refuses keys that no nonce can be derived from, such as public keys.
func (a *app) manager(config ginjwt.Config, s *source) (*ginjwt.JWTManager, error) {
	config.DPoPNonce = config.DPoPNonce && len(s.keyFiles) == 0
	m := ginjwt.New(config)
	if err := m.InitApp(nil); err != nil {
		return nil, hint(err, "%s", s.keyHint(config))
	}
	return m, nil
}

func (s *source) keyHint(config ginjwt.Config) string {
	if !hasKeys(config) {
		return "give a key with --key FILE or --secret-file FILE, or with JWT_… settings in the environment or in --env-file FILE"
	}
	return s.whence()
}

func hasKeys(config ginjwt.Config) bool {
	return config.SecretKey != "" || config.PrivateKey != "" || config.PublicKey != "" || len(config.Keys) > 0
}

var errNoKey = errors.New("there is no key to verify with")

// checkKeys prepares the keys that verify. A single key without an ID, times or a type,
// such as a PEM key, verifies tokens with any "kid", as JWT_PUBLIC_KEY does.
func (a *app) checkKeys(config *ginjwt.Config, s *source) error {
	if !hasKeys(*config) {
		return hint(errNoKey, "%s", s.keyHint(*config))
	}
	if len(s.keyFiles) == 0 || len(config.Keys) != 1 {
		return nil
	}
	key := config.Keys[0]
	if key.ID != "" || !key.NotBefore.IsZero() || !key.NotAfter.IsZero() || key.TokenType != "" {
		return nil
	}
	if key.Algorithm == "" && s.algorithm == "" {
		config.Algorithm = algorithmOf(key)
	} else if key.Algorithm != "" {
		config.Algorithm = key.Algorithm
	}
	config.Keys = nil
	if secret, ok := key.Verify.([]byte); ok {
		config.SecretKey = string(secret)
		return nil
	}
	if secret, ok := key.Sign.([]byte); ok {
		config.SecretKey = string(secret)
		return nil
	}
	public, err := publicPEM(key)
	config.PublicKey = string(public)
	return err
}
