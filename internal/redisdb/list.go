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

// List is the list on the server: a sorted set of all entries, and a stream (the log) of
// the last ones. The ID of a stream entry is its position: sequence number and mark. Beside
// them are the state of the list and the roll.
//
// The set has a guard, a member that never expires, so that the set exists as long as the
// stream does. The list is broken if the stream exists without the guard or without its last
// entry, if the guard exists without the stream, or if the state exists without both.
//
// The keys must never expire: a server that is short of memory may drop keys with an
// expiry, and revoked tokens would be accepted again. Their common hash tag keeps them in
// one slot, so that one script can change all of them.
type List struct {
	// LogLength is how many entries the stream keeps at least.
	LogLength int

	db                    *DB
	set, log, state, roll string
}

const defaultLogLength = 100_000

// List returns the list whose keys begin with prefix.
func (db *DB) List(prefix string) *List {
	set := "{" + prefix + "}:blocklist"
	return &List{defaultLogLength, db, set, set + ":log", set + ":state", set + ":roll"}
}

// The numbers of entries in one command.
const (
	appendedAtOnce = 500 // few, because the server does nothing else meanwhile
	ReadAtOnce     = 2000
)

// Head returns the head of the list.
func (l *List) Head(ctx context.Context) (replica.Head, error) {
	return Ask(ctx, l.db, l.head)
}

func (l *List) head(ctx context.Context) (h replica.Head, err error) {
	fields, err := headScript.Run(ctx, l.db.Client, []string{l.set, l.log, l.state}).StringSlice()
	switch {
	case isReadOnly(err):
		return h, replica.Unfit(replicaServer)
	case err != nil:
		return h, err
	}
	if len(fields) != 7 {
		return h, errForeign
	}
	at, ok := positionOf(fields[0])
	seconds, noSeconds := strconv.ParseInt(fields[5], 10, 64)
	micros, noMicros := strconv.ParseInt(fields[6], 10, 64)
	if !ok || noSeconds != nil || noMicros != nil {
		return h, errForeign
	}
	return replica.Head{
		At: at, Broken: fields[1] == "1", Epoch: fields[2], Restoring: fields[3] == "1", Giver: fields[4],
		Now: time.Unix(seconds, micros*1000),
	}, nil
}

var errForeign = errors.New("the keys of the blocklist cannot be read: check whether another program writes to the keys of this prefix")

// Append adds entries.
func (l *List) Append(ctx context.Context, entries []idset.Entry) error {
	for part := range slices.Chunk(entries, appendedAtOnce) {
		args := make([]any, 0, 2+3*len(part))
		args = append(args, l.LogLength, time.Now().Unix())
		for _, e := range part {
			args = append(args, e.Key[:], e.Until, RandomMark())
		}
		if err := l.write(ctx, appendScript, []string{l.set, l.log}, args...); err != nil {
			return err
		}
	}
	return nil
}

// GiveBack is Append: in Redis it is cheap to look for each entry first.
func (l *List) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return l.Append(ctx, entries)
}

func (l *List) write(ctx context.Context, script *redis.Script, keys []string, args ...any) error {
	_, err := Ask(ctx, l.db, func(ctx context.Context) (any, error) { return l.db.Write(ctx, script, keys, args...) })
	return err
}

// Contains reports whether any of keys is on the list, and whether the entry at a position
// is unchanged. It also returns the head, which it reads last: so the head shows a loss
// that happened before the other answers.
func (l *List) Contains(ctx context.Context, keys []idset.Key, at replica.Position) (replica.Answer, error) {
	return Ask(ctx, l.db, func(ctx context.Context) (a replica.Answer, err error) {
		if a.Found, err = l.containsAny(ctx, keys); err != nil || a.Found {
			return a, err
		}
		if a.Intact, err = l.isIntact(ctx, at); err != nil {
			return a, err
		}
		a.Head, err = l.head(ctx)
		return a, err
	})
}

