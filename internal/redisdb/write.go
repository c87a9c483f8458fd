package redisdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Write runs a script, all of whose keys are in one slot, and returns its
// answer. The client may send it twice, if the first answer was lost: scripts
// must be made for that, and write again what they find of their own work. From
// version 7.2 on WAIT waits for what its own connection has written, and no more.
func (db *DB) Write(ctx context.Context, script *redis.Script, keys []string, args ...any) (any, error) {
	if db.Replicas == 0 {
		return script.Run(ctx, db.Client, keys, args...).Result()
	}
	return db.writeToReplicas(ctx, script, keys, args...)
}

const (
	maxMoves  = 5
	movePause = 50 * time.Millisecond // in which the client learns of a cluster's new shape
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

// writeAndWait sends WAIT with the script, as it speaks of the writes of its own
// connection.
func (db *DB) writeAndWait(ctx context.Context, master pipeliner, script *redis.Script, keys []string, args ...any) (any, error) {
	var done *redis.Cmd
	err := db.pipeAndWait(ctx, master, func(pipe redis.Pipeliner) { done = script.Eval(ctx, pipe, keys, args...) })
	if err != nil {
		return nil, err
	}
	return done.Val(), nil
}

type pipeliner interface{ Pipeline() redis.Pipeliner }

// pipeAndWait sends what write adds, and then counts the replicas that have it.
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
		return fmt.Errorf("%d of %d replicas have the write", reached, db.Replicas)
	}
	return nil
}

// Delete deletes keys, on as many servers of a cluster as they are on. The client may
// send it again: what is gone stays gone.
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

// patience is how long to wait for replicas: half of what is left, so that the
// answer comes in time. Never 0, which would be for ever.
func patience(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline() // set by Ask
	return max(time.Until(deadline)/2, time.Millisecond)
}

// RandomMark returns a number that nothing else has, so to speak.
func RandomMark() string { return strconv.FormatUint(rand.Uint64(), 10) }

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
