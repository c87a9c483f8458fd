package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

// version is that of the records that this code writes. One more is needed
// wherever code of the version before would misread one; Oldest is the version
// that still reads them. Keys of another kind, which older code never asks for, as
// those of [Once], need none.
//
//  1. sessions without realm, ends, key, data, iss, sid, sub and jkt
//  2. sessions with them
var version = schema.Version{Number: 2, Oldest: 1}

// noteScript notes a version, if there is none or a lower one.
//
// KEYS: schema; ARGV: version, oldest.
var noteScript = redis.NewScript(`
local noted = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if noted < tonumber(ARGV[1]) then
	redis.call('HSET', KEYS[1], 'version', ARGV[1], 'oldest', ARGV[2])
end
return 1
`)

func (s *Store) schemaKey() string { return s.options.Prefix + ":schema" }

// Migrate notes on the server which version of records this code writes, so that
// code that cannot read them is told so by Check and Ready. It changes no record:
// each is written anew when it is used. It never lowers the version, and an error
// says if that is too new for this code. Nothing is written if there is nothing to
// note. Any number of processes may call it at once, and at each start: a server
// that was emptied has lost the note.
func (s *Store) Migrate(ctx context.Context) error {
	noted, err := s.noted(ctx)
	if err != nil {
		return err
	}
	if noted.Number >= version.Number {
		return usable(noted)
	}
	if err := s.db.CheckServer(ctx); err != nil {
		return err
	}
	_, err = redisdb.Ask(ctx, s.db, func(ctx context.Context) (any, error) {
		return s.db.Write(ctx, noteScript, []string{s.schemaKey()}, version.Number, version.Oldest)
	})
	return err
}

// Check reports whether this code may use what is on the server: an error says
// that its version is too new, or that the server did not answer. It only reads.
//
// This code reads the records of the version before, too, so a server on which an
// older version is noted, or none, is as good as an empty one.
//
// A version noted by newer code is accepted if it is the next one, and says that
// this code may use it.
//
// An error also says what to do about a server that is a replica, which knows late of
// what was revoked, and about one that forgets any key when it is short of memory
// (an allkeys policy of maxmemory-policy, and a maxmemory; after [Store.Once] a volatile
// policy, too). It reads INFO for this; what a
// user may not ask is no error.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	noted, err := s.noted(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.db.CheckServer(ctx), usable(noted))
}

// Ready is for a readiness probe: it returns nil if the server answers, this code may
// use what is on it, as [Store.Check] says, and the server's clock differs from that of
// this process by no more than 30 seconds. It asks three questions at each call, which
// Options.Timeout bounds together.
func (s *Store) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if err := s.Check(ctx); err != nil {
		return err
	}
	asked := time.Now()
	now, err := redisdb.Ask(ctx, s.db, func(ctx context.Context) (time.Time, error) { return s.db.Client.Time(ctx).Result() })
	if err != nil {
		return err
	}
	if err := replica.CheckSkew(replica.Skew(now, asked)); err != nil {
		return fmt.Errorf("redisstore: %w", err)
	}
	return nil
}

func usable(noted schema.Version) error {
	if noted.Number < version.Number {
		return nil
	}
	if err := noted.Check(version); err != nil {
		return fmt.Errorf("redisstore: %w", err)
	}
	return nil
}

// noted returns the version that is noted, or 1 where there is none: code of that
// version notes nothing.
func (s *Store) noted(ctx context.Context) (schema.Version, error) {
	fields, err := redisdb.Ask(ctx, s.db, func(ctx context.Context) ([]any, error) {
		return s.db.Client.HMGet(ctx, s.schemaKey(), "version", "oldest").Result()
	})
	if err != nil {
		return schema.Version{}, err
	}
	if fields[0] == nil && fields[1] == nil {
		return schema.Version{Number: 1, Oldest: 1}, nil
	}
	var v schema.Version
	for i, n := range []*int64{&v.Number, &v.Oldest} {
		text, _ := fields[i].(string)
		if *n, err = strconv.ParseInt(text, 10, 64); err != nil {
			return schema.Version{}, errors.New("redisstore: the version of the schema is not as this package writes it")
		}
	}
	return v, nil
}
