// Package store defines the stores of ginjwt, and implements them in the memory of one
// process.
//
// A [SessionStore] keeps a [Session] for each login. A [Blocklist] remembers revoked
// tokens, and a [Once] remembers used IDs. A store compares and keeps; package ginjwt
// decides. Packages redisstore and sqlstore implement stores that any number of
// processes share. Package storetest tests a store of your own. Only storetest needs
// Gin.
//
// A store may implement more interfaces. [SessionsDeleter] and [BlocklistAdder] save
// calls when many sessions end together. A [ChangingBlocklist] reports changes. A
// [CurrentBlocklist] also replies with entries that its copy does not have yet. An
// [AgingBlocklist] saves a reading of the clock in each request.
package store
