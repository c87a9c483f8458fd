package ginjwt

import (
	"slices"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// A blocklist holds IDs and no reasons. If a session or token ends for another cause than
// a logout, the list gets another ID first, made from the cause. Requests never look it
// up. SessionContext does, after it has found the ID of the session or token.

// notedCauses have such an ID. The most specific cause comes first.
var notedCauses = [...]Cause{CauseReuse, CauseApplication, CauseUser, CauseRevocation, CauseMaxSessions}

func causeID(cause Cause, id string) string { return derivedID("ended", string(cause), id) }

// endedBy returns the entries for IDs that end for a cause; the IDs of the cause come
// first.
func endedBy(cause Cause, ended ...store.Revocation) []store.Revocation {
	if cause == CauseLogout {
		return ended
	}
	entries := make([]store.Revocation, 0, 2*len(ended))
	for _, e := range ended {
		entries = append(entries, store.Revocation{ID: causeID(cause, e.ID), Expires: e.Expires})
	}
	return append(entries, ended...)
}

// endCauseOf returns why c has ended, according to the list; empty: none of its IDs is
// on the list.
func endCauseOf(c *liveContext, listed func(id string) bool) Cause {
	for _, id := range c.ids {
		if !listed(id) {
			continue
		}
		for _, cause := range notedCauses {
			if listed(causeID(cause, id)) {
				return cause
			}
		}
		return CauseLogout
	}
	if slices.ContainsFunc(c.token.read().payload.originIDs, listed) {
		return CauseUpstreamLogout
	}
	return ""
}
