package redisstore

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/store"
)

var (
	_ store.SessionStore    = (*Sessions)(nil)
	_ store.SessionsDeleter = (*Sessions)(nil)
)

// Sessions is a [store.SessionStore]. Make one with [Store.Sessions].
//
// A session is a hash that expires with the session. An index lists the sessions of
// each identity. A cluster may keep the hash and the index on different servers, and
// cannot change both in one step. So Create and Replace write the index first, and
// Delete writes it last. The index may list a session that no longer exists, but it
// always lists every session that exists.
type Sessions struct {
	db     *redisdb.DB
	prefix string
}

// Sessions returns the sessions of the store.
func (s *Store) Sessions() *Sessions { return &Sessions{s.db, s.options.Prefix} }

// expireAt sets the expiry of a key to a minute after the given time. Clocks of servers
// and processes differ, and an index on a server whose clock is ahead would otherwise
// lose live sessions. Without a time the key does not expire.
const expireAt = `
local function expireAt(key, ms)
	if ms == '' or ms == 'inf' then
		redis.call('PERSIST', key)
	else
		redis.call('PEXPIREAT', key, string.format('%.0f', ms + 60000))
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

// createScript creates a session unless there is one. If the client repeats the call, the
// session has the mark of the call; the script then writes it again, for WAIT.
//
// KEYS: session; ARGV: call, expiry, fields and values.
var createScript = redis.NewScript(expireAt + `
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HGET', KEYS[1], 'call') ~= ARGV[1] then
	return 0
end
redis.call('HSET', KEYS[1], 'call', ARGV[1], unpack(ARGV, 3))
expireAt(KEYS[1], ARGV[2])
return 1
`)

// replaceScript replaces a session if it equals the old one. A repeated call recognises
// its own mark.
//
// KEYS: session; ARGV: call, expiry, generation, rotated and grace of the old session;
// then fields and values.
var replaceScript = redis.NewScript(expireAt + `
local old = redis.call('HMGET', KEYS[1], 'call', 'generation', 'rotated', 'grace')
if old[1] ~= ARGV[1] and (old[2] ~= ARGV[3] or old[3] ~= ARGV[4] or old[4] ~= ARGV[5]) then
	return 0
end
redis.call('HSET', KEYS[1], 'call', ARGV[1], unpack(ARGV, 6))
expireAt(KEYS[1], ARGV[2])
return 1
`)

// deleteScript returns whose session it deleted, or nothing if there was none. A deleted
// session cannot keep a mark of the call. So the script keeps its answer in a second key,
// in the slot of the session, for as long as the client may repeat the call.
//
// KEYS: session, answer; ARGV: life of the answer in milliseconds.
var deleteScript = redis.NewScript(`
local whose = redis.call('HMGET', KEYS[2], 'realm', 'identity')
if not whose[1] then
	whose = redis.call('HMGET', KEYS[1], 'realm', 'identity')
	if redis.call('DEL', KEYS[1]) == 0 then
		return {}
	end
	whose = {whose[1] or '', whose[2] or ''}
	redis.call('HSET', KEYS[2], 'realm', whose[1], 'identity', whose[2])
end
local time = redis.call('TIME')
redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]))
return whose
`)

// unindexScript removes a session from an index.
//
// KEYS: index; ARGV: sid.
var unindexScript = redis.NewScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`)

