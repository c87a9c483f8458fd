package redisdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Write runs a script and returns its answer. All keys must be in one slot. The client may
// send the script twice, if the first answer was lost. So a script must recognise its own
// work, and write it again: from Redis 7.2 on, WAIT waits only for writes of its own
// connection.
func (db *DB) Write(ctx context.Context, script *redis.Script, keys []string, args ...any) (any, error) {
	if db.Replicas == 0 {
		return script.Run(ctx, db.Client, keys, args...).Result()
	}
	return db.writeToReplicas(ctx, script, keys, args...)
}

const (
	maxMoves  = 5
	movePause = 50 * time.Millisecond // time for the client to learn the new slots of a cluster
)

func (db *DB) writeToReplicas(ctx context.Context, script *redis.Script, keys []string, args ...any) (any, error) {
	cluster, ok := db.Client.(*redis.ClusterClient)
	if !ok {
		return db.writeAndWait(ctx, db.Client, script, keys, args...)
	}
	for moves := 1; ; moves++ {
		master, err := cluster.MasterForKey(ctx, keys[0])
		if err != nil {
			return nil, err
		}
		done, err := db.writeAndWait(ctx, master, script, keys, args...)
		if err == nil {
			return done, nil
		}
		cluster.ReloadState(ctx)
		if _, moved := redis.IsMovedError(err); !moved || moves == maxMoves {
			return nil, err
		}
		sleep(ctx, movePause)
	}
}

// writeAndWait sends the script and WAIT on one connection, because WAIT waits for writes
// of its own connection.
func (db *DB) writeAndWait(ctx context.Context, master pipeliner, script *redis.Script, keys []string, args ...any) (any, error) {
	var done *redis.Cmd
	err := db.pipeAndWait(ctx, master, func(pipe redis.Pipeliner) { done = script.Eval(ctx, pipe, keys, args...) })
	if err != nil {
		return nil, err
	}
	return done.Val(), nil
}

type pipeliner interface{ Pipeline() redis.Pipeliner }

// pipeAndWait sends the commands that write adds, and then WAIT. It returns an error if too
// few replicas have them.
func (db *DB) pipeAndWait(ctx context.Context, master pipeliner, write func(redis.Pipeliner)) error {
	pipe := master.Pipeline()
	write(pipe)
	wait := pipe.Do(ctx, "wait", db.Replicas, patience(ctx).Milliseconds())
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	reached, err := wait.Int()
	if err != nil {
		return err
	}
	if reached < db.Replicas {
		return fmt.Errorf("%d of %d replicas have the write: check the replicas, and Options.Replicas", reached, db.Replicas)
	}
	return nil
}

// Delete deletes keys, on all servers of a cluster that have them. The client may send it
// twice, which does no harm.
func (db *DB) Delete(ctx context.Context, keys []string) error {
	if db.Replicas == 0 {
		pipe := db.Client.Pipeline()
		deleteBy(ctx, pipe, keys)
		_, err := pipe.Exec(ctx)
		return err
	}
	cluster, ok := db.Client.(*redis.ClusterClient)
	if !ok {
		return db.pipeAndWait(ctx, db.Client, func(pipe redis.Pipeliner) { deleteBy(ctx, pipe, keys) })
	}
	byMaster := map[*redis.Client][]string{}
	for _, key := range keys {
		master, err := cluster.MasterForKey(ctx, key)
		if err != nil {
			return err
		}
		byMaster[master] = append(byMaster[master], key)
	}
	for master, its := range byMaster {
		if err := db.pipeAndWait(ctx, master, func(pipe redis.Pipeliner) { deleteBy(ctx, pipe, its) }); err != nil {
			cluster.ReloadState(ctx)
			return err
		}
	}
	return nil
}

func deleteBy(ctx context.Context, pipe redis.Pipeliner, keys []string) {
	for _, key := range keys {
		pipe.Del(ctx, key)
	}
}

// patience is how long to wait for replicas: half of the remaining time, so that the answer
// comes in time. It is never 0, which means for ever.
func patience(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline() // set by Ask
	return max(time.Until(deadline)/2, time.Millisecond)
}

// RandomMark returns a random number that is practically unique.
func RandomMark() string { return strconv.FormatUint(rand.Uint64(), 10) }

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
