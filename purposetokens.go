package ginjwt

import "context"

// CreatePurposeToken returns a signed single-use token for a mailed link. identity is the
// user, as for [JWTManager.CreateAccessToken]. Everybody who has the token can use it, once,
// for this purpose. The keys for access tokens sign it. No route accepts it.
//
// With Purpose.OnlyNewest, all earlier tokens of this purpose and identity are revoked when
// CreatePurposeToken returns, and no process consumes them any more. Of tokens that are
// created at the same moment, one keeps working.
//
// It returns the errors of CreateAccessToken, [ErrLifetime], and an error for a Purpose or
// a PurposeOption that is not valid. If a store does not reply, it returns
// [ErrUnavailable]; earlier tokens may be revoked in that case.
func (m *JWTManager) CreatePurposeToken(ctx context.Context, p Purpose, identity any, opts ...PurposeOption) (string, error) {
	if !m.frozen {
		return "", ErrNotInitialized
	}
	return m.purposes.create(plain(ctx), p, identity, opts)
}

// PeekPurposeToken verifies a purpose token without using it up. Call it for the GET of a
// link, because mail scanners open links too. Call [JWTManager.ConsumePurposeToken] before
// you change anything.
//
// bound are the bindings that the token was created with, in the same order. A bound token
// is refused without its bindings. A token that is not bound is refused with any binding.
//
// The error is an [*Error], for [JWTManager.Refuse]. Its kind is one of
//
//   - [ErrInvalidToken], [ErrExpiredToken], [ErrRevokedToken], [ErrConsumed], [ErrNotBound],
//   - [ErrUnavailable], if a store does not reply,
//   - [ErrCallback], if a function of [BoundBy] fails or p is not valid,
//   - the kind of an *Error that a function of BoundBy returns.
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
// processes that share Config.Once, one gets the token. All others get [ErrConsumed], or
// [ErrNotBound] if the bound state has changed by then. Check everything else in the
// request first, such as the new password: a used token never works again.
//
// A refused token is not used up. The exception is [ErrUnavailable]: the token may be used
// up or not.
//
// If the client disconnects while the token is being used up, ConsumePurposeToken still
// returns the token, so that the handler can finish. The errors are those of
// [JWTManager.PeekPurposeToken].
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

// RevokePurposeTokens revokes all tokens of a purpose that were created for identity. Pass
// the identity that you passed to [JWTManager.CreatePurposeToken]. Call it, for example,
// when a user has a new address, for the links that were sent to the old one.
//
// When it returns without an error, no process consumes these tokens any more.
// PeekPurposeToken on another process refuses them as soon as the replica of that process
// has the revocation. Tokens that are created later work. If a store does not reply, it
// returns [ErrUnavailable], and some tokens may still work: call it again.
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

// refusePurpose tells the observer about a refusal, and returns it.
func (m *JWTManager) refusePurpose(ctx context.Context, p Purpose, err error) error {
	refused := asError(err)
	if p.validate() == nil { // otherwise the name may be anything
		refused.purpose = p.Name
	}
	m.events.refused(ctx, refused)
	return refused
}
