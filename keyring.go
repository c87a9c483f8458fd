package ginjwt

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// keyring holds the keys of a manager, and the cache of tokens verified with them. It is
// always replaced as a whole.
type keyring struct {
	set   *keys.Set
	cache *tokenCache // nil: off
}

// checkSuccessor refuses a list that signs nothing by mistake, because it has only public
// keys, or keys with a later NotBefore.
func checkSuccessor(set, next *keys.Set, now time.Time) error {
	for _, typ := range []TokenType{AccessToken, RefreshToken} {
		signs := func(s *keys.Set) bool { return s.SigningKey(string(typ), now, now) != nil }
		if !signs(next) && signs(set) && !next.HasRetired(now) {
			return fmt.Errorf("none of the keys signs %s tokens now", typ)
		}
	}
	return nil
}

// mayHaveKeys reports why a list cannot replace the keys of c.
func (c Config) mayHaveKeys(list []keys.Key) error {
	if len(list) == 0 {
		return errors.New("there are no keys")
	}
	for _, i := range c.Issuers {
		if i.IdentityPrefix == "" && !i.AllowSharedIdentities {
			return fmt.Errorf("issuer %q: it could name the users of the manager itself; set its IdentityPrefix, or AllowSharedIdentities", i.Name)
		}
	}
	return nil
}

// keyOptions returns the options for checking keys of c.
func (c Config) keyOptions() keys.Options {
	return keys.Options{Algorithm: c.Algorithm, AllowShortSecret: c.AllowShortSecret}
}

// checkedConfig is a valid Config, and what the checks made of it.
type checkedConfig struct {
	config  Config // with defaults
	keys    *keys.Set
	foreign map[string]*issuerRules // by "iss"

	clockIsReal bool // the application has set no Config.Now
}

// Validate reports everything that InitApp would refuse, or nil. The error joins a
// [*ConfigError] for each problem. Validate does not know loaders, so it reports a
// missing key even if a loader would provide it.
func (c Config) Validate() error {
	_, err := c.check(&callbacks{})
	return err
}

func (c Config) check(loaders *callbacks) (checkedConfig, error) {
	var p problems
	config := c.withDefaults()
	config.validate(&p)
	if config.Sessions != nil {
		loaders.validate(&p)
	}
	checked := checkedConfig{
		config:  config,
		keys:    keySettings{given: c, config: config, loadsToSign: loaders.encodeKey != nil, loadsToVerify: loaders.decodeKey != nil}.parse(&p),
		foreign: config.foreignRules(&p),

		clockIsReal: c.Now == nil,
	}
	config.validateNonces(checked.keys, &p)
	config.validateIssuers(config.hasOwnKeys() || loaders.decodeKey != nil, &p)
	return checked, p.join()
}

// keySettings make the keys of a Config.
type keySettings struct {
	given         Config // before defaults
	config        Config
	loadsToSign   bool // there is an EncodeKeyLoader
	loadsToVerify bool // there is a DecodeKeyLoader
}

// parse makes the keys, and adds their problems to p.
func (s keySettings) parse(p *problems) *keys.Set {
	config := s.config
	set, err := config.keyOptions().NewSet(config.Keys...)
	p.addJoined("Keys", err)
	if set == nil {
		set = &keys.Set{}
	}
	if len(config.Keys) > 0 && err == nil && !slices.ContainsFunc(config.Keys, config.isInUse) {
		p.add("Keys", "all keys have retired, so no token can be made or verified; add a new key")
	}
	names := config.algorithms()
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			continue
		}
		field := "DecodeAlgorithms"
		if i == 0 {
			field = "Algorithm"
		}
		key, given := config.keyFor(name, field, p)
		switch {
		case key != nil && i == 0 && len(config.Keys) == 0:
			set = set.Append(key)
		case key != nil:
			set = set.Append(key.WithoutSigning())
		case !given && !config.listsKeyFor(name) && s.needsKey(i):
			s.missingKey(name, field, p)
		}
	}
	return set
}

func (c Config) isInUse(k keys.Key) bool { return !k.IsRetired(c.Now()) }

func (c Config) listsKeyFor(algorithm string) bool {
	return slices.ContainsFunc(c.Keys, func(k keys.Key) bool { return k.AlgorithmOr(c.Algorithm) == algorithm })
}

// needsKey reports whether the i-th algorithm needs a key in the settings. A loader may
// provide it. The default algorithm needs no key if there are other keys.
func (s keySettings) needsKey(i int) bool {
	isDefault := i == 0 && s.given.Algorithm == ""
	return !s.loadsToVerify && !(isDefault && (len(s.given.Keys)+len(s.given.Issuers) > 0 || s.given.IssuerResolver != nil))
}

// algorithms returns all accepted algorithms. The first one signs.
func (c Config) algorithms() []string {
	return append([]string{c.Algorithm}, c.DecodeAlgorithms...)
}

