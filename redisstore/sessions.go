package redisstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var _ store.SessionStore = (*Sessions)(nil)

// Sessions is a [store.SessionStore]. Make one with [Store.Sessions].
//
// A session is a hash that expires with it. The sessions of an identity are in
// an index of their own, as a cluster keeps the two on different servers and
// cannot change both in one step. So the index is always ahead: it may name a
// session that is not there, but none that is there is missing from it.
type Sessions struct {
	db     *redisdb.DB
	prefix string
}

// Sessions returns the sessions of the store.
func (s *Store) Sessions() *Sessions { return &Sessions{s.db, s.options.Prefix} }

// expireAt is what scripts end the life of a key with. It is PERSIST for those
// that have none.
const expireAt = `
local function expireAt(key, ms)
	if ms == '' or ms == 'inf' then
		redis.call('PERSIST', key)
	else
		redis.call('PEXPIREAT', key, ms)
	end
end
`

// indexScript adds a session to an index, or raises its expiry. An index lives
// as long as the last of its sessions.
//
// KEYS: index; ARGV: sid, expiry.
var indexScript = redis.NewScript(expireAt + `
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
expireAt(KEYS[1], redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
return 1
`)

// createScript tells by the call's mark whether a session that is there is one
// that it made itself when it was sent before.
//
// KEYS: session; ARGV: call, expiry, fields and values.
var createScript = redis.NewScript(expireAt + `
if redis.call('EXISTS', KEYS[1]) == 1 then
	return redis.call('HGET', KEYS[1], 'call') == ARGV[1] and 1 or 0
end
redis.call('HSET', KEYS[1], 'call', ARGV[1], unpack(ARGV, 3))
expireAt(KEYS[1], ARGV[2])
return 1
`)

// replaceScript compares and replaces. It, too, knows its own work by the mark.
//
// KEYS: session; ARGV: call, expiry, generation, rotated and grace of the old,
// fields and values.
var replaceScript = redis.NewScript(expireAt + `
local old = redis.call('HMGET', KEYS[1], 'call', 'generation', 'rotated', 'grace')
if old[1] == ARGV[1] then
	return 1
end
if old[2] ~= ARGV[3] or old[3] ~= ARGV[4] or old[4] ~= ARGV[5] then
	return 0
end
redis.call('HSET', KEYS[1], 'call', ARGV[1], unpack(ARGV, 6))
expireAt(KEYS[1], ARGV[2])
return 1
`)

// deleteScript tells whose session it was.
//
// KEYS: session.
var deleteScript = redis.NewScript(`
local identity = redis.call('HGET', KEYS[1], 'identity')
redis.call('DEL', KEYS[1])
return identity or ''
`)

// unindexScript removes a session from an index.
//
// KEYS: index; ARGV: sid.
var unindexScript = redis.NewScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`)

// listScript drops what has expired by the clock of the server, which is also
// the one that ends the sessions. An entry whose session is merely missing has
// to stay: Create may have come as far as the index, and no further.
//
// KEYS: index.
var listScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now))
return redis.call('ZRANGE', KEYS[1], 0, -1)
`)

// Create stores a new session.
func (s *Sessions) Create(ctx context.Context, session store.Session) (bool, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) (bool, error) {
		if err := s.index(ctx, session); err != nil {
			return false, err
		}
		args := append([]any{redisdb.RandomMark(), millis(session.ExpiresAt),
			"identity", session.Identity, "device", session.Device, "created", millis(session.CreatedAt),
		}, changing(session)...)
		return s.decide(ctx, createScript, session.ID, args...)
	})
}

// Get returns a session.
func (s *Sessions) Get(ctx context.Context, id string) (session store.Session, ok bool, err error) {
	fields, err := redisdb.Ask(ctx, s.db, func(ctx context.Context) (map[string]string, error) {
		return s.db.Client.HGetAll(ctx, s.key(id)).Result()
	})
	if err != nil || len(fields) == 0 {
		return session, false, err
	}
	if session, err = sessionOf(id, fields); err != nil {
		return session, false, fmt.Errorf("redisstore: %w", err)
	}
	return session, true, nil
}

