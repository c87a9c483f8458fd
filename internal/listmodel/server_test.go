package listmodel

// The model has at most three followers and two keys. A third key stands for entries that
// no lookup asks for: fences, and entries that expire at once.
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

// newest returns the newest key of a set.
func (s keySet) newest() int8 {
	if s.has(1) {
		return 1
	}
	return 0
}

// position is the number and the mark of an entry. The mark is the number of earlier
// losses, because a number is assigned again only after a loss.
type position struct{ seq, mark int8 }

func (p position) isBehind(at position) bool {
	return p.seq < at.seq || p.seq == at.seq && p.mark != at.mark
}

// row is an entry; zero means none.
type row int8

func rowOf(k, mark int8) row { return row(1 + k + mark*(keys+1)) }

func (r row) used() bool { return r != 0 }
func (r row) key() int8  { return int8(r-1) % (keys + 1) }
func (r row) mark() int8 { return int8(r-1) / (keys + 1) }

// line is the line of a follower on the roll. It has no beat: followers note instead
// whether the line has changed.
type line struct {
	present bool
	gave    epoch
}

// epoch is the name of a list.
type epoch int8

const none epoch = 0

// server is all data that can be lost.
type server struct {
	rows      [longest]row
	head      position
	epoch     epoch
	restoring bool
	giver     int8 // the number of a follower plus one
	roll      [followers]line
}

func (v *server) broken() bool { return v.head.seq > 0 && !v.rows[v.head.seq-1].used() }

// shown returns the epoch as followers read it.
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

// drop removes expired entries, but never the last entry.
func (v *server) drop() {
	for i := range v.rows {
		if v.rows[i].used() && v.rows[i].key() == junk && int8(i)+1 != v.head.seq {
			v.rows[i] = 0
		}
	}
}
