package ginjwt

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// A logout at an issuer adds IDs to the blocklist. A token or session looks up IDs that
// follow from its login. A blocklist has no values and no times, so time intervals express
// "all tokens of this user until now". Each interval has an ID. A logout adds the intervals
// that together cover all times up to the logout. A token looks up the intervals that
// contain its own time.

// timeBits is the number of bits of a time in seconds. It is enough until the year 2242.
const timeBits = 33

// isTime reports whether seconds is in the range of times that logouts can have.
func isTime(seconds int64) bool { return seconds >= 0 && seconds < 1<<timeBits-1 }

// span is an aligned time interval: number index of all intervals of 2^level seconds.
type span struct {
	level int
	index int64
}

// last returns the last second of s.
func (s span) last() int64 { return (s.index+1)<<s.level - 1 }

// spansUntil returns the intervals that together cover all times up to last: one for each
// bit that is set in the next second. Base 2 gives the fewest entries. A larger base
// would need fewer lookups, and more entries.
func spansUntil(last int64) (spans []span) {
	next := uint64(last) + 1
	for rest := next; rest != 0; rest &= rest - 1 {
		level := bits.TrailingZeros64(rest)
		spans = append(spans, span{level, int64(next>>level) - 1})
	}
	return spans
}

// spansWith returns the intervals of any spansUntil that can contain a time: the
// intervals with an even index, one for each bit that is not set in the time.
func spansWith(at int64) (spans []span) {
	for level := range timeBits {
		if index := at >> level; index&1 == 0 {
			spans = append(spans, span{level, index})
		}
	}
	return spans
}

// spanIDs returns the IDs of intervals for a user at an issuer.
func spanIDs(subject string, spans []span) []string {
	ids := make([]string, len(spans))
	for i, s := range spans {
		ids[i] = derivedID("logout", subject, strconv.Itoa(s.level), strconv.FormatInt(s.index, 10))
	}
	return ids
}

// loginOrigin identifies a login at an issuer, by hashes that reveal neither session nor
// user. Tokens carry it in the claim "upstream".
type loginOrigin struct {
	session string // of the session at the issuer; empty if unknown
	subject string // of the user at the issuer
	at      int64  // "iat", by the clock of the issuer
}

// originOf returns the origin of a token of an issuer, or of a session that began with a
// login there.
func originOf(realm string, u store.Upstream, at int64) loginOrigin {
	o := loginOrigin{subject: originSubject(realm, u, u.SID != ""), at: at}
	if u.SID != "" {
		o.session = originSession(realm, u)
	}
	return o
}

func originSession(realm string, u store.Upstream) string {
	return derivedID("logout session", realm, u.Issuer, u.SID)
}

// originSubject returns separate IDs for logins with and without "sid", because a logout
// of one session also ends everything that could belong to that session.
func originSubject(realm string, u store.Upstream, namesSession bool) string {
	return derivedID("logout subject", realm, u.Issuer, u.Subject, strconv.FormatBool(namesSession))
}

// ids returns the IDs to look up. After a logout, the blocklist has at least one of them.
func (o loginOrigin) ids() []string {
	ids := spanIDs(o.subject, spansWith(o.at))
	if o.session != "" {
		ids = append(ids, o.session)
	}
	return ids
}

// claim returns the value of the claim "upstream".
func (o loginOrigin) claim() string {
	return o.session + "." + o.subject + "." + strconv.FormatInt(o.at, 10)
}

// parseOrigin reads the value of the claim "upstream".
func parseOrigin(claim string) (o loginOrigin, ok bool) {
	parts := strings.Split(claim, ".")
	if len(parts) != 3 {
		return o, false
	}
	at, err := strconv.ParseInt(parts[2], 10, 64)
	o = loginOrigin{parts[0], parts[1], at}
	return o, err == nil && isTime(at) && isDerivedID(o.subject) && (o.session == "" || isDerivedID(o.session))
}

// logoutIDs returns the IDs that a logout adds to the blocklist. allNameSessions says
// that all tokens and sessions of the issuer have a "sid".
func logoutIDs(realm string, u store.Upstream, at int64, allNameSessions bool) (ids []string) {
	until := spansUntil(at)
	switch {
	case u.SID != "":
		ids = append(ids, originSession(realm, u))
	default:
		ids = spanIDs(originSubject(realm, u, true), until)
	}
	if u.Subject != "" && !allNameSessions {
		ids = append(ids, spanIDs(originSubject(realm, u, false), until)...)
	}
	return ids
}
