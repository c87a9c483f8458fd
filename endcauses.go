package ginjwt

import "github.com/gin-jwt-extended/ginjwt/store"

// A blocklist holds IDs and no reasons. Where something ends for another cause than a
// logout, an ID that is made of the cause is on the list too, before the ID itself.
// Requests never ask for it; SessionContext does, when the ID is found.

// notedCauses are those that have such an ID, the most telling one first.
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
