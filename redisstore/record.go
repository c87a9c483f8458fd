package redisstore

import (
	"errors"
	"strconv"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// changing returns the fields that Replace writes.
func changing(s store.Session) []any {
	return []any{
		"generation", s.Generation, "rotated", millis(s.RotatedAt), "grace", graceOf(s.HandedOutAt),
		"expires", millis(s.ExpiresAt), "ends", millis(s.EndsAt), "key", s.KeyHash, "data", s.Data,
		"iss", s.Upstream.Issuer, "sid", s.Upstream.SID, "sub", s.Upstream.Subject, "jkt", s.JKT,
	}
}

var errBadSession = errors.New("the record of a session has fields that cannot be read: check whether another program writes to the keys of this prefix")

// sessionOf reads a record. A record of version 1 has no realm, and none of the fields
// from "ends" on.
func sessionOf(id string, fields map[string]string) (store.Session, error) {
	s := store.Session{
		ID: id, Realm: fields["realm"], Identity: fields["identity"], Device: fields["device"],
		KeyHash: fields["key"], Data: fields["data"], JKT: fields["jkt"],
		Upstream: store.Upstream{Issuer: fields["iss"], SID: fields["sid"], Subject: fields["sub"]},
	}
	var err error
	if s.Generation, err = strconv.ParseInt(fields["generation"], 10, 64); err != nil {
		return store.Session{}, errBadSession
	}
	for name, at := range map[string]*time.Time{
		"created": &s.CreatedAt, "rotated": &s.RotatedAt, "grace": &s.HandedOutAt, "expires": &s.ExpiresAt, "ends": &s.EndsAt,
	} {
		if *at, err = timeOf(fields[name]); err != nil {
			return store.Session{}, errBadSession
		}
	}
	if !s.HandedOutAt.IsZero() {
		s.HandedOutAt = s.HandedOutAt.Add(-formerGrace)
	}
	return s, nil
}

// formerGrace is the difference between the field "grace" and HandedOutAt. In version 1
// the field is the end of the grace period of the previous generation. Processes of that
// version still read it so, and accept that generation for a minute after the tokens were
// handed out.
const formerGrace = time.Minute

func graceOf(handedOut time.Time) string {
	if handedOut.IsZero() {
		return ""
	}
	return millis(handedOut.Add(formerGrace))
}

// millis returns "" for the zero time, which is not the time 0 of 1970.
func millis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

func timeOf(millis string) (time.Time, error) {
	if millis == "" {
		return time.Time{}, nil
	}
	ms, err := strconv.ParseInt(millis, 10, 64)
	return time.UnixMilli(ms), err
}
