// Package stores measures how blocklists and sessions scale: with the number of
// entries, of users at the same time, and of processes, in memory and on real
// servers, which it starts itself on loopback.
//
// Without flags its tests measure next to nothing and only show that they work.
// With -scale they take about ten minutes, and some 4 GB of memory, and write their tables into
// docs/scale.md:
//
//	go test ./benchmarks/stores -scale -timeout 2h
//	go test ./benchmarks/stores -scale -run Memory
//
// One after the other, as they would disturb each other: no test is parallel.
package stores
