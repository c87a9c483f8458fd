package main

import (
	"cmp"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// matching says which key of a list signed a token, and which candidates were not tried.
// Both are empty if there is no list.
type matching struct {
	Key     string    `json:"key,omitempty"` // its "kid"
	Skipped []skipped `json:"skipped,omitempty"`
}

// skipped is a key that was not tried.
type skipped struct {
	KeyID string `json:"kid"`
	Why   string `json:"why"`
}

// keyList is the list of keys of the settings. It is checked once for any number of tokens.
type keyList struct {
	config ginjwt.Config
	set    *keys.Set // nil: there is no list
}

func keyListOf(config ginjwt.Config) keyList {
	if len(config.Keys) == 0 {
		return keyList{config, nil}
	}
	set, err := keys.Options{Algorithm: config.Algorithm, AllowShortSecret: config.AllowShortSecret}.NewSet(config.Keys...)
	if err != nil { // the manager reports it
		return keyList{config, nil}
	}
	return keyList{config, set}
}

// matching finds the key of the list that signed a token.
func (l keyList) matching(t loose) (found matching) {
	if l.set == nil {
		return matching{}
	}
	config := l.config
	if key, err := l.set.Verify(signatureOf(t, config), config.Now()); err == nil {
		found.Key = key.ID()
	}
	named := t.header.text("kid") != ""
	for _, key := range config.Keys {
		id := idOf(key)
		if id == found.Key || named && id != t.header.text("kid") {
			continue
		}
		if why := whySkipped(key, t, named, config); why != "" {
			found.Skipped = append(found.Skipped, skipped{id, why})
		}
	}
	return found
}

// whySkipped says why a candidate is not tried, or returns "" if it is tried.
func whySkipped(key keys.Key, t loose, named bool, config ginjwt.Config) string {
	algorithm, tokenType := key.AlgorithmOr(config.Algorithm), typeOf(t, config)
	switch {
	case stateOf(key, config.Now()) == stateRetired:
		return "it retired " + relative(key.NotAfter, config.Now())
	case !named && !key.AllowMissingKeyID:
		return `the token names no key ("kid"), and this key does not verify tokens without "kid"`
	case algorithm != keys.CanonicalAlgorithm(t.header.text("alg")):
		return "it is for another algorithm, " + algorithm
	case key.TokenType != "" && tokenType != "" && key.TokenType != tokenType:
		return "it is for " + key.TokenType + " tokens"
	}
	return ""
}

// typeOf returns the type that a token states. Keys for access tokens also sign single-use
// tokens.
func typeOf(t loose, config ginjwt.Config) string {
	if t.kind() != "" {
		return string(ginjwt.AccessToken)
	}
	return t.claims.text(cmp.Or(config.TypeClaim, "type"))
}

// signatureOf returns the signature of a token with what its header says about it.
func signatureOf(t loose, config ginjwt.Config) keys.Signature {
	return keys.Signature{
		Algorithm: t.header.text("alg"), KeyID: t.header.text("kid"),
		Signed: t.signed(), Bytes: t.signature, TokenType: typeOf(t, config),
	}
}

func (a *app) printMatching(found matching) {
	if found.Key != "" {
		a.out.line("Key: %s", found.Key)
	}
	for _, other := range found.Skipped {
		a.out.line("Skipped: %s: %s", other.KeyID, other.Why)
	}
}
