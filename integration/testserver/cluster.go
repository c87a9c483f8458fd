package testserver

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// The file with the slots is beside the data, so that a wiped node still is
// the node it was.
const clusterConfig = keepsData + `cluster-enabled yes
cluster-config-file ../nodes.conf
cluster-node-timeout 2000
`

const clusterSlots = 16384

// RedisCluster starts a Redis Cluster of so many masters, and returns when each
// of them finds it whole. A client needs the address of one of them. A node that
// was started again refuses commands for its first two seconds.
func RedisCluster(tb testing.TB, nodes int) []*Server {
	tb.Helper()
	cluster := make([]*Server, nodes)
	for i := range cluster {
		cluster[i] = run(tb, redisKind(tb, clusterConfig))
		cluster[i].must(assignSlots(cluster[i], i, nodes))
	}
	for _, node := range cluster[1:] {
		_, err := redisCommand(node.addr, "CLUSTER", "MEET", loopback, strconv.Itoa(cluster[0].port()))
		node.must(err)
	}
	for _, node := range cluster {
		node.must(node.eventually(func(s *Server) error { return isWhole(s, nodes) }))
	}
	return cluster
}

// assignSlots gives node i its share. The epochs differ from the start, as the
// nodes would have to agree on them otherwise.
func assignSlots(node *Server, i, nodes int) error {
	if _, err := redisCommand(node.addr, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
		return err
	}
	command := []string{"CLUSTER", "ADDSLOTS"}
	for slot := i * clusterSlots / nodes; slot < (i+1)*clusterSlots/nodes; slot++ {
		command = append(command, strconv.Itoa(slot))
	}
	_, err := redisCommand(node.addr, command...)
	return err
}

// isWhole is an error until the node sees all slots served and is connected to
// all others.
func isWhole(node *Server, nodes int) error {
	for _, want := range []string{"cluster_state:ok", fmt.Sprintf("cluster_size:%d\r\n", nodes)} {
		if err := redisSays(node, want, "CLUSTER", "INFO"); err != nil {
			return err
		}
	}
	table, err := redisCommand(node.addr, "CLUSTER", "NODES")
	if err != nil {
		return err
	}
	if connected := strings.Count(table, " connected "); connected != nodes {
		return fmt.Errorf("%d of %d nodes are connected", connected, nodes)
	}
	return nil
}
