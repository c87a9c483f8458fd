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

// version is the version of the records that this code writes. Raise Number if code of
// the previous version would misread a record. Oldest is the oldest version of the code
// that can still read them. A new kind of key that older code never reads, such as the
// keys of [Once], needs no new version.
//
//  1. sessions without realm, ends, key, data, iss, sid, sub and jkt
//  2. sessions with them
var version = schema.Version{Number: 2, Oldest: 1}

// noteScript records a version if the server has none or a lower one.
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

// Migrate records on the server which version of the records this code writes. With
// this version, Check and Ready of other code can report that they cannot read the
// records. Migrate changes no session: a session gets the new form when it is next
// used. Migrate never lowers the version. It returns an error if the version is too new
// for this code, and writes nothing if the version is current. Any number of processes
// may call it at the same time. Call it at each start, because a server that was
// emptied has lost the version.
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

// Check reports whether this code may use the records on the server. Check only
// reads. It returns an error in these cases:
//
//   - The server does not reply.
//   - The version of the records is too new. The next version is accepted if it says that
//     this code may use it. An older version, or none, is no error: this code reads the
//     records of the previous version.
//   - The server is a Redis replica, which learns of revocations late.
//   - The server may evict keys: it has a maxmemory and an allkeys policy or, after
//     [Store.Once], a volatile policy.
//
// The error says what to do. For the last two cases Check reads INFO. If the user may not
// run INFO, it skips them.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	noted, err := s.noted(ctx)
	if err != nil {
		return err
	}
	return errors.Join(s.db.CheckServer(ctx), usable(noted))
}

// Ready is for a readiness probe. It returns an error if [Store.Check] does, or if the
// clocks of the server and this process differ by more than 30 seconds. Each call takes
// three round trips; Options.Timeout bounds all of them together.
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

// noted returns the recorded version, or 1 if there is none, because code of version 1
// records nothing.
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
			return schema.Version{}, errors.New("redisstore: the version of the schema is not a number: check whether another program writes to the keys of this prefix")
		}
	}
	return v, nil
}
