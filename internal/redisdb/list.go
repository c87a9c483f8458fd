package redisdb

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

var _ replica.Log = (*List)(nil)

// List is the list on the server: a sorted set of all entries, and a
// stream of the last ones. The ID of an entry of the stream is its position,
// sequence number and mark.
//
// The set has a guard, a member that never expires, so that it is there as long
// as the stream is. A stream without the guard has lost its set, a guard without
// a stream has lost that: both are seen as a list that never was, and those who
// follow it give back what they know.
//
// The two keys must never expire: a server that is short of memory may drop
// keys that do, and would bring back what was revoked. Their common hash tag
// keeps them in one slot, so that one script can change both.
type List struct {
	// LogLength is how many entries the stream keeps, and some more.
	LogLength int

	db  *DB
	set string
	log string
}

const defaultLogLength = 100_000

// List returns the list whose keys begin with prefix.
func (db *DB) List(prefix string) *List {
	set := "{" + prefix + "}:blocklist"
	return &List{defaultLogLength, db, set, set + ":log"}
}

// lastID is the part of scripts that reads the position of the last entry, also
// if that entry itself is gone.
const lastID = `
local function lastID(log)
	local info = redis.call('XINFO', 'STREAM', log)
	for i = 1, #info, 2 do
		if info[i] == 'last-generated-id' then
			return info[i + 1]
		end
	end
end
`

// headScript returns the position of the last entry.
//
// KEYS: set, log.
var headScript = redis.NewScript(lastID + `
if not redis.call('ZSCORE', KEYS[1], 'guard') or redis.call('EXISTS', KEYS[2]) == 0 then
	return '0-0'
end
return lastID(KEYS[2])
`)

// appendScript adds entries, and removes some that have expired; those only an
// hour later, so that clocks may differ.
//
// The log comes first, as nothing is taken back when a script fails: what is in
// the set would not be added again.
//
// What is left of a log that has lost its set is dropped, so that numbers begin
// again, and all who follow notice. Where the log was lost, and the set was not,
// number 1 is left out: who followed from the very start has not read the set.
//
// KEYS: set, log; ARGV: length of the log, then key, expiry and mark of each.
var appendScript = redis.NewScript(lastID + `
local set, log = KEYS[1], KEYS[2]
local seq
if not redis.call('ZSCORE', set, 'guard') then
	redis.call('DEL', log)
	redis.call('ZADD', set, '+inf', 'guard')
	seq = 0
elseif redis.call('EXISTS', log) == 0 then
	seq = 1
else
	seq = tonumber(string.match(lastID(log), '^%d+'))
end

local hourAgo = redis.call('TIME')[1] - 3600
local expired = redis.call('ZRANGEBYSCORE', set, '-inf', string.format('(%.0f', hourAgo), 'LIMIT', 0, 100)
if #expired > 0 then
	redis.call('ZREM', set, unpack(expired))
end

for i = 2, #ARGV, 3 do
	local key, expiry, mark = ARGV[i], ARGV[i + 1], ARGV[i + 2]
	local known = redis.call('ZSCORE', set, key)
	if not known or tonumber(known) < tonumber(expiry) then
		seq = seq + 1
		redis.call('XADD', log, 'MAXLEN', '~', ARGV[1], string.format('%.0f-%s', seq, mark), 'key', key, 'until', expiry)
		redis.call('ZADD', set, expiry, key)
	end
end
return 1
`)

// How many entries one command is about.
const (
	appendedAtOnce = 500 // the server does nothing else meanwhile
	ReadAtOnce     = 2000
)

// Head returns the position of the last entry.
func (l *List) Head(ctx context.Context) (replica.Position, error) {
	return Ask(ctx, l.db, l.head)
}

func (l *List) head(ctx context.Context) (replica.Position, error) {
	id, err := headScript.Run(ctx, l.db.Client, []string{l.set, l.log}).Text()
	if err != nil {
		return replica.Position{}, err
	}
	at, ok := positionOf(id)
	if !ok {
		return at, errors.New("the log of revoked tokens is not as this package writes it")
	}
	return at, nil
}

