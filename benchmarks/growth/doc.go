// Package growth measures how the cost of a request grows: with the size of the token, the
// number of keys, issuers, scopes and sessions, the length of the blocklist, and the number
// of different tokens.
//
// Without flags its tests take a few seconds, and fail if something grows faster than a
// straight line. With -growth they also write their tables into docs/tuning.md, and the
// figures into docs/performance/growth.json. They then take about two minutes, and 1 GB of
// memory:
//
//	go test ./benchmarks/growth -growth
//	go test ./benchmarks/growth -growth -large    # a blocklist of ten million entries, too: 2 GB
//
// No test is parallel, because the tests would disturb each other.
package growth