// hasOwnKeys reports whether c has keys for the manager's own tokens.
func (c Config) hasOwnKeys() bool {
	return len(c.Keys) > 0 || slices.ContainsFunc(c.algorithms(), func(name string) bool {
		if keys.IsHMAC(name) {
			return c.SecretKey != ""
		}
		return c.PrivateKey+c.PublicKey != ""
	})
}

// keepShortSecret says how to replace a short secret without logging anybody out.
const keepShortSecret = ", or, so that nobody has to log in again, set AllowShortSecret (JWT_ALLOW_SHORT_SECRET=true) and let a new key sign beside this one (JWT_KEYS_FILE)"

// keyFor makes the key of one algorithm, if c has one. If the key is invalid, it is nil,
// and p has the problem.
func (c Config) keyFor(name, field string, p *problems) (key *keys.Bound, given bool) {
	switch {
	case !keys.IsAlgorithm(name):
		p.add(field, "%q is not a signing algorithm; use HS256, RS256, PS256, ES256 (or a longer variant) or EdDSA", name)
		return nil, true
	case keys.IsHMAC(name) && c.SecretKey != "":
		key, err := c.keyOptions().Bind(keys.Key{Algorithm: name, Sign: []byte(c.SecretKey)})
		if _, long := (keys.Options{AllowShortSecret: true}).Bind(keys.Key{Algorithm: name, Sign: []byte(c.SecretKey)}); err != nil && long == nil {
			err = fmt.Errorf("%w%s", err, keepShortSecret)
		}
		p.addError("SecretKey", err)
		return key, true
	case !keys.IsHMAC(name) && c.PrivateKey+c.PublicKey != "":
		return c.keyPairFor(name, p), true
	}
	return nil, false
}

// keyPairFor makes the key of an asymmetric algorithm from PrivateKey, PublicKey or both.
func (c Config) keyPairFor(name string, p *problems) *keys.Bound {
	var private, public keys.Key
	var err, err2 error
	field := "PublicKey"
	if c.PublicKey != "" {
		public, err = keys.ParsePublic(name, []byte(c.PublicKey))
		p.addError("PublicKey", adviseFile("JWT_PUBLIC_KEY", err))
	}
	if c.PrivateKey != "" {
		field = "PrivateKey"
		private, err2 = keys.ParsePrivate(name, []byte(c.PrivateKey))
		p.addError("PrivateKey", adviseFile("JWT_PRIVATE_KEY", err2))
	}
	if err != nil || err2 != nil {
		return nil
	}
	bound, err := keys.Options{}.Bind(keys.Key{Algorithm: name, Sign: private.Sign, Verify: public.Verify})
	p.addError(field, err)
	return bound
}

func (s keySettings) missingKey(name, field string, p *problems) {
	why := ""
	if s.loadsToSign {
		why = " to verify tokens, as there is no DecodeKeyLoader"
	}
	c := s.config
	switch {
	case len(c.Keys) > 0:
		p.add(field, "no key of Keys is for %q%s; add one, or remove the algorithm", name, why)
	case !keys.IsHMAC(name):
		p.add("PublicKey", "a key must be set to use the asymmetric algorithm %q%s: PrivateKey to sign, or PublicKey to verify only", name, why)
	case c.PrivateKey != "" || c.PublicKey != "":
		p.add("SecretKey", "must be set to use the symmetric algorithm %q%s; to use the PEM key, set Algorithm", name, why)
	default:
		p.add("SecretKey", "must be set to use the symmetric algorithm %q%s; make one with: openssl rand -base64 32, or use Flask's SECRET_KEY if it signed the tokens", name, why)
	}
}

// foreignRules returns the rules for tokens of other issuers, by "iss".
func (c Config) foreignRules(p *problems) map[string]*issuerRules {
	if len(c.Issuers) == 0 {
		return nil
	}
	rules := make(map[string]*issuerRules, len(c.Issuers))
	for i, issuer := range c.Issuers {
		rules[issuer.Name] = c.rulesOf(issuer, c.fixedKeys(issuer, p, func(name string) string { return issuerField(i, name) }))
	}
	return rules
}

// fixedKeys makes the keys in Issuer.Keys, or nil if there are none. It adds their
// problems to p.
func (c Config) fixedKeys(i Issuer, p *problems, field func(string) string) *keys.Set {
	if len(i.Keys) == 0 {
		return nil
	}
	set, err := keys.Options{AllowShortSecret: c.AllowShortSecret}.NewSet(i.Keys...)
	p.addJoined(field("Keys"), err)
	return set
}

// rulesOfResolved returns the rules for an issuer of an IssuerResolver, or all of its
// problems.
func (c Config) rulesOfResolved(i Issuer) (*issuerRules, error) {
	var p problems
	field := func(name string) string { return "Issuer." + name }
	c.validateIssuer(i, &p, field)
	fixed := c.fixedKeys(i, &p, field)
	if err := p.join(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCallback, err)
	}
	rules := c.rulesOf(i, fixed)
	if rules.logout != nil {
		rules.logout.namesAll = false // sessions outlive what is known of the issuer
	}
	return rules, nil
}
