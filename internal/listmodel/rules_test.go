package listmodel

// mistakes are wrong rules. The right ones are none of them.
type mistakes uint64

const (
	trustsTheBroken mistakes = 1 << iota
	ignoresTheEpoch
	ignoresMarks
	forgetsToCompare
	gaveTooEarly
	forgetsOwn
	expectsNobody
	beginsInAnyCase
	createsAgain
	countsWhileAway
	removesNobody
	asksNobody
	wholeAsRead
	hasNoMinimum
	removesTheBeating
	keepsTheGiver
	holdsNothing
	lookupIgnoresEpoch
	lookupIgnoresHead
	staysUnfinished
	resetsPosition
	beginsForItself
	positionLast
	loadsAll
	forgetsLines
	comparesAfterDropsOnly
	giverNeverReleased
	noFence
)

var mistakeNames = map[mistakes]string{
	trustsTheBroken:        "a broken list is taken for whole",
	ignoresTheEpoch:        "epochs are not compared",
	ignoresMarks:           "marks are not compared",
	forgetsToCompare:       "what was dropped is passed over",
	gaveTooEarly:           "gave is set before the append",
	forgetsOwn:             "own entries are forgotten when they are repeated",
	expectsNobody:          "Begin writes no expected IDs",
	beginsInAnyCase:        "Begin does not compare and set",
	createsAgain:           "Roll creates an epoch for who has known one",
	countsWhileAway:        "silence is counted while not reading",
	removesNobody:          "a crash is not noticed",
	asksNobody:             "Whole asks nobody",
	wholeAsRead:            "Whole trusts the roll as it was read",
	hasNoMinimum:           "a restoration has no minimum age",
	removesTheBeating:      "Leave does not compare the beat",
	keepsTheGiver:          "Leave keeps the giver",
	holdsNothing:           "nothing is held",
	lookupIgnoresEpoch:     "a lookup does not compare the epoch",
	lookupIgnoresHead:      "a lookup does not compare the head",
	staysUnfinished:        "who has not given takes the list for whole when others say so",
	resetsPosition:         "the first epoch resets the position",
	beginsForItself:        "who knows nothing does not begin for the sake of others",
	positionLast:           "a load that fails leaves no position",
	loadsAll:               "Load reads beyond the head",
	forgetsLines:           "a line that is gone is forgotten at once",
	comparesAfterDropsOnly: "a load is compared only after ErrDropped",
	giverNeverReleased:     "who has given all stays the giver",
	noFence:                "Begin appends nothing",
}
