package keys

import (
	"errors"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// ParsePublicJWK reads one public JWK (RFC 7517) that somebody else wrote, for a single
// algorithm with a key pair. A client puts such a key into the header of a DPoP proof
// (RFC 9449 §4.2). The rules are those of [ParseSet]: a key with a private or symmetric
// part is [ErrSecretKey], and weak keys, keys for another use and keys that do not fit
// the algorithm are errors. The Key has no ID, and its Algorithm is that of
// [CanonicalAlgorithm].
//
// The error has no prefix, because the caller names where the key comes from.
func ParsePublicJWK(algorithm string, text []byte) (Key, error) {
	if !IsAlgorithm(CanonicalAlgorithm(algorithm)) || IsHMAC(algorithm) {
		return Key{}, errors.New("is for no algorithm with a key pair")
	}
	if len(text) > maxKeysText {
		return Key{}, errKeysTooLarge
	}
	j, err := readJWK(strictjson.Value(text))
	if err != nil {
		return Key{}, errors.New("is not a JWK")
	}
	o := SetOptions{Algorithms: []string{algorithm}}
	if err := o.checkPurpose(j); err != nil {
		return Key{}, err
	}
	_, public := j.halves()
	if j.err != nil {
		return Key{}, j.err
	}
	k := Key{Algorithm: CanonicalAlgorithm(algorithm), Verify: public}
	if _, err := (Options{}).Bind(k); err != nil {
		return Key{}, err
	}
	return k, nil
}
