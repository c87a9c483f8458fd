package redisdb

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatInfoSays(t *testing.T) {
	t.Parallel()
	const replica = "the server is a replica, which learns of revocations late: connect to the master, with Sentinel without ReplicaOnly"
	evicts := func(policy string) string {
		return "the server forgets keys when it is short of memory (maxmemory-policy " + policy + "): set maxmemory-policy to noeviction"
	}
	for info, want := range map[string]string{
		"":                                 "",
		"# Replication\r\nrole:master\r\n": "",
		"# Replication\r\nrole:slave\r\n":  replica,
		"role:replica\n":                   replica,
		"role:active-replica\r\n":          "", // of KeyDB: it takes writes
		"# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n":     "",
		"# Memory\r\nmaxmemory:1048576\r\nmaxmemory_policy:allkeys-lru\r": evicts("allkeys-lru"),
		"maxmemory:1048576\r\nmaxmemory_policy:allkeys-random":            evicts("allkeys-random"),
		"maxmemory_policy:allkeys-lfu\r\n":                                evicts("allkeys-lfu"),
		"maxmemory:1048576\r\nmaxmemory_policy:volatile-lru\r\n":          "",
		"maxmemory:1048576\r\nmaxmemory_policy:noeviction\r\n":            "",
		"maxmemory:1048576\r\n":                                           "",
		"no fields at all":                                                "",
	} {
		err := checkRole(fieldsOf(info))
		if err == nil {
			err = new(DB).checkEviction(fieldsOf(info))
		}
		if want == "" {
			assert.NoError(t, err, "%q", info)
			continue
		}
		assert.EqualError(t, err, want, "%q", info)
	}
}

func TestWhatInfoSaysWhereExpiringKeysAreNeeded(t *testing.T) {
	t.Parallel()
	db := new(DB)
	db.NeedsExpiring()
	for _, policy := range []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru"} {
		assert.EqualError(t, db.checkEviction(fieldsOf("maxmemory:1048576\r\nmaxmemory_policy:"+policy+"\r\n")),
			"the server forgets keys when it is short of memory (maxmemory-policy "+policy+"): set maxmemory-policy to noeviction")
		assert.NoError(t, db.checkEviction(fieldsOf("maxmemory:0\r\nmaxmemory_policy:"+policy+"\r\n")))
	}
	assert.NoError(t, db.checkEviction(fieldsOf("maxmemory:1048576\r\nmaxmemory_policy:noeviction\r\n")))
}