// listScript returns an index, and drops entries that expired more than a minute ago by
// the server's clock. The margin is for the clock of the server that has the sessions.
// An entry without a session must stay: a Create may have written only the index so far.
//
// KEYS: index.
var listScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now - 60000))
return redis.call('ZRANGE', KEYS[1], 0, -1)
`)

// Create stores a new session. It reports false, and changes nothing, if its ID is taken.
func (s *Sessions) Create(ctx context.Context, session store.Session) (bool, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) (bool, error) {
		if err := s.index(ctx, session); err != nil {
			return false, err
		}
		args := append([]any{redisdb.RandomMark(), millis(session.ExpiresAt),
			"realm", session.Realm, "identity", session.Identity, "device", session.Device, "created", millis(session.CreatedAt),
		}, changing(session)...)
		return s.decide(ctx, createScript, session.ID, args...)
	})
}

// Get returns a session, and whether there is one.
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

// Replace stores next in the place of old, and reports true, if the stored session has
// the Generation, RotatedAt and HandedOutAt of old. It also adds the session to the index
// again, in case that has lost it.
func (s *Sessions) Replace(ctx context.Context, old, next store.Session) (bool, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) (bool, error) {
		if old.Generation != next.Generation || !old.ExpiresAt.Equal(next.ExpiresAt) {
			if err := s.index(ctx, next); err != nil {
				return false, err
			}
		}
		args := append([]any{redisdb.RandomMark(), millis(next.ExpiresAt), old.Generation, millis(old.RotatedAt), graceOf(old.HandedOutAt)}, changing(next)...)
		return s.decide(ctx, replaceScript, old.ID, args...)
	})
}

// Delete removes a session. If several callers delete it at the same time, exactly
// one gets true.
func (s *Sessions) Delete(ctx context.Context, id string) (bool, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) (bool, error) {
		keys := []string{s.key(id), s.answerKey(id, redisdb.RandomMark())}
		answer, err := s.db.Write(ctx, deleteScript, keys, (s.db.Timeout + answerLife).Milliseconds())
		whose, _ := answer.([]any)
		if err != nil || len(whose) == 0 {
			return false, err
		}
		// The session is deleted even if its entry in the index stays.
		_ = unindexScript.Run(ctx, s.db.Client, []string{s.indexKey(whose[0].(string), whose[1].(string))}, id).Err()
		return true, nil
	})
}

// DeleteMany removes sessions, and then tries to remove their entries in the indexes.
func (s *Sessions) DeleteMany(ctx context.Context, sessions []store.Session) error {
	keys := make([]string, len(sessions))
	indexed := map[string][]any{}
	for i, session := range sessions {
		keys[i] = s.key(session.ID)
		index := s.indexKey(session.Realm, session.Identity)
		indexed[index] = append(indexed[index], session.ID)
	}
	_, err := redisdb.Ask(ctx, s.db, func(ctx context.Context) (struct{}, error) {
		if err := s.db.Delete(ctx, keys); err != nil {
			return struct{}{}, err
		}
		_, _ = s.db.Client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for index, ids := range indexed {
				pipe.ZRem(ctx, index, ids...)
			}
			return nil
		})
		return struct{}{}, nil
	})
	return err
}

// Self returns s. With it, package ginjwt finds out whether a type of your own embeds the
// store: see [store.SessionsDeleter].
func (s *Sessions) Self() any { return s }

// answerLife is how long after its caller's timeout a script may still arrive and run.
const answerLife = time.Minute

// List returns the sessions of an identity in a realm, in any order.
func (s *Sessions) List(ctx context.Context, realm, identity string) ([]store.Session, error) {
	return redisdb.Ask(ctx, s.db, func(ctx context.Context) ([]store.Session, error) {
		ids, err := listScript.Run(ctx, s.db.Client, []string{s.indexKey(realm, identity)}).StringSlice()
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		return s.read(ctx, realm, identity, ids)
	})
}

// read returns the sessions with these IDs, except those that are gone or belong to
// another user.
func (s *Sessions) read(ctx context.Context, realm, identity string, ids []string) (sessions []store.Session, err error) {
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
		if len(fields) == 0 || fields["realm"] != realm || fields["identity"] != identity {
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

// index adds a session to its index for as long as the session lives.
func (s *Sessions) index(ctx context.Context, session store.Session) error {
	expiry := cmp.Or(millis(session.ExpiresAt), "+inf")
	_, err := s.db.Write(ctx, indexScript, []string{s.indexKey(session.Realm, session.Identity)}, session.ID, expiry)
	return err
}

// decide runs a script that returns 1 for true.
func (s *Sessions) decide(ctx context.Context, script *redis.Script, id string, args ...any) (bool, error) {
	yes, err := s.db.Write(ctx, script, []string{s.key(id)}, args...)
	return yes == int64(1), err
}

func (s *Sessions) key(id string) string { return s.prefix + ":session:" + id }

// answerKey is in the slot of the session, because the session's key is its hash tag.
func (s *Sessions) answerKey(id, call string) string {
	return s.prefix + ":deleted:{" + s.key(id) + "}:" + call
}

// indexKey contains a hash, so that it has a fixed length and does not show the identity.
// Without a realm it is the key of version 1.
func (s *Sessions) indexKey(realm, identity string) string {
	if realm == "" {
		return s.prefix + ":sessions:" + hashOf(identity)
	}
	return s.prefix + ":sessions:in:" + hashOf(fmt.Sprintf("%d:%s%s", len(realm), realm, identity))
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
