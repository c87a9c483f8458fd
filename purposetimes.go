package ginjwt

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"
)

// purposeTimes makes purpose tokens void that came before another, on the blocklist. A
// purpose token has a time in its claim "at": the second in which it was made or, if
// tokens of that time are void already, the first one after it that is not. So that "all
// until then" can be said at any time, by any process, and nothing that comes after is
// part of it. The list has it by intervals: see backchannelids.go.
type purposeTimes struct {
	revocations *revocations
	once        *usedOnce
}

// maxTimeAttempts is how many tokens of one identity and purpose can be created at once
// where only the newest is good.
const maxTimeAttempts = 100

var (
	errManyTokens  = errors.New("too many tokens of one purpose are created for one identity at once")
	errPurposeTime = errors.New("ginjwt: purpose tokens need a clock between 1970 and 2242")
)

// series names the purpose tokens of an identity.
func (t purposeTimes) series(p Purpose, identity string) string {
	return derivedID("purpose tokens", t.revocations.realm, p.Name, identity)
}

// isVoid reports whether the tokens of a time are void. It asks for what all processes have
// added: the time of a new token comes after those of the others.
func (t purposeTimes) isVoid(ctx context.Context, series string, at int64) (bool, error) {
	if !isTime(at) {
		return false, errPurposeTime
	}
	void, err := t.revocations.containsNow(ctx, spanIDs(series, spansWith(at))...)
	if err != nil {
		return false, unavailable(err)
	}
	return void, nil
}

// next returns the first time from now on that is not void. What is void ends somewhere:
// steps that double find a time behind it, and then halves are cut off.
func (t purposeTimes) next(ctx context.Context, series string) (int64, error) {
	low := t.revocations.now().Unix()
	high := low
	for step := int64(1); ; step *= 2 {
		void, err := t.isVoid(ctx, series, high)
		if err != nil {
			return 0, err
		}
		if !void {
			break
		}
		low, high = high+1, high+step
	}
	for low < high {
		middle := low + (high-low)/2
		void, err := t.isVoid(ctx, series, middle)
		switch {
		case err != nil:
			return 0, err
		case void:
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, nil
}

// nextAlone is next, and no two callers are given the same time.
func (t purposeTimes) nextAlone(ctx context.Context, series string) (int64, error) {
	at, err := t.next(ctx, series)
	if err != nil {
		return 0, err
	}
	for range maxTimeAttempts {
		id := derivedID("purpose time", series, strconv.FormatInt(at, 10))
		until := keptUntil(later(t.revocations.now(), time.Unix(at, 0)), t.once.leeway)
		switch first, err := t.once.store.Claim(ctx, id, until); {
		case err != nil:
			return 0, unavailable(err)
		case first:
			return at, nil
		}
		at++
	}
	return 0, unavailable(errManyTokens)
}

// endAll makes void what was created before, also by a process whose clock is ahead, and
// for as long as any purpose token can live: it does not matter what Purpose.Expires was.
func (t purposeTimes) endAll(ctx context.Context, series string) error {
	at, err := t.next(ctx, series)
	if err != nil {
		return err
	}
	return t.end(ctx, series, at+int64(clockMargin/time.Second), maxPurposeLifetime)
}

// shortestEnd is for how long older tokens are void at least: processes with another
// Purpose.Expires may take them while a new version is deployed.
const shortestEnd = 24 * time.Hour

// endOlder makes void what was created before the token of a time.
func (t purposeTimes) endOlder(ctx context.Context, series string, at int64, p Purpose) error {
	return t.end(ctx, series, at-1, max(p.lifetime(), shortestEnd))
}

// end makes the tokens of a series void whose time is not after last, for as long as they
// live. Older ones than that have expired, so that their intervals are left out.
func (t purposeTimes) end(ctx context.Context, series string, last int64, lifetime time.Duration) error {
	now := t.revocations.now()
	until := keptUntil(now.Add(lifetime), t.revocations.leeway)
	oldest := now.Add(-until.Sub(now)).Unix()
	spans := slices.DeleteFunc(spansUntil(last), func(s span) bool { return s.last() < oldest })
	if err := t.revocations.blockAll(ctx, spanIDs(series, spans), until); err != nil {
		return unavailable(err)
	}
	return nil
}
