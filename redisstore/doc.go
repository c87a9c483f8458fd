/*
Package redisstore keeps sessions, revoked tokens and used IDs in Redis or Valkey. Any
number of processes can share them. The server can be one server, a Sentinel setup or a
cluster.

	client := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:6379",
		ContextTimeoutEnabled: true,
	})
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background() // or a context that ends after the server has stopped

	mgr := ginjwt.New(ginjwt.Config{
		SecretKey: secret,
		Sessions:  store.Sessions(),
		Blocklist: store.Blocklist(ctx),
		Once:      store.Once(),
	})

The oldest supported version is Redis 6.2. For Sentinel make the client with
redis.NewFailoverClient, for a cluster with redis.NewClusterClient. [New] refuses a
redis.Ring, and a cluster client that reads from replicas, because they do not know all
revocations.

# How revoked tokens are looked up

The list of revoked tokens is in Redis. Every process has a full copy, and updates it
from a Redis stream. [Blocklist.Contains] replies from the copy, so a request usually
costs no network. It asks the server only if the copy is older than
Options.MaxStaleness, and fails if the server then does not reply. The process that
revoked a token refuses it immediately. All other processes refuse it within MaxStaleness,
usually within milliseconds.

The copies survive faults of the server. If a server comes back empty, with older data,
or without one of the keys, the processes notice it within a quarter of MaxStaleness.
They write back what they know. No process trusts the list before all processes have
done so, which takes at least MaxStaleness. Until then a process refuses the IDs that it
knows. For all other IDs [Blocklist.Contains] fails once the copy is older than
MaxStaleness.

The clocks of a process and of the server may differ by 30 seconds. If they differ by
more, [Blocklist.Ready] and [Store.Ready] fail. The server drops an ID that expired more
than an hour ago by both clocks.

# What a server may lose

Redis acknowledges a write before it is on disk and before Redis replicas have it. A server that
crashes may lose its last writes:

  - A revocation is lost only if every process that knew it ends before the list is
    restored. If only one process knows it, and this process is silent for longer than 4
    × MaxStaleness, the others stop waiting for it. They accept the token until that
    process is back.
  - A lost rotation does no harm: the newer refresh token proves the rotation, and the
    session continues from there.
  - After a lost login the user must log in again. After a lost logout the session may
    be listed again, but its tokens stay revoked.
  - After a lost record of [Once] the ID can be used again.

With Options.Replicas every write waits until this number of replicas has it. A loss is
then less likely, but still possible: another replica may become the new master. Also
set appendonly yes and, with Sentinel, min-replicas-to-write. Otherwise a master that is
cut off from the rest still accepts writes. These writes are lost later, and this master
does not know the writes of the new master.

Set maxmemory-policy to noeviction. An allkeys-* policy may drop the keys of the
blocklist; a volatile-* policy does not, because these keys never expire. Both kinds of
policy may drop sessions, and their users must log in again. They may also drop the keys
of [Once], and an evicted ID can be used again. So after [Store.Once], [Store.Ready]
and [Store.Check] refuse every policy except noeviction.

# Used IDs

[Once.Claim] returns true to exactly one caller, even if the client sends its command
several times because a reply was lost. This is true as long as the server keeps the
writes that it acknowledged:

  - A server that is killed, or loses power, keeps them with appendonly yes and
    appendfsync always. With appendfsync everysec, a machine that loses power loses the
    records of the last two seconds. So may a server that is killed while its disk is
    busy, because Redis then replies before it writes.
  - A Redis replica that takes over has them if Options.Replicas is the number of replicas.
    Then no ID can be used while one replica is down. If Options.Replicas is lower,
    the new master may lack the last records.
  - A server that comes back empty, or from a backup, has lost records.
  - A server whose clock is set forward by more than a minute forgets records early.

An ID with a lost record can be used again until its token expires. A ticket lives for
30 seconds. A purpose token lives longer, so package ginjwt also puts used purpose
tokens on the blocklist, which survives the loss of a server.

# What is in Redis

With the prefix "ginjwt":

	ginjwt:session:<sid>          hash    a session, until a minute after it has expired
	ginjwt:sessions:<hash>        zset    the sessions of an identity, by expiry in milliseconds
	ginjwt:sessions:in:<hash>     zset    the same, of an identity in a realm
	ginjwt:deleted:{…<sid>}:<n>   hash    the owner of the session that a call deleted, for a minute
	ginjwt:once:<hash>            string  a used ID, until a minute after its expiry
	ginjwt:schema                 hash    the version of these records
	{ginjwt}:blocklist            zset    revoked IDs, by expiry in seconds
	{ginjwt}:blocklist:log        stream  the last revoked IDs, about 100 000, in order
	{ginjwt}:blocklist:state      hash    the epoch of the list, and whether it is being restored
	{ginjwt}:blocklist:roll       hash    the processes that follow the list, one field each

These records contain no token, and nothing from which a token can be made. The list
keeps an ID that is a UUID as its 16 bytes, and any other ID as the first 16 bytes of
its SHA-256. Names of keys contain the SHA-256 of identities, realms and used IDs, never
the strings themselves.

[Store.Migrate] records the version of the records. Call it before you deploy a new
version of this package, or at each start. Processes of the previous version may keep
running. [Store.Check] and [Store.Ready] report whether this code may use the records.

An ACL must allow the commands of the client itself, the keys ~ginjwt:* and
~{ginjwt}:*, and the commands ZADD, ZMSCORE, ZRANGE,
ZRANGEBYSCORE, ZREM, ZREMRANGEBYSCORE, ZREVRANGE, ZSCORE, XADD, XINFO, XRANGE,
XREAD, HDEL, HGET, HGETALL, HMGET, HSET, DEL, EXISTS, GET, SET, PERSIST, PEXPIREAT, TIME,
EVAL, EVALSHA, and WAIT if Options.Replicas is set.
*/
package redisstore
