// Package store says what stores of sessions, of revoked and of used tokens promise, and
// has those that keep everything in the memory of one process.
//
// A [SessionStore] keeps a [Session] for each login; a [Blocklist] remembers what
// was revoked, and a [Once] what was used. Stores compare and keep, and decide
// nothing: package ginjwt has the rules. Packages redisstore and sqlstore keep all
// where any number of processes reach them, and package storetest tests stores of
// your own. None of them needs Gin.
//
// A store may do more than it must: [SessionsDeleter] and [BlocklistAdder] spare
// calls where many sessions end at once; a [ChangingBlocklist] tells when it changes, and
// a [CurrentBlocklist] what its copy does not know yet.
package store
