package ginjwt

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"
)

// purposeTimes revokes all purpose tokens of a series up to a time. The claim "at" is the
// time of a token: the second of its creation or, if that second is revoked already, the
// first later second that is not. So a process can revoke all tokens until now without
// revoking later ones. The blocklist holds the times as intervals: see backchannelids.go.
type purposeTimes struct {
	revocations *revocations
	once        *usedOnce
}

// maxTimeAttempts is how many tokens of one identity and purpose can be created at the
// same time with OnlyNewest.
const maxTimeAttempts = 100

// maxTimesAhead is how many seconds the times of one series may run ahead of the clock.
// Each takes an entry of Config.Once until it has passed, so a flood of requests for
// links must have a bound.
const maxTimesAhead = 3600

var (
	errManyTokens  = errors.New("too many tokens of one purpose for one identity: limit how many mails an address may get")
	errPurposeTime = errors.New("ginjwt: purpose tokens need a clock between 1970 and 2242: check the clock, or Config.Now")
)

// series returns the name of the purpose tokens of an identity.
func (t purposeTimes) series(p Purpose, identity string) string {
	return derivedID("purpose tokens", t.revocations.realm, p.Name, identity)
}

// isRevoked reports whether the tokens of a time are revoked. It asks the server of the list,
// because the time of a new token must be later than the times that any process has revoked.
func (t purposeTimes) isRevoked(ctx context.Context, series string, at int64) (bool, error) {
	if !isTime(at) {
		return false, errPurposeTime
	}
	revoked, err := t.revocations.containsNow(ctx, spanIDs(series, spansWith(at))...)
	if err != nil {
		return false, unavailable(err)
	}
	return revoked, nil
}

// next returns the first time from now on that is not revoked. Steps that double find such a
// time, and a binary search finds the first.
func (t purposeTimes) next(ctx context.Context, series string) (int64, error) {
	low := t.revocations.now().Unix()
	high := low
	for step := int64(1); ; step *= 2 {
		revoked, err := t.isRevoked(ctx, series, high)
		if err != nil {
			return 0, err
		}
		if !revoked {
			break
		}
		low, high = high+1, high+step
	}
	for low < high {
		middle := low + (high-low)/2
		revoked, err := t.isRevoked(ctx, series, middle)
		switch {
		case err != nil:
			return 0, err
		case revoked:
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, nil
}

// nextAlone is next, but gives no two callers the same time.
func (t purposeTimes) nextAlone(ctx context.Context, series string) (int64, error) {
	at, err := t.next(ctx, series)
	if err != nil {
		return 0, err
	}
	latest := min(at+maxTimeAttempts-1, t.revocations.now().Unix()+maxTimesAhead)
	for ; at <= latest; at++ {
		id := derivedID("purpose time", series, strconv.FormatInt(at, 10))
		until := keptUntil(later(t.revocations.now(), time.Unix(at, 0)), t.once.leeway)
		switch first, err := t.once.store.Claim(ctx, id, until); {
		case err != nil:
			return 0, unavailable(err)
		case first:
			return at, nil
		}
	}
	return 0, unavailable(errManyTokens)
}

// endAll revokes all tokens that exist, also those of a process with a clock that is ahead.
// It keeps the entries as long as any purpose token can live, so Purpose.Expires does not
// matter.
func (t purposeTimes) endAll(ctx context.Context, series string) error {
	at, err := t.next(ctx, series)
	if err != nil {
		return err
	}
	last := max(at, t.revocations.now().Add(clockMargin).Unix()) // no other process has given a later time
	return t.end(ctx, series, last, maxPurposeLifetime)
}

// shortestEnd is the shortest time for which older tokens are revoked: during a deployment,
// some processes may have a longer Purpose.Expires.
const shortestEnd = 24 * time.Hour

// endOlder revokes the tokens that were created before the token of a time.
func (t purposeTimes) endOlder(ctx context.Context, series string, at int64, p Purpose) error {
	return t.end(ctx, series, at-1, max(p.lifetime(), shortestEnd))
}

// end revokes the tokens of a series up to the time last, as long as they live. It leaves
// out intervals in which all tokens have expired.
func (t purposeTimes) end(ctx context.Context, series string, last int64, lifetime time.Duration) error {
	now := t.revocations.now()
	until := keptUntil(now.Add(lifetime), t.revocations.leeway)
	oldest := now.Add(now.Sub(until)).Unix()
	spans := slices.DeleteFunc(spansUntil(last), func(s span) bool { return s.last() < oldest })
	if err := t.revocations.blockAll(ctx, spanIDs(series, spans), until); err != nil {
		return unavailable(err)
	}
	return nil
}