func (l *List) isIntact(ctx context.Context, at replica.Position) (bool, error) {
	if at.Seq == 0 {
		return true, nil
	}
	messages, err := l.db.Client.XRange(ctx, l.log, idOf(at), idOf(at)).Result()
	return len(messages) == 1, err
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
	// The score is 0 for a member that is not there.
	return slices.ContainsFunc(scores, func(score float64) bool { return score != 0 }), err
}

// Load reads the set by rank, from the latest expiry down. The rank of an entry only grows:
// other entries are added or raised above it, and only expired entries, below all live
// ones, are removed. So every entry that is there all the time is read, perhaps twice.
// ZSCAN promises less: its cursor is not valid on another server, nor after a restart.
func (l *List) Load(ctx context.Context, add func(idset.Entry)) (last replica.Position, err error) {
	for rank := 0; ; rank += ReadAtOnce {
		page, err := Ask(ctx, l.db, func(ctx context.Context) (page, error) { return l.page(ctx, rank) })
		if err != nil {
			return last, err
		}
		for _, e := range page.entries {
			add(e)
		}
		if page.members < ReadAtOnce {
			return page.at, nil
		}
	}
}

// page is a part of the set, and where the list stood when it was read.
type page struct {
	at      replica.Position
	members int // with the guard
	entries []idset.Entry
}

func (l *List) page(ctx context.Context, rank int) (p page, err error) {
	answer, err := pageScript.Run(ctx, l.db.Client, []string{l.set, l.log}, rank, rank+ReadAtOnce-1).Slice()
	if err != nil {
		return p, err
	}
	if len(answer) != 2 {
		return p, errForeign
	}
	at, _ := answer[0].(string)
	members, _ := answer[1].([]any)
	var ok bool
	if p.at, ok = positionOf(at); !ok || len(members)%2 != 0 {
		return p, errForeign
	}
	p.members = len(members) / 2
	for i := 0; i < len(members); i += 2 {
		if e, ok := entryOf(members[i], members[i+1]); ok {
			p.entries = append(p.entries, e)
		}
	}
	return p, nil
}

// entryOf reports false for the guard.
func entryOf(member, score any) (e idset.Entry, ok bool) {
	key, _ := member.(string)
	text, _ := score.(string)
	until, err := strconv.ParseFloat(text, 64)
	if err != nil || len(key) != len(e.Key) {
		return e, false
	}
	return idset.Entry{Key: idset.Key([]byte(key)), Until: uint32(min(max(until, 0), idset.Forever))}, true
}

// Since reads the log from the caller's last entry on. If another entry has its number, the
// server has lost data. If it is gone, or numbers are missing after it, entries may be
// missing too.
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

// The shortest times of Wait, so that its caller does not loop without a pause: when it
// cannot wait, and when there is no entry after which it could wait.
const (
	MinWait      = 100 * time.Millisecond
	MinFirstWait = 5 * time.Millisecond
)

// Wait waits for an entry after at. An error says why it cannot wait, for example because
// the user may not use XREAD.
func (l *List) Wait(ctx context.Context, at replica.Position, most time.Duration) error {
	most = max(most, time.Millisecond) // the shortest possible time; 0 means for ever
	began := time.Now()
	_, err := ask(ctx, most+l.db.Timeout, func(ctx context.Context) ([]redis.XStream, error) {
		return l.db.Client.XRead(ctx, &redis.XReadArgs{
			Streams: []string{l.log, idOf(at)}, Count: 1, Block: most,
		}).Result()
	})
	switch failed := err != nil && !errors.Is(err, redis.Nil); {
	case failed:
		sleep(ctx, min(most, MinWait)-time.Since(began))
		return err
	case at.Seq == 0: // a log that has lost its set always has entries after this
		sleep(ctx, min(most, MinFirstWait)-time.Since(began))
	}
	return nil
}

// idOf returns the stream ID of a position. It is 0-0 for the position before all entries.
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
