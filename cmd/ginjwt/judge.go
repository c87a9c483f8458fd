package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// judge sets how a service with these settings would answer. m is nil if there is no key.
func (i *inspection) judge(ctx context.Context, t loose, m *ginjwt.JWTManager, config ginjwt.Config) {
	if i.Proof != nil {
		i.judgeProof(ctx, t, config)
		return
	}
	i.judgeToken(ctx, t, m, config)
	u := i.SingleUse
	if i.Refused == nil && u != nil && u.Kind == ticketKind && !u.Foreign { // using a ticket also checks the token that it was issued for
		i.Refused = refusalByAnyKey(ctx, u.token, askAsTicketRoute, config)
	}
}

func (i *inspection) judgeToken(ctx context.Context, t loose, m *ginjwt.JWTManager, config ginjwt.Config) {
	if m == nil {
		i.Signature, i.Reason = t.stateBySecret(config)
		if i.SingleUse != nil && config.Realm == "" { // the realm of the service is unknown
			config.Realm = i.SingleUse.Realm
		}
		i.Refused = refusalByAnyKey(ctx, t, t.ask, config)
		return
	}
	err := t.ask(ctx, m, t.text)
	i.Signature, i.Reason = stateOfSignature(err, t, config)
	i.matching = keyListOf(config).matching(t)
	if err != nil {
		i.Refused = refusalOf(err)
	}
}

// stateBySecret is signatureState without a manager: there is no key, or only a secret
// that every manager refuses.
func (t loose) stateBySecret(config ginjwt.Config) (state, reason string) {
	switch hash := hashOf[t.header.text("alg")]; {
	case config.SecretKey == "":
		return signatureUnknown, "no key was given, so anybody may have written this"
	case hash == 0:
		return signatureUnknown, unknownAlgorithm
	case t.signedWith(hash, config.SecretKey):
		return signatureValid, ""
	}
	return signatureInvalid, "none of the given keys made it"
}

// stateOfSignature is signatureState with a more exact reason if the token names a key
// of the list.
func stateOfSignature(err error, t loose, config ginjwt.Config) (state, reason string) {
	state, reason = signatureState(err)
	if reason == unknownName || reason == unknownAlgorithm {
		reason = whyNotNamed(config.Keys, t.header, config.Now(), reason)
	}
	return state, reason
}

// Why a signature was not verified.
const (
	unknownName      = `none of the keys has the ID that the token names ("kid")`
	unknownAlgorithm = `none of the keys is for the algorithm of the token ("alg")`
)

// whyNotNamed says why the key that a token names does not verify the token. It returns
// reason if the list does not have the key.
func whyNotNamed(list []keys.Key, header object, now time.Time, reason string) string {
	algorithm := keys.CanonicalAlgorithm(header.text("alg"))
	isNamed := func(key keys.Key) bool { return idOf(key) == header.text("kid") }
	index := slices.IndexFunc(list, func(key keys.Key) bool { return isNamed(key) && algorithmOf(key) == algorithm })
	if index < 0 {
		index = slices.IndexFunc(list, isNamed)
	}
	if index < 0 {
		return reason
	}
	switch key := list[index]; {
	case stateOf(key, now) == stateRetired:
		return `the key that the token names ("kid") retired ` + relative(key.NotAfter, now)
	case algorithmOf(key) != algorithm:
		return `the key that the token names ("kid") is for another algorithm, ` + algorithmOf(key)
	}
	return reason
}

// The messages of the library for a signature that does not match the keys.
const (
	wrongSignature = "Signature verification failed"
	wrongAlgorithm = "The specified alg value is not allowed"
)

// signatureState derives the state of the signature from an answer of the library. The
// library checks only the form and the header before the signature, so all other errors
// mean that the signature is valid.
func signatureState(err error) (state, reason string) {
	var e *ginjwt.Error
	switch {
	case err == nil:
		return signatureValid, ""
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return signatureInvalid, "none of the given keys made it"
	case !errors.As(err, &e):
		return signatureUnknown, "the check failed"
	case errors.Is(err, jwt.ErrTokenMalformed):
		return signatureUnknown, "the token is broken"
	case errors.Is(err, jwt.ErrTokenUnverifiable) && e.Message == wrongSignature:
		return signatureUnknown, unknownName
	case errors.Is(err, jwt.ErrTokenUnverifiable) && e.Message == wrongAlgorithm:
		return signatureUnknown, unknownAlgorithm
	case errors.Is(err, jwt.ErrTokenUnverifiable):
		return signatureUnknown, "the header has something that is not supported"
	}
	return signatureValid, ""
}

// refusalByAnyKey returns how a service would refuse a token with any key, or nil if only
// the signature can be wrong. It signs a copy of the token with a new secret, which it
// then discards, and lets ask check the copy.
func refusalByAnyKey(ctx context.Context, t loose, ask func(context.Context, *ginjwt.JWTManager, string) error, config ginjwt.Config) *refused {
	secret := newSecret(32)
	config.SecretKey, config.PrivateKey, config.PublicKey, config.Keys = string(secret), "", "", nil
	config.Algorithm, config.DecodeAlgorithms = "HS256", nil
	m := ginjwt.New(config)
	if err := m.InitApp(nil); err != nil {
		return nil // the settings are not valid without their keys
	}
	err := ask(ctx, m, t.text)
	if r := refusalOf(err); r.Message != wrongSignature && r.Message != wrongAlgorithm {
		return r
	}
	if !keys.IsAlgorithm(t.header.text("alg")) {
		return refusalOf(err)
	}
	if err := ask(ctx, m, t.signedAnew(secret)); err != nil {
		return refusalOf(err)
	}
	return nil
}

// signedAnew returns the token with an HS256 signature by secret, and a matching header.
func (t loose) signedAnew(secret []byte) string {
	header, err := json.Marshal(t.header.without("kid").with("alg", "HS256"))
	if err != nil {
		return t.text
	}
	_, claims := segmentsOf(t.text)
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	mac := hmac.New(sha256.New, secret)
	fmt.Fprint(mac, signed)
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
