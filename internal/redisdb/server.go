package redisdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// CheckServer returns an error that says why the server, or one of a cluster, cannot
// keep a store, and what to do. What is not known is no error: a user may have no
// right to ask, and then is not asked again.
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

// checkCluster asks all masters. That one of them is down is for others to say.
func (db *DB) checkCluster(ctx context.Context, cluster *redis.ClusterClient) error {
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return db.checkNode(ctx, node) })
	if !errors.As(err, new(replica.Unfit)) {
		return nil
	}
	return err
}

// checkNode reads INFO, which more users may do than CONFIG GET and ROLE.
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

const replicaServer = "the server is a replica, which knows late of what was revoked: connect to the master, with Sentinel without ReplicaOnly"

// isReadOnly reports whether an error is that of a replica, also from a script.
func isReadOnly(err error) bool { return err != nil && strings.Contains(err.Error(), "READONLY ") }

// checkRole looks at the role; servers call a replica by the one name or the other.
func checkRole(replication map[string]string) error {
	if role := replication["role"]; role == "slave" || role == "replica" {
		return replica.Unfit(replicaServer)
	}
	return nil
}

// checkEviction looks for a policy by which keys go that do not expire, or not yet if the
// store needs those. Without a limit there is no reason for it.
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
