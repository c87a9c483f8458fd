package ginjwt

import (
	"slices"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// A blocklist holds IDs and no reasons. If something ends for another cause than a logout,
// the list gets one more ID, made of the cause, before the ID itself. Requests never ask for
// it; SessionContext does, when it has found the ID.

// notedCauses have such an ID. The most telling one comes first.
var notedCauses = [...]Cause{CauseReuse, CauseApplication, CauseUser, CauseRevocation, CauseMaxSessions}

func causeID(cause Cause, id string) string { return derivedID("ended", string(cause), id) }

// endedBy returns the entries for IDs that end for a cause, those of the cause first.
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

// endCauseOf returns why c has ended, by what is listed; empty: nothing of it is.
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
