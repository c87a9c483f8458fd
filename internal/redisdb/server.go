package redisdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// CheckServer returns an error if the server, or a server of a cluster, cannot keep a
// store. The error says why, and what to do. If the user may not run INFO, CheckServer
// returns nil, and does not ask again.
func (db *DB) CheckServer(ctx context.Context) error {
	if db.mayNotAsk.Load() {
		return nil
	}
	_, err := Ask(ctx, db, func(ctx context.Context) (struct{}, error) {
		if cluster, ok := db.Client.(*redis.ClusterClient); ok {
			return struct{}{}, db.checkCluster(ctx, cluster)
		}
		return struct{}{}, db.checkNode(ctx, db.Client)
	})
	return err
}

// checkCluster asks all masters. It ignores a master that is down, because other calls
// report that.
func (db *DB) checkCluster(ctx context.Context, cluster *redis.ClusterClient) error {
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return db.checkNode(ctx, node) })
	if !errors.As(err, new(replica.Unfit)) {
		return nil
	}
	return err
}

// checkNode reads INFO, because more users may run INFO than CONFIG GET and ROLE.
func (db *DB) checkNode(ctx context.Context, node redis.Cmdable) error {
	pipe := node.Pipeline()
	replication, memory := pipe.Info(ctx, "replication"), pipe.Info(ctx, "memory")
	_, err := pipe.Exec(ctx)
	if err != nil && strings.HasPrefix(err.Error(), "NOPERM ") {
		db.mayNotAsk.Store(true)
	}
	if err := checkRole(fieldsOf(replication.Val())); err != nil {
		return err
	}
	return db.checkEviction(fieldsOf(memory.Val()))
}

const replicaServer = "the server is a replica, which learns of revocations late: connect to the master, with Sentinel without ReplicaOnly"

// isReadOnly reports whether an error comes from a replica that refuses a write.
func isReadOnly(err error) bool { return err != nil && strings.Contains(err.Error(), "READONLY ") }

// checkRole refuses a replica. Servers use either of two names for it.
func checkRole(replication map[string]string) error {
	if role := replication["role"]; role == "slave" || role == "replica" {
		return replica.Unfit(replicaServer)
	}
	return nil
}

// checkEviction refuses a policy that may evict keys without an expiry or, if the store
// needs them, keys with an expiry. Without a maxmemory no key is evicted.
func (db *DB) checkEviction(memory map[string]string) error {
	policy := memory["maxmemory_policy"]
	forgets := strings.HasPrefix(policy, "allkeys-") || strings.HasPrefix(policy, "volatile-") && db.needsExpiring.Load()
	if forgets && memory["maxmemory"] != "0" {
		return replica.Unfit(fmt.Sprintf("the server forgets keys when it is short of memory (maxmemory-policy %s): set maxmemory-policy to noeviction", policy))
	}
	return nil
}

// fieldsOf reads lines of "name:value".
func fieldsOf(info string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[name] = value
		}
	}
	return fields
}
