/*
Package redisstore keeps sessions, revoked tokens and used IDs in Redis or Valkey, for
any number of processes: on one server, behind Sentinel, or in a cluster.

	client := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:6379",
		ContextTimeoutEnabled: true,
	})
	store, err := redisstore.New(client, redisstore.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	mgr := ginjwt.New(ginjwt.Config{
		SecretKey: secret,
		Sessions:  store.Sessions(),
		Blocklist: store.Blocklist(ctx),
		Once:      store.Once(),
	})

Redis 6.2 is the oldest version that will do. For Sentinel make the client with
redis.NewFailoverClient, for a cluster with redis.NewClusterClient. A redis.Ring,
and a client that reads from replicas, are refused: they forget.

# How revoked tokens are looked up

Redis has the list. Every process has a full copy of it, which follows the list
through a stream: [Blocklist.Contains] asks the server only while that copy is
older than Options.MaxStaleness, and fails if the server then cannot answer. So
a request costs no network, and a revoked token is refused everywhere within
MaxStaleness, usually within milliseconds. A process refuses what it has revoked
itself at once.

A copy outlives what happens to the server. When a server comes back empty, with
older data, or without one of the keys, the processes notice it within a quarter of
MaxStaleness, and give back what they know. No process trusts the list before all
have done so, which takes MaxStaleness at least. Meanwhile a process refuses the IDs
that it knows; for all others [Blocklist.Contains] fails once the copy is older than
MaxStaleness.

The clocks of a process and of the server may differ by 30 seconds: [Blocklist.Ready]
and [Store.Ready] fail if they differ by more. The server drops an ID that expired more
than an hour ago by both.

# What a server may lose

Redis answers before its replicas have what was written, and before it is on
disk. A server that dies may take its last writes with it:

  - A revocation is lost only if every process that knew of it ends before the
    list is restored. If the only process that knows it is silent for longer than
    4 × MaxStaleness, the others stop waiting, and the token is accepted until that
    process is back.
  - A rotation of refresh tokens that was lost is proven by the tokens, and goes
    on from there.
  - A login that was lost has to be repeated, and one that was ended may be back
    in the list of sessions; its tokens stay revoked.
  - An ID that was claimed with [Once] can be claimed again if the claim was lost.

Options.Replicas makes every write wait until so many replicas have it. This
narrows the window and does not close it: the replica that becomes master need
not be one of those. Use appendonly yes, and min-replicas-to-write with Sentinel:
a master that was cut off from the rest otherwise goes on taking writes, which
are lost, and knows nothing of those that the others made.

Set maxmemory-policy to noeviction. The keys of the blocklist never expire, so
that no volatile-* policy drops them; an allkeys-* policy may. Sessions do
expire, and an evicted one is a user who has to log in again. The keys of [Once] expire
too, and an evicted one can be claimed again: after [Store.Once], [Store.Ready] and
[Store.Check] refuse each policy but noeviction.

# What is used once

[Once.Claim] tells one caller that it is first, also if the client sends its command
several times because an answer was lost. This holds as long as the server keeps what
it has acknowledged:

  - A server that is killed and restarted keeps it with appendonly yes. With appendfsync
    everysec a machine that loses power loses the last second of claims.
  - A replica that takes over has it if Options.Replicas is the number of replicas. Then
    nothing can be claimed while one of them is down. If Options.Replicas is less, the
    replica that takes over may lack the last claims.
  - A server that comes back empty, or from a backup, has lost what was claimed.
  - A server whose clock is set forward by more than a minute forgets claims early.

An ID whose claim was lost can be claimed again, as long as the token with it is good. A
ticket lives for 30 seconds. A purpose token lives longer, so package ginjwt also puts
consumed purpose tokens on the blocklist, which outlives a lost server.

# What is in Redis

With the prefix "ginjwt":

	ginjwt:session:<sid>          hash    a session, until a minute after it has expired
	ginjwt:sessions:<hash>        zset    the sessions of an identity, by expiry in milliseconds
	ginjwt:sessions:in:<hash>     zset    the same where there is a realm, of both
	ginjwt:deleted:{…<sid>}:<n>   hash    whose session a call deleted, for a minute
	ginjwt:once:<hash>            string  an ID that was used, until a minute after its time
	ginjwt:schema                 hash    which version of these records there is
	{ginjwt}:blocklist            zset    revoked IDs, by expiry in seconds
	{ginjwt}:blocklist:log        stream  the last of them, about 100 000, in order
	{ginjwt}:blocklist:state      hash    the epoch of the list, and whether it is being restored
	{ginjwt}:blocklist:roll       hash    the processes that follow it, a field each

Nothing of it is a token, nor can a token be made of it. An ID that is a UUID is
kept as its 16 bytes, any other as the first 16 bytes of its SHA-256. The name of
a key shows neither identity, nor realm, nor used ID, only their SHA-256.

[Store.Migrate] notes the version of the records. Call it before a new version of
this package is deployed, or at each start; processes of the version before may go
on meanwhile. [Store.Check] and [Store.Ready] say whether this code may use what is
there.

Besides what the client itself asks for, an ACL needs the keys ~ginjwt:* and
~{ginjwt}:*, and the commands ZADD, ZMSCORE, ZRANGE,
ZRANGEBYSCORE, ZREM, ZREMRANGEBYSCORE, ZREVRANGE, ZSCORE, XADD, XINFO, XRANGE,
XREAD, HDEL, HGET, HGETALL, HMGET, HSET, DEL, EXISTS, GET, SET, PERSIST, PEXPIREAT, TIME,
EVAL, EVALSHA, and WAIT if Options.Replicas is set.
*/
package redisstore
