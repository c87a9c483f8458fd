package listmodel

// The model has three followers at most, and two keys; a third stands for all
// that nobody asks for: fences, and entries that expire at once.
const (
	followers = 3
	keys      = 2
	junk      = keys
	longest   = 12 // the most entries that a list gets in an exploration
)

// keySet is a set of keys.
type keySet uint8

func (s keySet) has(k int8) bool { return s&(1<<k) != 0 }
func (s *keySet) add(k int8)     { *s |= 1 << k }

// newest is one of a set.
func (s keySet) newest() int8 {
	if s.has(1) {
		return 1
	}
	return 0
}

// position is the number and the mark of an entry. A mark is how many losses
// there were before: the same number comes again only after a loss.
type position struct{ seq, mark int8 }

func (p position) isBehind(at position) bool {
	return p.seq < at.seq || p.seq == at.seq && p.mark != at.mark
}

// row is one entry; zero if there is none.
type row int8

func rowOf(k, mark int8) row { return row(1 + k + mark*(keys+1)) }

func (r row) used() bool { return r != 0 }
func (r row) key() int8  { return int8(r-1) % (keys + 1) }
func (r row) mark() int8 { return int8(r-1) / (keys + 1) }

// line is what the roll has of a follower. Its beat is not here: followers note
// whether it has changed.
type line struct {
	present bool
	gave    epoch
}

// epoch is the name of a list.
type epoch int8

const none epoch = 0

// server is all that can be lost.
type server struct {
	rows      [longest]row
	head      position
	epoch     epoch
	restoring bool
	giver     int8 // one more than the number of a follower
	roll      [followers]line
}

func (v *server) broken() bool { return v.head.seq > 0 && !v.rows[v.head.seq-1].used() }

// shown is the epoch as it is read.
func (v *server) shown() epoch {
	if v.broken() {
		return none
	}
	return v.epoch
}

func (v *server) has(k int8) bool {
	for _, r := range v.rows {
		if r.used() && r.key() == k {
			return true
		}
	}
	return false
}

// drop forgets what has expired, but never the last entry.
func (v *server) drop() {
	for i := range v.rows {
		if v.rows[i].used() && v.rows[i].key() == junk && int8(i)+1 != v.head.seq {
			v.rows[i] = 0
		}
	}
}
