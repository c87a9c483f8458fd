package testserver

import (
	"flag"
	"runtime"
	"strconv"
)

// Configure is for the TestMain of packages whose tests need servers. More tests run at the
// same time than there are cores, because they mostly wait for servers. With the race
// detector, which makes a round slow, the contracts of stores have the rounds of short tests.
func Configure() {
	_ = flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0))))
	if raceDetector {
		_ = flag.Set("test.short", "true")
	}
}