// Append adds entries.
func (l *List) Append(ctx context.Context, entries []idset.Entry) error {
	for part := range slices.Chunk(entries, appendedAtOnce) {
		args := make([]any, 0, 1+3*len(part))
		args = append(args, l.LogLength)
		for _, e := range part {
			args = append(args, e.Key[:], e.Until, RandomMark())
		}
		_, err := Ask(ctx, l.db, func(ctx context.Context) (any, error) {
			return l.db.Write(ctx, appendScript, []string{l.set, l.log}, args...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lookup is what a question of Contains is answered with.
type lookup struct {
	found bool
	head  replica.Position
}

// Contains reports whether any of keys is on the list, and where that stands.
func (l *List) Contains(ctx context.Context, keys []idset.Key) (found bool, head replica.Position, err error) {
	answer, err := Ask(ctx, l.db, func(ctx context.Context) (a lookup, err error) {
		if a.found, err = l.containsAny(ctx, keys); err == nil {
			a.head, err = l.head(ctx)
		}
		return a, err
	})
	return answer.found, answer.head, err
}

func (l *List) containsAny(ctx context.Context, keys []idset.Key) (bool, error) {
	if len(keys) == 0 {
		return false, nil
	}
	members := make([]string, len(keys))
	for i, key := range keys {
		members[i] = string(key[:])
	}
	scores, err := l.db.Client.ZMScore(ctx, l.set, members...).Result()
	// 0 stands for a member that is not there.
	return slices.ContainsFunc(scores, func(score float64) bool { return score != 0 }), err
}

// Load reads the set by rank, from the latest expiry down. Ranks only grow:
// entries are added or raised above others, and only those that have expired,
// below all others, are removed. So what is there throughout is read, perhaps
// twice. ZSCAN does not promise this much: its cursor means nothing to another
// server, nor to the same one after a restart.
func (l *List) Load(ctx context.Context, add func(idset.Entry)) error {
	for rank := 0; ; rank += ReadAtOnce {
		members, err := Ask(ctx, l.db, func(ctx context.Context) ([]redis.Z, error) {
			return l.db.Client.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
				Key: l.set, Start: rank, Stop: rank + ReadAtOnce - 1, Rev: true,
			}).Result()
		})
		if err != nil {
			return err
		}
		now := time.Now()
		for _, member := range members {
			if e, ok := entryOf(member); ok && e.IsLive(now) {
				add(e)
			}
		}
		if len(members) < ReadAtOnce {
			return nil
		}
	}
}

// entryOf reports false for the guard.
func entryOf(member redis.Z) (e idset.Entry, ok bool) {
	key, _ := member.Member.(string)
	if len(key) != len(e.Key) {
		return e, false
	}
	return idset.Entry{Key: idset.Key([]byte(key)), Until: uint32(min(max(member.Score, 0), idset.Forever))}, true
}

// Since reads the log from the entry at which the caller is. If that is another
// one by now, the server has lost data; if it is gone, or numbers are missing
// after it, so may entries be.
func (l *List) Since(ctx context.Context, at replica.Position, add func(idset.Entry)) (replica.Position, error) {
	messages, err := Ask(ctx, l.db, func(ctx context.Context) ([]redis.XMessage, error) {
		return l.db.Client.XRangeN(ctx, l.log, strconv.FormatInt(at.Seq, 10)+"-0", "+", ReadAtOnce).Result()
	})
	if err != nil {
		return at, err
	}
	if at.Seq > 0 {
		if len(messages) == 0 {
			return at, replica.ErrDropped
		}
		switch first, _ := positionOf(messages[0].ID); {
		case first.Seq != at.Seq:
			return at, replica.ErrDropped
		case first != at:
			return at, replica.ErrLost
		}
		messages = messages[1:]
	}
	for _, message := range messages {
		next, e, ok := messageOf(message)
		if !ok || next.Seq != at.Seq+1 {
			return at, replica.ErrDropped
		}
		add(e)
		at = next
	}
	return at, nil
}

func messageOf(m redis.XMessage) (at replica.Position, e idset.Entry, ok bool) {
	at, ok = positionOf(m.ID)
	key, _ := m.Values["key"].(string)
	text, _ := m.Values["until"].(string)
	until, err := strconv.ParseUint(text, 10, 32)
	if !ok || err != nil || len(key) != len(e.Key) {
		return at, e, false
	}
	return at, idset.Entry{Key: idset.Key([]byte(key)), Until: uint32(until)}, true
}

// How long Wait takes at the least, so that its caller does not go round and
// round: when it cannot wait, and when there is no entry to wait after.
const (
	MinWait      = 100 * time.Millisecond
	MinFirstWait = 5 * time.Millisecond
)

// Wait waits for an entry after at.
func (l *List) Wait(ctx context.Context, at replica.Position, most time.Duration) {
	most = max(most, time.Millisecond) // the least there is; 0 would be for ever
	began := time.Now()
	_, err := ask(ctx, most+l.db.Timeout, func(ctx context.Context) ([]redis.XStream, error) {
		return l.db.Client.XRead(ctx, &redis.XReadArgs{
			Streams: []string{l.log, idOf(at)}, Count: 1, Block: most,
		}).Result()
	})
	switch failed := err != nil && !errors.Is(err, redis.Nil); {
	case failed:
		sleep(ctx, min(most, MinWait)-time.Since(began))
	case at.Seq == 0: // a log that has lost its set has entries after that all the time
		sleep(ctx, min(most, MinFirstWait)-time.Since(began))
	}
}

// idOf returns the ID of the entry at a position, 0-0 for the one before all.
func idOf(at replica.Position) string {
	if at.Seq == 0 {
		return "0-0"
	}
	return strconv.FormatInt(at.Seq, 10) + "-" + at.Mark
}

func positionOf(id string) (at replica.Position, ok bool) {
	number, mark, _ := strings.Cut(id, "-")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return at, false
	}
	if seq == 0 {
		return at, true
	}
	return replica.Position{Seq: seq, Mark: mark}, true
}
