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

// What Options.OnError is told of single keys, each with a [keys.KeyProblem].
var (
	// ErrKeySkipped means that a key is not used. The others of its set are.
	ErrKeySkipped = errors.New("jwks: key is not used")

	// ErrKeyDefect means that something about a key is left aside, such as a
	// certificate that cannot be read. The key is used.
	ErrKeyDefect = errors.New("jwks: key is used, with a defect")
)

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
// is such a one. The zero Key means that there is none, or that a token without an
// ID may mean several.
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

// unnamed returns the keys of tokens without "kid".
func (k *usableKeys) unnamed() (list []keys.Key) {
	for _, key := range k.list {
		if key.AllowMissingKeyID {
			list = append(list, key)
		}
	}
	return list
}

// parseSet reads what an issuer publishes. It refuses a set that cannot be told
// from a damaged one; of a set that can be read, keys that cannot be used are
// skipped, and problems say why.
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

// unmarshal reads JSON as strictly as it can be read: no member twice, no other
// spelling of a name, nothing after the end. A byte order mark before it is ignored, as
// before a set. Its errors quote nothing.
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

// newKeys makes keys of a list without contradictions.
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

// equal reports whether k and other decide alike.
func (k *usableKeys) equal(other *usableKeys) bool {
	return slices.EqualFunc(k.list, other.list, func(a, b keys.Key) bool {
		public, ok := a.Verify.(interface{ Equal(crypto.PublicKey) bool })
		return ok && public.Equal(b.Verify) && a.ID == b.ID && a.Algorithm == b.Algorithm && a.AllowMissingKeyID == b.AllowMissingKeyID
	})
}

// quoted returns foreign text in a form for logs.
func quoted(text string) string {
	const most = 64
	if len(text) > most {
		return strconv.QuoteToASCII(text[:most]) + "…"
	}
	return strconv.QuoteToASCII(text)
}
