package keys

import (
	"cmp"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	oidRSA  = "1.2.840.113549.1.1.1"
	oidPSS  = "1.2.840.113549.1.1.10"
	oidMGF1 = "1.2.840.113549.1.1.8"
	oidEC   = "1.2.840.10045.2.1"
	oidEd   = "1.3.101.112"
)

// foreignAlgorithms are the names of keys that sign no tokens of ginjwt.
var foreignAlgorithms = map[string]string{
	"1.2.840.113549.1.1.7": "RSA-OAEP (encryption)",
	"1.2.840.113549.1.3.1": "Diffie-Hellman",
	"1.2.840.10046.2.1":    "Diffie-Hellman",
	"1.2.840.10040.4.1":    "DSA",
	"1.3.101.110":          "X25519 (key agreement; Ed25519 is the one that signs)",
	"1.3.101.111":          "X448 (key agreement)",
	"1.3.101.113":          "Ed448",
	"1.3.132.1.12":         "EC for key agreement (ECDH)",

	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
}

// curves are the names of elliptic curves. Those of jwkCurves are known to Go.
var curves = map[string]string{
	"1.2.840.10045.3.1.7": "P-256",
	"1.3.132.0.34":        "P-384",
	"1.3.132.0.35":        "P-521",
	"1.3.132.0.10":        "secp256k1",
	"1.3.132.0.33":        "P-224",
	"1.2.840.10045.3.1.1": "P-192",

	"1.3.36.3.3.2.8.1.1.7":  "brainpoolP256r1",
	"1.3.36.3.3.2.8.1.1.11": "brainpoolP384r1",
	"1.3.36.3.3.2.8.1.1.13": "brainpoolP512r1",
	"1.2.156.10197.1.301":   "SM2",
}

func unsupported(name string) error {
	return &keyError{fmt.Sprintf("is a key for %s, which is not supported; make one with: ginjwt key new, or openssl genpkey -algorithm ed25519", name)}
}

// checkAlgorithm refuses unsupported kinds of keys. For a PSS key, it returns the
// algorithms that the key is for.
func checkAlgorithm(id algorithmID) ([]string, error) {
	oid := id.Algorithm.String()
	switch oid {
	case oidRSA, oidEd:
		return nil, nil
	case oidPSS:
		return pssAlgorithms(id.Parameters)
	case oidEC:
		return nil, checkCurve(id.Parameters)
	}
	if name, ok := foreignAlgorithms[oid]; ok {
		return nil, unsupported(name)
	}
	return nil, unsupported("an unknown algorithm (" + oid + ")")
}

// checkCurve refuses unsupported curves.
func checkCurve(parameters asn1.RawValue) error {
	if parameters.Class == asn1.ClassUniversal && parameters.Tag == asn1.TagSequence {
		return &keyError{"is an EC key with explicit parameters in place of a named curve, which is not safe; " +
			"name the curve: openssl pkey -in FILE -ec_param_enc named_curve -out key.pem"}
	}
	name := nameOfCurve(parameters)
	switch {
	case name == "":
		return &keyError{"is an EC key that does not name its curve"}
	case jwkCurves[name] != nil:
		return nil
	}
	return &keyError{fmt.Sprintf("is an EC key on the curve %s; use P-256, P-384 or P-521: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256", name)}
}

// nameOfCurve returns the name of a curve, the OID of an unknown curve, or "" if there is
// none.
func nameOfCurve(parameters asn1.RawValue) string {
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(parameters.FullBytes, &oid); err != nil {
		return ""
	}
	return cmp.Or(curves[oid.String()], oid.String())
}

// pssHashes are the hashes of PSS keys.
var pssHashes = map[string]struct {
	algorithm string
	size      int
}{
	"2.16.840.1.101.3.4.2.1": {"PS256", 32},
	"2.16.840.1.101.3.4.2.2": {"PS384", 48},
	"2.16.840.1.101.3.4.2.3": {"PS512", 64},
}

// pssParameters is RSASSA-PSS-params of RFC 4055 §3.1. The defaults are SHA-1 and a salt
// of 20 bytes.
type pssParameters struct {
	Hash    algorithmID `asn1:"explicit,optional,tag:0"`
	MGF     algorithmID `asn1:"explicit,optional,tag:1"`
	Salt    int         `asn1:"explicit,optional,tag:2,default:20"`
	Trailer int         `asn1:"explicit,optional,tag:3,default:1"`
}

// pssAlgorithms returns the algorithms of an id-RSASSA-PSS key: all PS* without
// parameters, and else the one of its hash (RFC 4055 §1.2). The parameters give a minimum
// for the salt. Tokens use the length of the hash (RFC 7518 §3.5).
func pssAlgorithms(parameters asn1.RawValue) ([]string, error) {
	if len(parameters.FullBytes) == 0 {
		return []string{"PS256", "PS384", "PS512"}, nil
	}
	var p pssParameters
	var mask algorithmID
	rest, err := asn1.Unmarshal(parameters.FullBytes, &p)
	if err != nil || len(rest) > 0 {
		return nil, &keyError{"is an RSA-PSS key with damaged parameters"}
	}
	_, err = asn1.Unmarshal(p.MGF.Parameters.FullBytes, &mask)
	hash, known := pssHashes[p.Hash.Algorithm.String()]
	if !known || err != nil || p.MGF.Algorithm.String() != oidMGF1 || !mask.Algorithm.Equal(p.Hash.Algorithm) || p.Salt > hash.size || p.Trailer != 1 {
		return nil, &keyError{"is an RSA-PSS key with parameters that no JWT algorithm has; make one with: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072"}
	}
	return []string{hash.algorithm}, nil
}

// bind makes a Key. If the key is only for certain algorithms, it gets the wanted one, or
// the first of them if wanted is empty.
func (k derKey) bind(wanted string) (Key, error) {
	bound := keyOf(k.key)
	switch {
	case k.algorithms == nil:
		return bound, nil
	case wanted == "":
		bound.Algorithm = k.algorithms[0]
	case slices.Contains(k.algorithms, wanted):
		bound.Algorithm = wanted
	default:
		return Key{}, errors.New("is an RSA-PSS key, which is for " + strings.Join(k.algorithms, ", ") + " only (algorithm " + wanted + ")")
	}
	return bound, nil
}
