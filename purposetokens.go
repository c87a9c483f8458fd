package ginjwt

import "context"

// CreatePurposeToken returns a signed token for a link in a mail to identity, which is what
// [JWTManager.CreateAccessToken] takes. Whoever has the token can use it, for one purpose,
// once. It is signed with the keys for access tokens. No route accepts it.
//
// With Purpose.OnlyNewest, all earlier tokens of this purpose and identity are revoked when
// it returns: no process consumes them any more. Of tokens that are created at the same
// moment one stays good.
//
// The errors are those of CreateAccessToken, an [ErrLifetime], or that of a Purpose or a
// PurposeOption that is not valid. If a store does not answer, the error is an
// [ErrUnavailable]; earlier tokens may be revoked then.
func (m *JWTManager) CreatePurposeToken(ctx context.Context, p Purpose, identity any, opts ...PurposeOption) (string, error) {
	if !m.frozen {
		return "", ErrNotInitialized
	}
	return m.purposes.create(plain(ctx), p, identity, opts)
}

// PeekPurposeToken verifies a purpose token and does not use it up. It is for the GET of a
// link, which mail scanners open too. Call [JWTManager.ConsumePurposeToken] before you do
// what the token is for.
//
// bound are the bindings that the token was created with. A bound token is refused without
// them, and a token that is not bound is refused with any.
//
// The error is an [*Error], for [JWTManager.Refuse]. Its kind is [ErrInvalidToken],
// [ErrExpiredToken], [ErrRevokedToken], [ErrConsumed], [ErrNotBound] or [ErrUnavailable];
// [ErrCallback] if a function of [BoundBy] failed or p is not valid; or the kind of an
// *Error that such a function returned.
func (m *JWTManager) PeekPurposeToken(ctx context.Context, p Purpose, encoded string, bound ...Binding) (*PurposeToken, error) {
	if !m.frozen {
		return nil, ErrNotInitialized
	}
	ctx = plain(ctx)
	start := m.events.begin()
	token, err := m.purposes.peek(ctx, p, encoded, bound)
	if err != nil {
		return nil, m.refusePurpose(ctx, p, m.events.judged(err, "", start))
	}
	return newPurposeToken(p, token, m.purposes.isReserved), nil
}

// ConsumePurposeToken verifies a purpose token and uses it up. Of all callers, on all
// processes that share Config.Once, one gets the token, and all others get [ErrConsumed], or
// [ErrNotBound] if the bound state has changed by then. Check everything else in the
// request first, such as the new password: a token that was used up does not come back.
//
// A token that is refused is not used up, unless the error is an [ErrUnavailable]: then it
// may be.
//
// If the client goes away while the token is used up, the call still returns the token, so
// that the handler can finish. The errors are those of [JWTManager.PeekPurposeToken].
func (m *JWTManager) ConsumePurposeToken(ctx context.Context, p Purpose, encoded string, bound ...Binding) (*PurposeToken, error) {
	if !m.frozen {
		return nil, ErrNotInitialized
	}
	ctx = plain(ctx)
	start := m.events.begin()
	token, err := m.purposes.consume(ctx, p, encoded, bound)
	if err != nil {
		return nil, m.refusePurpose(ctx, p, m.events.judged(err, "", start))
	}
	m.events.consumed(ctx, p.Name, token, start)
	return newPurposeToken(p, token, m.purposes.isReserved), nil
}

// RevokePurposeTokens revokes all tokens of a purpose that were created for identity, which
// is what [JWTManager.CreatePurposeToken] was given. After a change of the address, for
// example, call it for the links that went to the old one. When it returns, no process
// consumes them any more; PeekPurposeToken on another process refuses them as soon as its
// copy of the blocklist has the revocation. If a store does not answer, the error is an
// [ErrUnavailable], and some tokens may still be good: call it again.
func (m *JWTManager) RevokePurposeTokens(ctx context.Context, p Purpose, identity any) error {
	if !m.frozen {
		return ErrNotInitialized
	}
	ctx = plain(ctx)
	if err := m.purposes.revoke(ctx, p, identity); err != nil {
		return err
	}
	m.events.purposeRevoked(ctx, p.Name)
	return nil
}

// refusePurpose tells the observer why a purpose token is refused, and returns it.
func (m *JWTManager) refusePurpose(ctx context.Context, p Purpose, err error) error {
	refused := asError(err)
	if p.validate() == nil { // otherwise the name may be anything
		refused.purpose = p.Name
	}
	m.events.refused(ctx, refused)
	return refused
}
