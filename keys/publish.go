package keys

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// MarshalPublic returns the public keys of s as a JWK Set (RFC 7517). It includes keys
// that do not sign yet, so that verifiers know a key before its first token. It leaves
// out retired keys, secrets, and keys for refresh tokens only. If some keys have an ID,
// it also leaves out keys without one.
func (s *Set) MarshalPublic(now time.Time) ([]byte, error) {
	return json.Marshal(map[string]any{"keys": s.published(now)}, json.Deterministic(true))
}

// PublicAlgorithms returns the algorithms of the keys in MarshalPublic, without
// duplicates.
func (s *Set) PublicAlgorithms(now time.Time) []string {
	names := []string{}
	for _, key := range s.published(now) {
		if !slices.Contains(names, key.Algorithm) {
			names = append(names, key.Algorithm)
		}
	}
	return names
}

func (s *Set) published(now time.Time) []publicJWK {
	list := []publicJWK{}
	for _, k := range s.keys {
		if k.IsRetired(now) || k.key.TokenType == RefreshToken || s.named && k.ID() == "" { // a verifier could not choose a key without an ID
			continue
		}
		members, err := publicMembers(k.key.Verify)
		if err != nil { // a secret
			continue
		}
		members.ID, members.Use, members.Algorithm = k.ID(), "sig", k.Algorithm()
		list = append(list, members)
	}
	return list
}
