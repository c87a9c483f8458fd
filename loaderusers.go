package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// The loaders of claims, headers and keys receive the same kind of value for all
// tokens of a session: the user if there is a UserLookupLoader, otherwise the
// identity as text. The checks in this file find a mistake at the login. Otherwise it
// would appear only at the first refresh.

// userAtLogin returns the value that the loaders receive for the first tokens
// of a session. refresh describes the refresh token.
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
		return nil, fmt.Errorf("%w: UserLookupLoader finds no user for this login, so every refresh would fail; "+
			"pass to CreateTokenPair the user that UserLookupLoader returns, so that it sees the claims of AdditionalClaimsLoader", ErrIdentity)
	case err != nil:
		return nil, err
	case !isText(identity) && reflect.TypeOf(user) != reflect.TypeOf(identity):
		return nil, fmt.Errorf("%w: CreateTokenPair was given a %T, but UserLookupLoader returns a %T: use one type, because the loaders "+
			"of claims, headers and keys receive the user again at every refresh", ErrIdentity, identity, user)
	}
	return user, nil
}

// lookedUpAtLogin calls the UserLookupLoader with the future refresh token. The
// token has the claims of the AdditionalClaimsLoader if identity is a user, not
// text.
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

// preview returns the token that spec describes, without a signature.
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
	token := newToken("", c, c.payload.fresh.at(spec.now))
	token.IssuedAt, token.NotBefore, token.ExpiresAt = spec.now, claims.notBefore, claims.expires
	return token, nil
}
