// Package stores measures how blocklists and sessions scale with the number of entries,
// of concurrent users, and of processes. It measures stores in memory and on real
// servers, which it starts on loopback.
//
// Without flags its tests measure next to nothing, and only show that they work. With
// -scale they write their tables into docs/scale.md. They then take about ten minutes,
// and about 4 GB of memory:
//
//	go test ./benchmarks/stores -scale -timeout 2h
//	go test ./benchmarks/stores -scale -run Memory
//
// No test is parallel, because the tests would disturb each other.
package stores
