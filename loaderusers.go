package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// The loaders of claims, headers and keys are given the same kind of value for all
// tokens of a session: the user if there is a UserLookupLoader, and else the
// identity as text. It would be noticed at the first refresh if they were not, long
// after the login.

// userAtLogin returns what the loaders are given for the first tokens of a session.
// refresh is what is asked of its refresh token.
func (m *minter) userAtLogin(ctx context.Context, refresh *tokenSpec, identity any) (any, error) {
	switch {
	case !m.callbacks.takeUsers():
		return identity, nil
	case m.callbacks.userLookup == nil: // then there is no UserIdentityLoader: see callbacks.validate
		return refresh.session.Identity, nil
	}
	user, err := m.lookedUpAtLogin(ctx, refresh, identity)
	switch {
	case errors.Is(err, ErrUserLookup):
		return nil, fmt.Errorf("%w: UserLookupLoader finds no user for the tokens of this login, and would find none at the refresh; "+
			"CreateTokenPair takes what it returns, and knows the claims of AdditionalClaimsLoader only then", ErrIdentity)
	case err != nil:
		return nil, err
	case !isText(identity) && reflect.TypeOf(user) != reflect.TypeOf(identity):
		return nil, fmt.Errorf("%w: CreateTokenPair was given a %T, and UserLookupLoader returns a %T: the loaders of claims, headers and keys "+
			"must be given the same at every refresh", ErrIdentity, identity, user)
	}
	return user, nil
}

// lookedUpAtLogin asks the UserLookupLoader about a refresh token as it will be. It has
// the claims of the AdditionalClaimsLoader if that can be asked.
func (m *minter) lookedUpAtLogin(ctx context.Context, refresh *tokenSpec, identity any) (any, error) {
	if !isText(identity) {
		if err := m.complete(ctx, refresh, RefreshToken, identity); err != nil {
			return nil, err
		}
	}
	token, err := m.preview(RefreshToken, refresh.session.Identity, refresh)
	if err != nil {
		return nil, err
	}
	return m.callbacks.loadUser(ctx, token)
}

func isText(identity any) bool {
	_, err := identityText(identity)
	return err == nil
}

// preview returns a token of spec as it will be, without a signature.
func (m *minter) preview(typ TokenType, subject string, spec *tokenSpec) (*Token, error) {
	claims := m.claimsOf(spec, typ, subject)
	payload, err := claims.appendTo(nil, &m.keys)
	if err != nil {
		return nil, err
	}
	c := &contents{header: "{}", text: string(payload), names: &m.verifier.own.claims}
	if c.payload, err = readPayload(payload, c.text, c.names, nil); err != nil {
		return nil, err
	}
	token := newToken("", c, spec.now)
	token.IssuedAt, token.NotBefore, token.ExpiresAt = spec.now, claims.notBefore, claims.expires
	return token, nil
}