// Replace puts next in the place of old. It mends the index on the way, should
// that have lost the session.
func (s *Sessions) Replace(ctx context.Context, old, next store.Session) (bool, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) (bool, error) {
		if old.Generation != next.Generation || !old.ExpiresAt.Equal(next.ExpiresAt) {
			if err := s.index(ctx, next); err != nil {
				return false, err
			}
		}
		args := append([]any{redisdb.RandomMark(), millis(next.ExpiresAt), old.Generation, millis(old.RotatedAt), millis(old.HandedOutAt)}, changing(next)...)
		return s.decide(ctx, replaceScript, old.ID, args...)
	})
}

// Delete removes a session.
func (s *Sessions) Delete(ctx context.Context, id string) (bool, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) (bool, error) {
		identity, err := s.db.Write(ctx, deleteScript, []string{s.key(id)})
		if err != nil || identity == "" {
			return false, err
		}
		// The session is gone, whatever becomes of its entry in the index.
		_ = unindexScript.Run(ctx, s.db.Client, []string{s.indexKey(identity.(string))}, id).Err()
		return true, nil
	})
}

// List returns the sessions of identity.
func (s *Sessions) List(ctx context.Context, realm, identity string) ([]store.Session, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) ([]store.Session, error) {
		ids, err := listScript.Run(ctx, s.db.Client, []string{s.indexKey(identity)}).StringSlice()
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		return s.read(ctx, identity, ids)
	})
}

// read leaves out what is not there and what is another identity's.
func (s *Sessions) read(ctx context.Context, identity string, ids []string) (sessions []store.Session, err error) {
	replies := make([]*redis.MapStringStringCmd, len(ids))
	_, err = s.db.Client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = pipe.HGetAll(ctx, s.key(id))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		fields := replies[i].Val()
		if len(fields) == 0 || fields["identity"] != identity {
			continue
		}
		session, err := sessionOf(id, fields)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, session)
	}
	return sessions, nil
}

// index makes sure that a session is in the index for as long as it lives.
func (s *Sessions) index(ctx context.Context, session store.Session) error {
	expiry := cmp.Or(millis(session.ExpiresAt), "+inf")
	_, err := s.db.Write(ctx, indexScript, []string{s.indexKey(session.Identity)}, session.ID, expiry)
	return err
}

// decide runs a script that answers 1 for yes.
func (s *Sessions) decide(ctx context.Context, script *redis.Script, id string, args ...any) (bool, error) {
	yes, err := s.db.Write(ctx, script, []string{s.key(id)}, args...)
	return yes == int64(1), err
}

func (s *Sessions) key(id string) string { return s.prefix + ":session:" + id }

// indexKey is of one length, whatever an identity is, and names nobody.
func (s *Sessions) indexKey(identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return s.prefix + ":sessions:" + hex.EncodeToString(sum[:])
}

// changing are the fields that Replace writes.
func changing(s store.Session) []any {
	return []any{"generation", s.Generation, "rotated", millis(s.RotatedAt), "grace", millis(s.HandedOutAt), "expires", millis(s.ExpiresAt)}
}

var errBadSession = errors.New("a session is not as this package writes it")

func sessionOf(id string, fields map[string]string) (store.Session, error) {
	s := store.Session{ID: id, Identity: fields["identity"], Device: fields["device"]}
	var err error
	if s.Generation, err = strconv.ParseInt(fields["generation"], 10, 64); err != nil {
		return store.Session{}, errBadSession
	}
	for name, at := range map[string]*time.Time{
		"created": &s.CreatedAt, "rotated": &s.RotatedAt, "grace": &s.HandedOutAt, "expires": &s.ExpiresAt,
	} {
		if *at, err = timeOf(fields[name]); err != nil {
			return store.Session{}, errBadSession
		}
	}
	return s, nil
}

// millis is empty for the zero time, which is not that of 1970.
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
