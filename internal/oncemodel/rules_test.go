package oncemodel

// tick is half a minute.
type tick = int8

const (
	minute tick = 2
	until  tick = 2 // the time until which all claim the ID
	atMost tick = 1 // a call takes
)

// mistake is a wrong rule. The zero value means the right rules.
type mistake string

// ends returns when a server forgets a claim, by its own clock.
func (m mistake) ends(server, process tick) tick {
	byProcess := server + until - process
	switch m {
	case lastsAsProcessSees:
		return byProcess
	case marginByProcessOnly:
		return byProcess + minute
	case marginByServerOnly:
		return until + minute
	case noMargin:
		return max(until, byProcess)
	}
	return max(until, byProcess) + minute
}

// markOf returns the mark of a caller's nth command.
func (m mistake) markOf(caller, nth int8) int8 {
	switch m {
	case oneMarkForAll:
		return 1
	case markOfEachCommand:
		return 1 + caller*mostSent + nth
	}
	return 1 + caller
}
