package redisdb

import "github.com/redis/go-redis/v9"

// standing is the part of scripts that reads the head of the list.
//
// lastID returns the ID of the last entry, even if the entry itself is gone, and whether it
// is gone. The store never removes the last entry.
const standing = `
local function lastID(log)
	local info, id, last = redis.call('XINFO', 'STREAM', log), nil, nil
	for i = 1, #info, 2 do
		if info[i] == 'last-generated-id' then
			id = info[i + 1]
		elseif info[i] == 'last-entry' then
			last = info[i + 1]
		end
	end
	return id, not last or last[1] ~= id
end

local function isBroken(set, log, state)
	local hasSet, hasLog = redis.call('ZSCORE', set, 'guard'), redis.call('EXISTS', log) == 1
	if hasSet and hasLog then
		local _, gone = lastID(log)
		return gone
	end
	return hasSet or hasLog or redis.call('EXISTS', state) == 1
end
`

// headScript returns the position of the last entry, whether the list is broken, its epoch,
// whether it is being restored, the giver, and the time.
//
// It begins with a write that changes nothing. A replica refuses the write: it learns of
// revocations late. A master that has lost its replicas refuses it too, if
// min-replicas-to-write is set.
//
// KEYS: set, log, state.
var headScript = redis.NewScript(standing + `
local set, log, state = KEYS[1], KEYS[2], KEYS[3]
redis.call('HDEL', state, '')
local at = '0-0'
if redis.call('ZSCORE', set, 'guard') and redis.call('EXISTS', log) == 1 then
	at = lastID(log)
end
local fields = redis.call('HMGET', state, 'epoch', 'restoring', 'giver')
local now = redis.call('TIME')
return {at, isBroken(set, log, state) and '1' or '0', fields[1] or '', fields[2] or '', fields[3] or '', now[1], now[2]}
`)

// pageScript returns the position of the last entry, and entries of the set by rank, from
// the latest expiry down, each with its expiry.
//
// KEYS: set, log; ARGV: first and last rank.
var pageScript = redis.NewScript(standing + `
local at = redis.call('EXISTS', KEYS[2]) == 1 and lastID(KEYS[2]) or '0-0'
return {at, redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'REV', 'WITHSCORES')}
`)

// appending is the part of scripts that adds entries.
//
// It writes to the log before the set, because a script that fails is not rolled back: an
// entry that is in the set only would never be added to the log.
//
// If the set was lost, it drops the rest of the log. Numbers then begin again, and all
// followers notice. If only the log was lost, it skips number 1: a follower that started at
// the beginning has not read the set, and notices the gap.
const appending = `
local function numberOf(set, log)
	if not redis.call('ZSCORE', set, 'guard') then
		redis.call('DEL', log)
		redis.call('ZADD', set, '+inf', 'guard')
		return 0
	elseif redis.call('EXISTS', log) == 0 then
		return 1
	end
	return tonumber(string.match(lastID(log), '^%d+'))
end

local function append(set, log, seq, length, key, expiry, mark)
	local known = redis.call('ZSCORE', set, key)
	if known and tonumber(known) >= tonumber(expiry) then
		return seq
	end
	redis.call('XADD', log, 'MAXLEN', '~', length, string.format('%.0f-%s', seq + 1, mark), 'key', key, 'until', expiry)
	redis.call('ZADD', set, expiry, key)
	return seq + 1
end
`

// appendScript adds entries, and removes some that expired more than an hour ago by two
// clocks. If all entries are there already, it writes the guard again, for WAIT.
//
// KEYS: set, log; ARGV: length of the log, the caller's time, then key, expiry and
// mark of each.
var appendScript = redis.NewScript(standing + appending + `
local set, log = KEYS[1], KEYS[2]
local seq = numberOf(set, log)
local hourAgo = math.min(tonumber(redis.call('TIME')[1]), tonumber(ARGV[2])) - 3600
local expired = redis.call('ZRANGEBYSCORE', set, '-inf', string.format('(%.0f', hourAgo), 'LIMIT', 0, 100)
if #expired > 0 then
	redis.call('ZREM', set, unpack(expired))
end
local before = seq
for i = 3, #ARGV, 3 do
	seq = append(set, log, seq, ARGV[1], ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
if seq == before then
	redis.call('ZREM', set, 'guard')
	redis.call('ZADD', set, '+inf', 'guard')
end
return 1
`)

// foundScript gives an epoch to a list that has none. A list without entries also gets a
// fence, so that a later loss of set and log can be seen.
//
// KEYS: set, log, state; ARGV: length of the log, epoch, key, expiry and mark of
// the fence.
var foundScript = redis.NewScript(standing + appending + `
local set, log, state = KEYS[1], KEYS[2], KEYS[3]
if isBroken(set, log, state) or redis.call('HGET', state, 'epoch') then
	return 0
end
if redis.call('EXISTS', log) == 0 then
	append(set, log, numberOf(set, log), ARGV[1], ARGV[3], ARGV[4], ARGV[5])
end
redis.call('HSET', state, 'epoch', ARGV[2])
return 1
`)

// beginScript begins a restoration. If it is sent twice, the second does nothing.
//
// KEYS: set, log, state, roll; ARGV: length of the log, the new epoch, key, expiry
// and mark of the fence, the seen epoch, then the IDs of the expected followers.
var beginScript = redis.NewScript(standing + appending + `
local set, log, state, roll = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
for i = 7, #ARGV do
	if not redis.call('HGET', roll, ARGV[i]) then
		redis.call('HSET', roll, ARGV[i], '0:')
	end
end
if (redis.call('HGET', state, 'epoch') or '') ~= ARGV[6] then
	return 0
end
append(set, log, numberOf(set, log), ARGV[1], ARGV[3], ARGV[4], ARGV[5])
redis.call('HSET', state, 'epoch', ARGV[2], 'restoring', '1', 'giver', '')
return 1
`)

// passGiverScript makes another follower the giver of an epoch.
//
// KEYS: state; ARGV: epoch, from, to.
var passGiverScript = redis.NewScript(`
local fields = redis.call('HMGET', KEYS[1], 'epoch', 'giver')
if fields[1] == ARGV[1] and (fields[2] or '') == ARGV[2] then
	redis.call('HSET', KEYS[1], 'giver', ARGV[3])
end
return 1
`)

// endScript ends a restoration, if all on the roll have given back their entries.
//
// KEYS: state, roll; ARGV: epoch.
var endScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
	return 0
end
local lines = redis.call('HGETALL', KEYS[2])
for i = 2, #lines, 2 do
	if string.match(lines[i], '^%d+:(.*)$') ~= ARGV[1] then
		return 0
	end
end
redis.call('HSET', KEYS[1], 'restoring', '0', 'giver', '')
return 1
`)

// callScript writes a line of the roll, and returns all lines and the epoch.
//
// KEYS: state, roll; ARGV: follower, line.
var callScript = redis.NewScript(`
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
local answer = redis.call('HGETALL', KEYS[2])
table.insert(answer, redis.call('HGET', KEYS[1], 'epoch') or '')
return answer
`)

// strikeScript removes a line of the roll, if its beat is still the same.
//
// KEYS: roll; ARGV: follower, beat.
var strikeScript = redis.NewScript(`
local line = redis.call('HGET', KEYS[1], ARGV[1])
if line and string.match(line, '^(%d+):') == ARGV[2] then
	redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
`)
