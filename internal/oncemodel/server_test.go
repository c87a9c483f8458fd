package oncemodel

// node is a server, a master or a replica.
type node struct {
	mark     int8 // zero: there is no key
	ends     tick // by the server's clock
	life     life
	isMaster bool // it believes that it is the master
	follows  int8 // a node, or nobody
}

type life int8

const (
	up life = iota
	hangs
	dead
)

const nobody int8 = -1

// has returns the mark of a key that has not expired.
func (n *node) has(now tick) int8 {
	if now >= n.ends {
		return 0
	}
	return n.mark
}

// takes copies the key of the master to a replica.
func (n *node) takes(of *node) { n.mark, n.ends = of.mark, of.ends }

// claims runs a command, and returns whether it is first and whether it has written.
func (n *node) claims(mark int8, now, ends tick, wrong mistake) (first, wrote bool) {
	has := n.has(now)
	switch {
	case has == 0 || wrong == looksThenSets:
	case has != mark || wrong == noMarks:
		return false, false
	case wrong == writesOnce:
		return true, false
	}
	n.mark, n.ends = mark, ends
	return true, true
}

// reached counts the replicas of a node that have its key.
func (w *world) reached(at int8) (n int8) {
	for i := range w.nodes {
		replica := &w.nodes[i]
		if replica.follows == at && replica.mark == w.nodes[at].mark && replica.ends == w.nodes[at].ends {
			n++
		}
	}
	return n
}

// fallsOver makes a replica the master. The old master is dead or hangs.
func (w *world) fallsOver(to int8, old life) {
	w.nodes[w.master].life = old
	w.nodes[to].isMaster, w.nodes[to].follows = true, nobody
	w.master = to
}

// follow makes a node a replica of the current master. A caller that waits for replicas of
// the node gets no answer.
func (w *world) follow(at int8) {
	n := &w.nodes[at]
	for i := range w.claimants {
		for j := range w.claimants[i].commands {
			if sent := &w.claimants[i].commands[j]; sent.at == at && sent.state == carriedOut {
				*sent = command{}
			}
		}
	}
	n.life, n.isMaster, n.follows = up, false, w.master
	n.takes(&w.nodes[w.master])
}
