package ginjwt

import (
	"context"
	"fmt"
	"hash/maphash"
	"time"
)

const (
	resolveAgain     = 24 * time.Hour // after which an issuer is asked about again
	resolveRetry     = time.Minute    // after which that is repeated, if there was no answer
	resolveRemembers = time.Minute    // an issuer that is unknown
)

// resolvedIssuers are the issuers that an IssuerResolver brought: most at the most, by
// "iss". They are guarded by the mutex of the resolver.
type resolvedIssuers struct {
	most       int
	configured []Issuer
	byName     map[string]*resolvedIssuer
}

// resolvedIssuer is one of them.
type resolvedIssuer struct {
	Issuer
	rules *issuerRules
	end   context.CancelFunc // of what the IssuerResolver has started for it
	since time.Time
	asked time.Time // again, for the last time
}

// isDue reports whether the issuer has to be asked about again. Without an answer that is
// not done for each token: each time its keys may be fetched.
func (i *resolvedIssuer) isDue(now time.Time) bool {
	return now.Sub(i.since).Abs() >= resolveAgain && now.Sub(i.asked).Abs() >= resolveRetry
}

func (i *resolvedIssuer) rulesOrNil() *issuerRules {
	if i == nil {
		return nil
	}
	return i.rules
}

// get returns an issuer; nil if it is not there, or nobody could say for too long whether
// it still should be.
func (l *resolvedIssuers) get(name string, now time.Time) *resolvedIssuer {
	i := l.byName[name]
	if i == nil {
		return nil
	}
	if now.Sub(i.since).Abs() >= 2*resolveAgain {
		l.remove(name)
		return nil
	}
	i.rules.touch(now)
	return i
}

// add takes an issuer in, if it names no user of another. Another one may have to go.
func (l *resolvedIssuers) add(i *resolvedIssuer) error {
	if i.IdentityPrefix == "" && !i.AllowSharedIdentities {
		return fmt.Errorf("%w: IdentityPrefix is empty; set one of its own, or AllowSharedIdentities", ErrCallback)
	}
	for _, other := range l.configured {
		if i.sharesUsers(other) {
			return errSharedPrefix
		}
	}
	for _, other := range l.byName {
		if other.Name != i.Name && i.sharesUsers(other.Issuer) {
			return errSharedPrefix
		}
	}
	l.remove(i.Name)
	if len(l.byName) >= l.most {
		l.remove(l.last().Name)
	}
	i.rules.touch(i.since)
	l.byName[i.Name] = i
	return nil
}

var errSharedPrefix = fmt.Errorf("%w: the IdentityPrefix could name the users of another issuer; set one of its own, or AllowSharedIdentities", ErrCallback)

// sharesUsers reports whether i, or other, could name a user of the other, and may not. That
// both have the same keys does not make them one issuer: somebody may host many.
func (i Issuer) sharesUsers(other Issuer) bool { return i.canName(other) || other.canName(i) }

// last returns the issuer that goes when there is no room: the one that was not used for
// longest. Issuers of which no token was ever verified go first, unless they are few: names
// that somebody has made up do not drive out issuers that have users.
func (l *resolvedIssuers) last() *resolvedIssuer {
	var last, lastProven *resolvedIssuer
	unproven := 0
	for _, i := range l.byName {
		place := &last
		if i.rules.proven.Load() {
			place = &lastProven
		} else {
			unproven++
		}
		if *place == nil || i.rules.used.Load() < (*place).rules.used.Load() {
			*place = i
		}
	}
	if last == nil || lastProven != nil && unproven <= l.most/8 {
		return lastProven
	}
	return last
}

// remove ends an issuer, if it is there.
func (l *resolvedIssuers) remove(name string) {
	if i := l.byName[name]; i != nil {
		delete(l.byName, name)
		i.end()
	}
}

// unknownIssuers are names that an IssuerResolver does not know. Each has one place, by a
// hash that nobody outside can compute, and makes room there for the next: whoever sends
// names without end costs memory once.
type unknownIssuers struct {
	seed   maphash.Seed
	places []unknownIssuer
}

type unknownIssuer struct {
	hash  uint64
	until time.Time
}

func newUnknownIssuers() unknownIssuers {
	return unknownIssuers{maphash.MakeSeed(), make([]unknownIssuer, 4096)}
}

func (u *unknownIssuers) place(name string) (place *unknownIssuer, hash uint64) {
	hash = maphash.String(u.seed, name)
	return &u.places[hash%uint64(len(u.places))], hash
}

func (u *unknownIssuers) add(name string, now time.Time) {
	place, hash := u.place(name)
	*place = unknownIssuer{hash, now.Add(resolveRemembers)}
}

func (u *unknownIssuers) has(name string, now time.Time) bool {
	place, hash := u.place(name)
	left := place.until.Sub(now)
	return place.hash == hash && left > 0 && left <= resolveRemembers // more: the clock was set back
}

func (u *unknownIssuers) remove(name string) {
	if place, hash := u.place(name); place.hash == hash {
		*place = unknownIssuer{}
	}
}
