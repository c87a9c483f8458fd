package jwks

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// ErrKeySkipped is what Options.OnError is told of a key that is not used. The
// others of its set are.
var ErrKeySkipped = errors.New("jwks: key is not used")

// usableKeys are those of one set that can be used. They do not change.
type usableKeys struct {
	set  *keys.Set
	list []keys.Key            // in the order of ID and Algorithm
	byID map[string][]keys.Key // of those in list
}

// has reports whether a token with that "kid" can be decided on. One without a
// "kid" always can: it is not known what to look for.
func (k *usableKeys) has(kid string) bool {
	return kid == "" || k.byID[kid] != nil
}

// find returns the key for a token: one of that ID, with its algorithm if there
// is such a one. The zero Key means that there is none.
func (k *usableKeys) find(kid, algorithm string) keys.Key {
	candidates := k.byID[kid]
	if kid == "" {
		candidates = k.unnamed()
	}
	for _, key := range candidates {
		if key.Algorithm == algorithm {
			return key
		}
	}
	if len(candidates) > 0 {
		return candidates[0]
	}
	return keys.Key{}
}

// unnamed returns the keys of tokens without "kid".
func (k *usableKeys) unnamed() []keys.Key {
	if len(k.list) > 0 && k.list[0].AllowMissingKeyID { // then all are the same
		return k.list
	}
	return nil
}

// parseSet reads a JWK Set (RFC 7517 §5). It refuses a set that cannot be told
// from a damaged one; of a set that can be read, keys that cannot be used are
// skipped, and skipped says why.
func parseSet(text []byte, o Options) (found *usableKeys, skipped []error, err error) {
	var set struct {
		Keys *[]jsontext.Value `json:"keys"`
	}
	switch err := unmarshal(text, &set); {
	case err != nil:
		return nil, nil, err
	case set.Keys == nil:
		return nil, nil, errors.New(`has no member "keys"`)
	case len(*set.Keys) > o.MaxKeys:
		return nil, nil, fmt.Errorf("has %d keys, but may have %d", len(*set.Keys), o.MaxKeys)
	}
	var list []keys.Key
	for i, text := range *set.Keys {
		parsed, id, err := parseKey(text, o.Algorithms)
		if err != nil {
			skipped = append(skipped, fmt.Errorf("%w: number %d of the set, \"kid\" %s: %w", ErrKeySkipped, i+1, quoted(id), err))
		}
		list = append(list, parsed...)
	}
	list, ambiguous := unambiguous(list)
	found, err = newKeys(list)
	return found, append(skipped, ambiguous...), err
}

// unmarshal reads JSON as strictly as it can be read: no member twice, no other
// spelling of a name, nothing after the end. Its errors quote nothing.
func unmarshal(text []byte, v any) error {
	if !jsontext.Value(text).IsValid() {
		return errors.New("is not valid JSON, or has a member twice")
	}
	if json.Unmarshal(text, v) != nil {
		return errors.New("has a member of the wrong type")
	}
	return nil
}

// newKeys makes keys of a list without contradictions.
func newKeys(list []keys.Key) (*usableKeys, error) {
	slices.SortFunc(list, func(a, b keys.Key) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Algorithm, b.Algorithm))
	})
	set, err := keys.NewSet(list...)
	if err != nil {
		return nil, err
	}
	byID := map[string][]keys.Key{}
	for _, key := range list {
		byID[key.ID] = append(byID[key.ID], key)
	}
	return &usableKeys{set: set, list: list, byID: byID}, nil
}

// equal reports whether k and other decide alike.
func (k *usableKeys) equal(other *usableKeys) bool {
	return slices.EqualFunc(k.list, other.list, func(a, b keys.Key) bool {
		return isSame(a, b) && a.AllowMissingKeyID == b.AllowMissingKeyID
	})
}

// isSame reports whether a and b have the same name, algorithm and key.
func isSame(a, b keys.Key) bool {
	return a.ID == b.ID && a.Algorithm == b.Algorithm && isSamePublic(a, b)
}

// isSamePublic reports whether a and b are of one public key.
func isSamePublic(a, b keys.Key) bool {
	switch key := a.Verify.(type) {
	case *rsa.PublicKey:
		return key.Equal(b.Verify)
	case *ecdsa.PublicKey:
		return key.Equal(b.Verify)
	case ed25519.PublicKey:
		return key.Equal(b.Verify)
	}
	return false
}

