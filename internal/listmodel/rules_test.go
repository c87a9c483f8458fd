package listmodel

// mistakes are wrong rules. Zero means the right rules.
type mistakes uint64

const (
	trustsTheBroken mistakes = 1 << iota
	ignoresTheEpoch
	ignoresMarks
	neverCompares
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
	joinsInSilence
	resetsPosition
	ignoresTheHead
	joinsTheWhole
	gaveIsForEver
	completesWhileRestoring
	keepsNothingOfItsOwn
	positionLast
	loadsAll
	forgetsLines
	comparesTheDropped
	neverReleases
	noFence
	forgetsTheLoss
)

var mistakeNames = map[mistakes]string{
	trustsTheBroken:         "a broken list is taken for whole",
	ignoresTheEpoch:         "epochs are not compared",
	ignoresMarks:            "marks are not compared",
	neverCompares:           "what was dropped is passed over",
	gaveTooEarly:            "gave is set before the append",
	forgetsOwn:              "own entries are forgotten when they are repeated",
	expectsNobody:           "Begin writes no expected IDs",
	beginsInAnyCase:         "Begin does not compare and set",
	createsAgain:            "Roll creates an epoch for who has known one",
	countsWhileAway:         "silence is counted while not reading",
	removesNobody:           "a crash is not noticed",
	asksNobody:              "Whole asks nobody",
	wholeAsRead:             "Whole trusts the roll as it was read",
	hasNoMinimum:            "a restoration has no minimum age",
	removesTheBeating:       "Leave does not compare the beat",
	keepsTheGiver:           "Leave keeps the giver",
	holdsNothing:            "nothing is held",
	lookupIgnoresEpoch:      "a lookup does not compare the epoch",
	lookupIgnoresHead:       "a lookup does not compare the head",
	joinsInSilence:          "who joins does not say whom it expects",
	resetsPosition:          "the first epoch resets the position",
	ignoresTheHead:          "a head that is behind is not noticed",
	joinsTheWhole:           "who knows something joins a list that is not being restored",
	gaveIsForEver:           "gave is not of one epoch",
	completesWhileRestoring: "a copy of a list that is being restored counts as complete",
	keepsNothingOfItsOwn:    "what an Add has added is not looked for",
	positionLast:            "a load that fails leaves no position",
	loadsAll:                "Load reads beyond the head",
	forgetsLines:            "a line that is gone is forgotten at once",
	comparesTheDropped:      "a load is compared only after ErrDropped",
	neverReleases:           "who has given all stays the giver",
	forgetsTheLoss:          "a loss is forgotten if Begin fails",
	noFence:                 "Begin appends nothing",
}
