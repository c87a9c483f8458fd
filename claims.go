package ginjwt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// payload is what is read of the claims: the JSON of each, nil where absent.
type payload struct {
	fresh, iat, jti, typ, identity, sub, nbf, csrf, aud, iss, exp jsontext.Value

	required uint64 // bit i: RequiredClaims[i] is there, and not null
}

func (m *JWTManager) parsePayload(data []byte) (p payload, err error) {
	err = members(data, func(name []byte, value jsontext.Value) {
		switch string(name) {
		case "fresh":
			p.fresh = value
		case "iat":
			p.iat = value
		case "jti":
			p.jti = value
		case "type":
			p.typ = value
		case "sub":
			p.sub = value
		case "nbf":
			p.nbf = value
		case "csrf":
			p.csrf = value
		case "aud":
			p.aud = value
		case "iss":
			p.iss = value
		case "exp":
			p.exp = value
		}
		if string(name) == m.config.IdentityClaim {
			p.identity = value
		}
		for i, required := range m.config.RequiredClaims {
			if string(name) == required && value.Kind() != 'n' {
				p.required |= 1 << i
			}
		}
	})
	switch err {
	case errNotObject:
		return p, errPayloadObject
	case errNotJSON:
		return p, errPayloadJSON
	}
	return p, nil
}

// checkClaims checks the registered claims in PyJWT's order, and fills in the
// times of token.
func (m *JWTManager) checkClaims(token *Token, p payload, spec decodeSpec) (expired bool, err error) {
	expired, err = m.checkTimes(token, p, spec)
	if err != nil {
		return false, err
	}
	if len(m.issuers) > 0 {
		if err := checkIssuer(p.iss, m.issuers); err != nil {
			return false, err
		}
	}
	if len(m.config.DecodeAudience) > 0 {
		if err := checkAudience(p.aud, m.config.DecodeAudience); err != nil {
			return false, err
		}
	}
	switch {
	case p.sub != nil && p.sub.Kind() != '"' && !m.config.DisableVerifySub:
		return false, errSubject
	case p.jti != nil && p.jti.Kind() != '"':
		return false, errJTI
	case p.identity == nil:
		return false, m.missingClaim("Missing claim: %s", m.config.IdentityClaim)
	}
	for i, name := range m.config.RequiredClaims {
		if p.required&(1<<i) == 0 {
			return false, m.missingClaim("Token is missing the %q claim", name)
		}
	}
	return expired, nil
}

func (m *JWTManager) missingClaim(format, name string) error {
	return invalid(jwt.ErrTokenRequiredClaimMissing, fmt.Sprintf(format, name))
}

// checkTimes checks "iat", "nbf" and "exp". A date that no calendar has is
// refused, also where the original takes it for a day far away.
func (m *JWTManager) checkTimes(token *Token, p payload, spec decodeSpec) (expired bool, err error) {
	now := m.config.Now()
	latest, earliest := now.Add(m.config.DecodeLeeway), now.Add(-m.config.DecodeLeeway)
	if p.iat != nil {
		iat, ok := numericDate(p.iat)
		switch {
		case !ok || iat < minDate:
			return false, errIATNumber
		case iat > maxDate || time.Unix(iat, 0).After(latest):
			return false, errIATFuture
		}
		token.IssuedAt = time.Unix(iat, 0)
	}
	if p.nbf != nil {
		nbf, ok := numericDate(p.nbf)
		switch {
		case !ok || nbf < minDate:
			return false, errNBFNumber
		case nbf > maxDate || time.Unix(nbf, 0).After(latest):
			return false, errNBFFuture
		}
		token.NotBefore = time.Unix(nbf, 0)
	}
	if p.exp == nil {
		return false, nil
	}
	exp, ok := numericDate(p.exp)
	ok = ok && exp <= maxDate
	if ok {
		token.ExpiresAt = time.Unix(max(exp, minDate), 0)
	}
	switch {
	case spec.allowExpired:
		return false, nil
	case !ok:
		return false, errEXPNumber
	}
	return !token.ExpiresAt.After(earliest), nil
}

func checkIssuer(iss jsontext.Value, accepted []string) error {
	if iss == nil {
		return errNoIssuer
	}
	issuer, ok := jsonString(iss)
	switch {
	case !ok:
		return errIssuerText
	case !slices.Contains(accepted, issuer):
		return errIssuer
	}
	return nil
}

// checkAudience wants one of accepted among the audiences of the token.
func checkAudience(aud jsontext.Value, accepted []string) error {
	if isFalsy(aud) {
		return errNoAudience
	}
	audiences := []jsontext.Value{aud}
	if aud.Kind() == '[' {
		if err := json.Unmarshal(aud, &audiences); err != nil {
			return errAudienceForm
		}
	}
	found := false
	for _, raw := range audiences {
		audience, ok := jsonString(raw)
		if !ok {
			return errAudienceForm
		}
		found = found || slices.Contains(accepted, audience)
	}
	if !found {
		return errAudience
	}
	return nil
}

// isFalsy reports what Python's "not" does: whether v is absent, null, false,
// zero or empty.
func isFalsy(v jsontext.Value) bool {
	switch v.Kind() {
	case '"':
		return len(v) == len(`""`)
	case '0':
		number, err := strconv.ParseFloat(string(v), 64)
		return err == nil && number == 0
	case '[', '{':
		return strings.TrimSpace(string(v[1:len(v)-1])) == ""
	case 't':
		return false
	}
	return true // absent, null or false
}
