package jwks

import (
	"bytes"
	"cmp"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Errors about single keys, for Options.OnError. Each wraps a [keys.KeyProblem].
var (
	// ErrKeySkipped means that a key is not used. The other keys of the set are used.
	ErrKeySkipped = errors.New("jwks: key is not used")

	// ErrKeyDefect means that an optional part of a key is ignored, such as an unreadable
	// certificate. The key is used.
	ErrKeyDefect = errors.New("jwks: key is used, with a defect")
)

// usableKeys are the usable keys of one set. They are immutable.
type usableKeys struct {
	set  *keys.Set
	list []keys.Key            // in the order of ID and Algorithm
	byID map[string][]keys.Key // of those in list
}

// has reports whether k is enough to decide on a token with this "kid". It always is for
// a token without "kid", because there is no name to look for.
func (k *usableKeys) has(kid string) bool {
	return kid == "" || k.byID[kid] != nil
}

// find returns the key with this ID, preferably with the algorithm. The zero Key means
// that there is none, or that a token without an ID could mean several.
func (k *usableKeys) find(kid, algorithm string) keys.Key {
	candidates := k.byID[kid]
	if kid == "" {
		candidates = k.unnamed()
	}
	isForIt := func(key keys.Key) bool { return key.Algorithm == algorithm }
	first := slices.IndexFunc(candidates, isForIt)
	switch {
	case first < 0 && len(candidates) > 0:
		return candidates[0]
	case first < 0 || kid == "" && slices.ContainsFunc(candidates[first+1:], isForIt):
		return keys.Key{}
	}
	return candidates[first]
}

// unnamed returns the keys for tokens without "kid".
func (k *usableKeys) unnamed() (list []keys.Key) {
	for _, key := range k.list {
		if key.AllowMissingKeyID {
			list = append(list, key)
		}
	}
	return list
}

// parseSet reads a published set. It refuses a set that may be damaged. It skips keys
// that cannot be used, and reports them in problems.
func parseSet(text []byte, o Options) (found *usableKeys, problems []error, err error) {
	list, said, err := o.rules().Parse(text)
	if err != nil {
		return nil, nil, err
	}
	for _, problem := range said {
		kind := ErrKeySkipped
		if problem.Used {
			kind = ErrKeyDefect
		}
		problems = append(problems, fmt.Errorf("%w: %w", kind, problem))
	}
	found, err = newKeys(list)
	return found, problems, err
}

// unmarshal reads JSON strictly: no duplicate member, no other spelling of a name,
// nothing after the end. It ignores a byte order mark. Errors quote nothing.
func unmarshal(text []byte, v any) error {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !jsontext.Value(text).IsValid() {
		return errors.New("is not valid JSON, or has a member twice")
	}
	if json.Unmarshal(text, v) != nil {
		return errors.New("has a member of the wrong type")
	}
	return nil
}

// newKeys makes usableKeys of an unambiguous list.
func newKeys(list []keys.Key) (*usableKeys, error) {
	slices.SortStableFunc(list, func(a, b keys.Key) int {
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

// equal reports whether both have the same keys for the same tokens.
func (k *usableKeys) equal(other *usableKeys) bool {
	return slices.EqualFunc(k.list, other.list, func(a, b keys.Key) bool {
		public, ok := a.Verify.(interface{ Equal(crypto.PublicKey) bool })
		return ok && public.Equal(b.Verify) && a.ID == b.ID && a.Algorithm == b.Algorithm && a.AllowMissingKeyID == b.AllowMissingKeyID
	})
}

// quoted returns untrusted text in a form that is safe for logs.
func quoted(text string) string {
	const most = 64
	if len(text) > most {
		return strconv.QuoteToASCII(text[:most]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
