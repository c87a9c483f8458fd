// Package benchmarks compares this library with its peers. All of them do the same
// work. Package internal/contender lists the peers and their programs.
//
//	go test -run '^$' -bench .                # everything, once
//	go test -run '^$' -bench Protected/HS256  # one comparison
//	go run ./cmd/compare -out ../docs         # interleaved rounds, tables and chart
//	go run ./cmd/compare -out ../docs -check  # a short run that fails if this library has become slower
//	go run ./cmd/load -out ../docs            # end to end, over loopback HTTP
//	go test ./stores -scale -timeout 2h       # how blocklists and stores scale
package benchmarks