// unambiguous leaves out the keys for which a token does not say that it means
// them: those with the same ID as a different one, and those without an ID.
// A key that is alone needs no ID, and verifies tokens without one too (OpenID
// Connect Core §10.1).
func unambiguous(list []keys.Key) (kept []keys.Key, skipped []error) {
	if isOne(list) {
		return alone(list)
	}
	var reported []string
	for i, key := range list {
		isTwin := func(other keys.Key) bool { return other.ID == key.ID && !isSamePublic(other, key) }
		switch {
		case key.ID == "":
			skipped = append(skipped, fmt.Errorf("%w: has no \"kid\", and is not alone", ErrKeySkipped))
		case slices.ContainsFunc(list, isTwin):
			if !slices.Contains(reported, key.ID) {
				reported = append(reported, key.ID)
				skipped = append(skipped, fmt.Errorf("%w: \"kid\" %s: is that of different keys", ErrKeySkipped, quoted(key.ID)))
			}
		case !slices.ContainsFunc(list[:i], func(other keys.Key) bool { return isSame(other, key) }):
			kept = append(kept, key)
		}
	}
	return kept, skipped
}

// isOne reports whether list is of one key, perhaps with several algorithms.
func isOne(list []keys.Key) bool {
	return !slices.ContainsFunc(list, func(key keys.Key) bool {
		return key.ID != list[0].ID || !isSamePublic(key, list[0])
	})
}

// alone returns the entries of the one key in list.
func alone(list []keys.Key) (kept []keys.Key, skipped []error) {
	for i, key := range list {
		if slices.ContainsFunc(list[:i], func(other keys.Key) bool { return isSame(other, key) }) {
			continue
		}
		if key.ID == "" {
			thumbprint, err := key.Thumbprint()
			if err != nil {
				return nil, []error{fmt.Errorf("%w: %w", ErrKeySkipped, err)}
			}
			key.ID = thumbprint
		}
		key.AllowMissingKeyID = true
		kept = append(kept, key)
	}
	return kept, nil
}

// jwk are the members of a JWK that decide whether it is read at all.
type jwk struct {
	ID         string    `json:"kid"`
	Type       string    `json:"kty"`
	Algorithm  *string   `json:"alg"`
	Use        *string   `json:"use"`
	Operations *[]string `json:"key_ops"`

	members map[string]jsontext.Value
}

// secretMembers are those of private and symmetric keys (RFC 7518 §6, RFC 8037
// §2, RFC 9964).
var secretMembers = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}

// parseKey reads one JWK, and returns it once for each algorithm that it is for.
// The ID is returned in any case, if it can be read.
func parseKey(text jsontext.Value, allowed []string) (parsed []keys.Key, id string, err error) {
	var k jwk
	if unmarshal(text, &k) != nil || unmarshal(text, &k.members) != nil {
		return nil, "", errors.New("is not a JWK")
	}
	parsed, err = k.parse(text, allowed)
	return parsed, k.ID, err
}

func (k jwk) parse(text jsontext.Value, allowed []string) ([]keys.Key, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(text); err != nil { // its text may quote the key
		return nil, fmt.Errorf("is malformed: %s", quoted(err.Error()))
	}
	return bind(keys.Key{ID: k.ID, Verify: parsed.Key}, k.Algorithm, allowed)
}

// check finds out what a key is for without reading the key itself.
func (k jwk) check() error {
	for _, name := range secretMembers {
		if _, there := k.members[name]; there {
			return errors.New("is a private key or a secret")
		}
	}
	switch {
	case !slices.Contains([]string{"RSA", "EC", "OKP"}, k.Type):
		return fmt.Errorf("is of the type %s, which verifies nothing here", quoted(k.Type))
	case k.Use != nil && *k.Use != "sig":
		return fmt.Errorf("is for the use %s", quoted(*k.Use))
	case k.Operations != nil && !slices.Contains(*k.Operations, "verify"):
		return errors.New("is not for the operation \"verify\"")
	}
	return nil
}

// bind returns key with each algorithm that it is for: the one it names, or else
// those of its type. Each is checked by itself.
func bind(key keys.Key, named *string, allowed []string) (bound []keys.Key, err error) {
	names, err := algorithmsOf(key.Verify, named, allowed)
	if err != nil {
		return nil, err
	}
	for _, key.Algorithm = range names {
		if _, err := keys.NewSet(key); err != nil {
			return nil, err
		}
		bound = append(bound, key)
	}
	return bound, nil
}

func algorithmsOf(public any, named *string, allowed []string) (names []string, err error) {
	if named != nil {
		if !slices.Contains(or(allowed, algorithms), *named) {
			return nil, fmt.Errorf("is for the algorithm %s, which is not allowed", quoted(*named))
		}
		return []string{*named}, nil
	}
	for _, name := range or(allowed, usualAlgorithms) {
		if fits(name, public) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("is for none of the algorithms that are allowed")
	}
	return names, nil
}

// usualAlgorithms has one for each type of key that may name none.
var usualAlgorithms = []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}

func or(list, fallback []string) []string {
	if len(list) == 0 {
		return fallback
	}
	return list
}

func fits(algorithm string, public any) bool {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		return algorithm == map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Params().BitSize]
	case ed25519.PublicKey:
		return algorithm == "EdDSA"
	}
	return false
}

// quoted returns foreign text in a form for logs.
func quoted(text string) string {
	const most = 64
	if len(text) > most {
		return strconv.QuoteToASCII(text[:most]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
