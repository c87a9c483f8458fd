package ginjwt

import (
	"context"
	"fmt"
	"hash/maphash"
	"time"
)

const (
	resolveAgain     = 24 * time.Hour // after this time the manager asks about an issuer again
	resolveRetry     = time.Minute    // time between attempts, if there was no answer
	resolveRemembers = time.Minute    // how long an unknown issuer is remembered
)

// resolvedIssuers are the issuers of an IssuerResolver, by "iss". most is their maximum
// number. The mutex of the resolver guards them.
type resolvedIssuers struct {
	most       int
	configured []Issuer
	byName     map[string]*resolvedIssuer
}

// resolvedIssuer is one of them.
type resolvedIssuer struct {
	Issuer
	rules *issuerRules
	end   context.CancelFunc // ends what the IssuerResolver started for the issuer
	since time.Time
	asked time.Time // last time that the manager asked again
}

// isDue reports whether to ask about the issuer again. If there was no answer, it waits
// for resolveRetry, because each attempt may fetch keys.
func (i *resolvedIssuer) isDue(now time.Time) bool {
	return now.Sub(i.since).Abs() >= resolveAgain && now.Sub(i.asked).Abs() >= resolveRetry
}

func (i *resolvedIssuer) rulesOrNil() *issuerRules {
	if i == nil {
		return nil
	}
	return i.rules
}

// get returns an issuer. It returns nil if the issuer is unknown, or if the last answer
// about it is too old.
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

// add adds an issuer, unless it could name users of another one. It may drop another
// issuer.
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

// sharesUsers reports whether i or other could name a user of the other without
// permission. The same keys do not make them one issuer, because one host may serve many.
func (i Issuer) sharesUsers(other Issuer) bool { return i.canName(other) || other.canName(i) }

// last returns the issuer to drop when there is no room: the least recently used. Issuers
// without a verified token go first, unless they are few. So invented names do not push
// out issuers with users.
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

// remove drops an issuer, if it is there.
func (l *resolvedIssuers) remove(name string) {
	if i := l.byName[name]; i != nil {
		delete(l.byName, name)
		i.end()
	}
}

// unknownIssuers are names that the IssuerResolver does not know. A secret hash gives
// each name one place, and a new name replaces the one there. So any number of names
// needs a fixed amount of memory.
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
