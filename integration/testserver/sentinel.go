package testserver

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"testing"
)

// A master that does not answer for a second is down. Less would take a busy
// machine for a failure.
const sentinelConfig = `sentinel monitor %[1]s 127.0.0.1 %[2]d 1
sentinel down-after-milliseconds %[1]s 1000
sentinel failover-timeout %[1]s 2000
`

// Sentinel starts a Redis Sentinel that watches master under a name, and
// decides alone (its quorum is 1). It returns when it knows the replicas that
// master has by now, so that it can make one of them the master: start them
// first. A failover takes two to four seconds.
func Sentinel(tb testing.TB, master *Server, name string) *Server {
	tb.Helper()
	config := fmt.Sprintf(sentinelConfig, name, master.port())
	s := run(tb, redisKind(tb, config, "--sentinel"))
	s.must(s.eventually(func(s *Server) error { return knowsReplicas(s, master, name) }))
	return s
}

var (
	connectedReplicas = regexp.MustCompile(`connected_slaves:(\d+)`)
	askedReplica      = regexp.MustCompile(`(?m)^runid\n[0-9a-f]{40}$`)
)

func knowsReplicas(sentinel, master *Server, name string) error {
	info, err := redisCommand(master.addr, "INFO", "replication")
	if err != nil {
		return err
	}
	replicas, err := redisCommand(sentinel.addr, "SENTINEL", "replicas", name)
	if err != nil {
		return err
	}
	want := connectedReplicas.FindStringSubmatch(info)
	known := len(askedReplica.FindAllString(replicas, -1))
	if len(want) < 2 || want[1] != strconv.Itoa(known) {
		return errors.New("Sentinel does not know all replicas")
	}
	return nil
}
