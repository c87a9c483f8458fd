package ginjwt

import "context"

// CreatePurposeToken returns a signed token that is good for one purpose, once, for who
// has it: it is for a link in a mail to identity, which is what
// [JWTManager.CreateAccessToken] takes. The keys are those for access tokens. No route
// accepts it.
//
// With Purpose.OnlyNewest, all tokens of this purpose that were created for the identity
// before are void when it returns; other processes know so as soon as their copy of the
// blocklist does. Of tokens that are created at the same moment one stays good.
//
// A store that does not answer is an [ErrUnavailable], and there is no token; older ones
// may be void then.
func (m *JWTManager) CreatePurposeToken(ctx context.Context, p Purpose, identity any, opts ...PurposeOption) (string, error) {
	if !m.frozen {
		return "", ErrNotInitialized
	}
	return m.purposes.create(plain(ctx), p, identity, opts)
}

// PeekPurposeToken verifies a purpose token and does not use it up: for the GET of a link,
// which programs that scan mails follow too. Whoever does what the token is for must call
// [JWTManager.ConsumePurposeToken].
//
// A token that is bound is refused without its bindings, and one that is not bound with
// any.
//
// The error is an [*Error], for [JWTManager.Refuse]: ErrInvalidToken, [ErrExpiredToken],
// [ErrRevokedToken] if the token is void, [ErrConsumed], [ErrNotBound], [ErrUnavailable],
// or that of a [BoundBy].
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

// ConsumePurposeToken verifies a purpose token and uses it up: of all callers, on all
// processes that share Config.Once, one is returned the token, and all others
// [ErrConsumed], or [ErrNotBound] if they come after what the token is bound to has changed.
// Check whatever else the request needs before, such as the new password: a token that was
// used up does not come back.
//
// What is refused is not used up, unless the error is an [ErrUnavailable]: then nobody
// knows.
//
// A client that goes away while the token is used up does not stop it, so that what it
// asked for can still be done. The errors are those of [JWTManager.PeekPurposeToken].
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

// RevokePurposeTokens makes all tokens of a purpose void that were created for identity,
// which is what [JWTManager.CreatePurposeToken] was given: after a change of the address,
// for example, those that were sent to the old one. Other processes know so as soon as their
// copy of the blocklist does. A store that does not answer is an [ErrUnavailable]; some
// tokens may be good then. Call it again.
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
	if p.validate() == nil { // or it is no name
		refused.purpose = p.Name
	}
	m.events.refused(ctx, refused)
	return refused
}
