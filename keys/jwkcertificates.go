package keys

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // "x5t" is by SHA-1 (RFC 7517 §4.8); nothing is trusted for it
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// certificateDefects returns the defects of the certificate of a key and of its
// thumbprints. The key is valid without them. The error means that the certificate
// belongs to another key, so that it is unclear which key is meant.
func (j *jwk) certificateDefects(k Key) (defects []error, err error) {
	der, err := j.certificate(k)
	if errors.Is(err, errOtherCertificate) {
		return nil, err
	}
	if err != nil {
		defects = append(defects, err)
	}
	sum1, sum256 := sha1.Sum(der), sha256.Sum256(der)
	for _, thumbprint := range []struct {
		name string
		want []byte
	}{{"x5t", sum1[:]}, {"x5t#S256", sum256[:]}} {
		if err := j.checkThumbprint(thumbprint.name, der, thumbprint.want); err != nil {
			defects = append(defects, err)
		}
	}
	return defects, nil
}

var errOtherCertificate = errors.New(`the certificate in "x5c" is of another key`)

// certificate returns the first certificate of "x5c", or nil. It must belong to k.
func (j *jwk) certificate(k Key) (der []byte, err error) {
	const unreadable = `the certificate in "x5c" is ignored: %s`
	chain := j.members["x5c"]
	switch {
	case chain == "":
		return nil, nil
	case chain.Kind() != '[':
		return nil, fmt.Errorf(unreadable, "it is not an array")
	case len(chain.Elements(1)) == 0: // .NET writes this if there is no certificate
		return nil, nil
	}
	text, ok := chain.Elements(1)[0].Str()
	if der, err = base64.StdEncoding.DecodeString(text); !ok || err != nil {
		return nil, fmt.Errorf(unreadable, "it is not base64")
	}
	certified, err := parsePKIX(certifiedKey(der))
	if err != nil {
		return nil, fmt.Errorf(unreadable, "it is damaged")
	}
	public, err := k.Public()
	if err != nil || !sameKey(public, certified.key) {
		return nil, errOtherCertificate
	}
	if _, err := x509.ParseCertificate(der); err != nil { // its error may quote what it read
		return nil, fmt.Errorf(unreadable, "it is damaged")
	}
	return der, nil
}

// checkThumbprint compares "x5t" or "x5t#S256" with the certificate. Without a
// certificate it checks only the length.
func (j *jwk) checkThumbprint(name string, der, want []byte) error {
	if !j.has(name) {
		return nil
	}
	text, _ := j.members[name].Str()
	sum, err := base64url.AppendDecode(nil, []byte(withoutPadding(text)))
	switch {
	case err != nil || len(sum) != len(want):
		return fmt.Errorf("the thumbprint in %q is ignored: it is not a hash of the right length in base64url", name)
	case der != nil && !bytes.Equal(sum, want):
		return fmt.Errorf("the thumbprint in %q is ignored: it is of another certificate", name)
	}
	return nil
}

// certificates reads public keys in PEM form by their "kid". whole is text, which is
// known to be an object.
func (o SetOptions) certificates(text []byte, whole *jwk) (list []Key, problems []KeyProblem, err error) {
	if whole.members["keys"].Kind() == '[' {
		return nil, nil, errors.New(`is a JWK Set, not certificates by their "kid"`)
	}
	if len(whole.members) > o.MaxKeys {
		return nil, nil, o.tooMany()
	}
	number := 0
	err = strictjson.Members(text, string(text), func(name string, v strictjson.Value) {
		number++
		bound, err := o.certified(name, v)
		if err != nil {
			problems = append(problems, KeyProblem{Number: number, ID: name, Err: err})
		}
		list = append(list, bound...)
	})
	return list, problems, err
}

// certified reads one certificate or public key.
func (o SetOptions) certified(name string, v strictjson.Value) ([]Key, error) {
	text, ok := v.Str()
	switch {
	case name == "":
		return nil, errors.New("has no name")
	case !ok:
		return nil, errors.New("is not a text in PEM form")
	}
	k, err := ParsePublic("", []byte(text))
	if err != nil {
		return nil, err
	}
	if k.Algorithm != "" && !o.Allows(k.Algorithm) {
		return nil, errNotAllowed(k.Algorithm)
	}
	k.ID = name
	return o.bind(k)
}
