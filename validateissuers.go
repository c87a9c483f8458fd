package ginjwt

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func issuerField(i int, field string) string { return fmt.Sprintf("Issuers[%d].%s", i, field) }

// ownIssuers returns the accepted "iss" of the manager's own tokens, and "".
func (c Config) ownIssuers() []string {
	return append(slices.Clone(c.DecodeIssuers), c.DecodeIssuer, c.EncodeIssuer)
}

// validateIssuers checks Issuers, except their keys.
func (c Config) validateIssuers(hasKeys bool, p *problems) {
	own := c.ownIssuers()
	for n, i := range c.Issuers {
		field := func(name string) string { return issuerField(n, name) }
		sameName := func(other Issuer) bool { return other.Name == i.Name }
		switch {
		case i.Name == "":
			p.add(field("Name"), "is empty; set the \"iss\" of its tokens")
		case slices.Contains(own, i.Name):
			p.add(field("Name"), "%q is also an issuer of the manager itself; use different names", i.Name)
		case slices.ContainsFunc(c.Issuers[:n], sameName):
			p.add(field("Name"), "%q is the name of two issuers; remove one", i.Name)
		}
		c.validateIssuer(i, p, field)
		p.addError(field("IdentityPrefix"), c.sharedIdentities(n, hasKeys))
	}
}

// validateIssuer checks one issuer by itself, except its keys.
func (c Config) validateIssuer(i Issuer, p *problems, field func(string) string) {
	switch {
	case i.KeySource != nil && isNil(i.KeySource):
		p.add(field("KeySource"), "is a nil pointer")
	case len(i.Keys) == 0 && i.KeySource == nil:
		p.add(field("Keys"), "is empty; set Keys, KeySource or both")
	}
	if i.Leeway > maxLeeway {
		p.add(field("Leeway"), "must be at most 100 years")
	}
	if 0 < i.Leeway && i.Leeway < time.Millisecond {
		p.add(field("Leeway"), "is %s; write 30*time.Second for 30 seconds, or a negative value for none", i.Leeway)
	}
	i.validateIdentity(p, field)
	i.validateLists(p, field)
	i.validateLogout(p, field)
	c.namesOf(i).validate(p, field)
}

// validateIdentity refuses several ways to name the user, because only one of them would
// have an effect.
func (i Issuer) validateIdentity(p *problems, field func(string) string) {
	switch {
	case i.Identity != nil && (i.IdentityClaim != "" || len(i.IdentityClaims) > 0):
		p.add(field("Identity"), "replaces IdentityClaim and IdentityClaims; set only one of them")
	case i.IdentityClaim != "" && len(i.IdentityClaims) > 0:
		p.add(field("IdentityClaims"), "replaces IdentityClaim; set only one of them")
	}
}

func (i Issuer) validateLists(p *problems, field func(string) string) {
	for _, name := range i.Algorithms {
		if !keys.IsAlgorithm(name) {
			p.add(field("Algorithms"), "%q is not a signing algorithm", name)
		}
	}
	for _, list := range []struct {
		field  string
		values []string
	}{
		{"Audience", i.Audience},
		{"AccessTypes", i.AccessTypes},
		{"IdentityClaims", i.IdentityClaims},
		{"RequiredClaims", i.RequiredClaims},
		{"Types", i.Types},
		{"LogoutAudience", i.LogoutAudience},
	} {
		if slices.Contains(list.values, "") {
			p.add(field(list.field), "contains an empty value; remove it")
		}
	}
	if slices.ContainsFunc(i.AccessTypes, meansRefresh) {
		p.add(field("AccessTypes"), "contains a type of refresh tokens, which are never accepted; remove it")
	}
	if slices.ContainsFunc(i.Types, isSingleUse) {
		p.add(field("Types"), "contains a type of single-use tokens, which are never accepted; remove it")
	}
	if len(i.RequiredClaims) > maxRequired {
		p.add(field("RequiredClaims"), "contains more than %d names", maxRequired)
	}
}

// validateLogout refuses logout settings without effect.
func (i Issuer) validateLogout(p *problems, field func(string) string) {
	if i.MaxTokenAge != 0 && i.MaxTokenAge < time.Second {
		p.add(field("MaxTokenAge"), "must be at least a second, or zero for 24 hours (it is %s)", i.MaxTokenAge)
	}
	if len(i.LogoutAudience) > 0 {
		return
	}
	if i.MaxTokenAge != 0 {
		p.add(field("MaxTokenAge"), "has no effect without a LogoutAudience")
	}
	if i.LogoutOnly {
		p.add(field("LogoutOnly"), "refuses all tokens of the issuer; set a LogoutAudience too")
	}
}

// sharedIdentities reports whether the n-th issuer could name users of the manager or of
// another issuer, without AllowSharedIdentities. Another issuer is concerned if its
// prefix begins with the prefix of this one.
func (c Config) sharedIdentities(n int, hasKeys bool) error {
	i := c.Issuers[n]
	if i.AllowSharedIdentities {
		return nil
	}
	const remedy = "; set another prefix, or AllowSharedIdentities if they are the same users"
	switch {
	case hasKeys && i.IdentityPrefix == "":
		return errors.New("the issuer could name users of the manager itself" + remedy)
	case c.IssuerResolver != nil && i.IdentityPrefix == "":
		return errors.New("the issuer could name users of the issuers of the IssuerResolver" + remedy)
	}
	for m, other := range c.Issuers {
		if m != n && i.canName(other) && !i.isAliasOf(other) {
			return fmt.Errorf("the issuer could name users of %q"+remedy, other.Name)
		}
	}
	return nil
}

// canName reports whether i could name users of other without permission.
func (i Issuer) canName(other Issuer) bool {
	return !i.AllowSharedIdentities && strings.HasPrefix(other.IdentityPrefix, i.IdentityPrefix)
}

// isAliasOf reports whether i is other under another name, with the same keys and the
// same users.
func (i Issuer) isAliasOf(other Issuer) bool {
	return i.KeySource != nil && reflect.ValueOf(i.KeySource).Comparable() && i.KeySource == other.KeySource &&
		reflect.DeepEqual(i.Keys, other.Keys) && i.IdentityPrefix == other.IdentityPrefix
}
