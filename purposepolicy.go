package ginjwt

import (
	"context"
	"fmt"
	"strconv"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// purposePolicy creates, verifies, uses up and revokes purpose tokens.
type purposePolicy struct {
	config   *Config
	verifier *verifier
	minter   *minter
	times    purposeTimes
	once     *usedOnce
}

func (k *purposePolicy) create(ctx context.Context, p Purpose, user any, opts []PurposeOption) (string, error) {
	if err := p.validate(); err != nil {
		return "", err
	}
	spec, err := p.specOf(opts, k.config.EncodeIssuer)
	if err != nil {
		return "", err
	}
	for name := range spec.token.claims {
		if k.isReserved(name) {
			return "", fmt.Errorf("%w: %q", ErrReservedClaim, name)
		}
	}
	identity, err := k.minter.subject(ctx, user)
	if err != nil {
		return "", err
	}
	states, err := statesOf(ctx, identity, spec.bound)
	if err != nil {
		return "", fmt.Errorf("ginjwt: BoundTo, BoundBy: %w", err)
	}
	series := k.times.series(p, identity)
	next := k.times.next
	if p.OnlyNewest {
		next = k.times.nextAlone
	}
	at, err := next(ctx, series)
	if err != nil {
		return "", err
	}
	encoded, err := k.minter.issueSingleUse(ctx, k.tokenOf(p, user, identity, at, spec.token, states))
	if err != nil || !p.OnlyNewest {
		return encoded, err
	}
	if err := k.times.endOlder(ctx, series, at, p); err != nil {
		return "", err
	}
	return encoded, nil
}

// tokenOf returns the content of a new token.
func (k *purposePolicy) tokenOf(p Purpose, user any, identity string, at int64, spec tokenSpec, states []string) newSingleUse {
	now := k.config.Now()
	n := newSingleUse{
		kind: purposeTokens, audience: k.audience(p), purpose: p.Name, user: user, identity: identity,
		id: newID(tokenUUID), now: now, expires: now.Add(spec.expires),
		claims: merged(spec.claims, Claims{"at": at}),
	}
	if len(states) > 0 {
		n.bind = func(claims Claims, key *keys.Bound) (err error) {
			claims["bnd"], err = seal(key, k.sealed(p, n.id), states)
			return err
		}
	}
	return n
}

func (k *purposePolicy) audience(p Purpose) string {
	return purposeTokens.audience(k.config.Realm, p.Name)
}

// sealed returns the names of a token that its seal covers.
func (k *purposePolicy) sealed(p Purpose, id string) []string {
	return []string{string(purposeTokens.name), k.config.Realm, p.Name, id}
}

func (k *purposePolicy) isReserved(claim string) bool { return k.verifier.own.claims.isReserved(claim) }

// peek makes all checks and changes nothing.
func (k *purposePolicy) peek(ctx context.Context, p Purpose, encoded string, bound []Binding) (*Token, error) {
	return k.check(ctx, p, encoded, bound, k.times.revocations.list.Contains)
}

// check makes all checks. contains asks the blocklist.
func (k *purposePolicy) check(ctx context.Context, p Purpose, encoded string, bound []Binding, contains containsFunc) (*Token, error) {
	token, key, err := k.read(ctx, p, encoded, contains)
	if err != nil {
		return nil, err
	}
	return token, checkSeal(ctx, token, key, k.sealed(p, token.ID), bound)
}

// containsFunc is Contains of a blocklist.
type containsFunc func(ctx context.Context, ids ...string) (bool, error)

// consume asks the server of the blocklist, not its replica. It asks Config.Once last, so that
// a refused token is not used up. Then it adds the token to the blocklist, in case
// Config.Once loses its data. The token is used up even if this write fails.
func (k *purposePolicy) consume(ctx context.Context, p Purpose, encoded string, bound []Binding) (*Token, error) {
	token, err := k.check(ctx, p, encoded, bound, k.times.revocations.containsNow)
	if err != nil {
		return nil, err
	}
	if err := k.once.claim(ctx, purposeTokens, token); err != nil {
		return nil, err
	}
	until := keptUntil(token.ExpiresAt, k.config.DecodeLeeway)
	_ = k.times.revocations.list.Add(context.WithoutCancel(ctx), k.consumedID(token), until) // the observer is told of an error
	return token, nil
}

func (k *purposePolicy) consumedID(token *Token) string {
	return derivedID("consumed", k.config.Realm, token.Issuer, token.ID)
}

// read verifies a token, and asks the blocklist about it.
func (k *purposePolicy) read(ctx context.Context, p Purpose, encoded string, contains containsFunc) (*Token, *keys.Bound, error) {
	if err := p.validate(); err != nil {
		return nil, nil, failure(err)
	}
	token, key, err := k.verifier.decodeSingleUse(ctx, encoded, purposeTokens, k.audience(p))
	if err != nil {
		return nil, nil, err
	}
	at, err := strconv.ParseInt(string(token.claim("at")), 10, 64)
	switch {
	case err != nil || !isTime(at):
		return nil, nil, errPurposeAt
	case !p.expiryOf(token).Add(k.config.DecodeLeeway).After(k.config.Now()):
		return nil, nil, refusalOf(ErrExpiredToken, jwt.ErrTokenExpired, token)
	}
	return token, key, k.checkList(ctx, p, token, at, contains)
}

// checkList refuses a token that is on the blocklist: it was consumed, or the tokens of its
// time are revoked. A good token needs one question, a refused token two.
func (k *purposePolicy) checkList(ctx context.Context, p Purpose, token *Token, at int64, contains containsFunc) error {
	consumed := k.consumedID(token)
	listed, err := contains(ctx, append(spanIDs(k.times.series(p, token.Identity), spansWith(at)), consumed)...)
	if err == nil && !listed {
		return nil
	}
	used := false
	if err == nil {
		used, err = contains(ctx, consumed)
	}
	switch {
	case err != nil:
		return refusalOf(ErrUnavailable, err, token)
	case used:
		return refusalOf(ErrConsumed, nil, token)
	}
	return refusalOf(ErrRevokedToken, nil, token)
}

func (k *purposePolicy) revoke(ctx context.Context, p Purpose, user any) error {
	if err := p.validate(); err != nil {
		return err
	}
	identity, err := k.minter.subject(ctx, user)
	if err != nil {
		return err
	}
	return k.times.endAll(ctx, k.times.series(p, identity))
}
