package rotationmodel

import "testing"

const (
	tradesWhatIsNotOut     mistake = "a generation that was not handed out is traded"
	tradesTheYoung         mistake = "a young generation is traded"
	repeatsWithoutGrace    mistake = "a successor is given that was not handed out, and the grace is not started"
	neverLate              mistake = "the age is not looked at"
	constantKeys           mistake = "a key makes one generation after the other"
	handsOutInTheTrade     mistake = "the trade starts the grace"
	adoptsInTheLeeway      mistake = "an expired token starts a session"
	noMargin               mistake = "clocks are taken to be the same"
	comparesGenerations    mistake = "Replace compares the generation only"
	takesErrorsForAnswers  mistake = "a blocklist that fails is passed by"
	answersBeforeTheTrade  mistake = "tokens are given by who has lost the trade"
	answersWhoIsGone       mistake = "tokens are given to who has gone away, whether or not the grace was stored"
	enforcesOnce           mistake = "MaxSessions is enforced by who creates the session, only"
	blocksAfterDeleting    mistake = "a session is deleted, then blocked"
	blocksTheStolenBriefly mistake = "a stolen session is blocked for as long as it lived when it was read"
	tellsWithoutDeleting   mistake = "OnReuse is told by who has not deleted"
	tellsOnlyIfSure        mistake = "OnReuse is not told if Delete fails"
	asksNoMore             mistake = "the blocklist is not asked again when a token was adopted"
	repeatsTheCookie       mistake = "an answer with the same generation sets the refresh cookie"
	renewsTheGrace         mistake = "a renewal starts the grace again"
	datesTokensLate        mistake = "tokens are dated when they are signed"
)

const (
	late      = "tokens are given for one that must not be good any more"
	tooEarly  = "a token is said to be stolen, and its successor was not handed out long ago"
	noGrace   = "tokens are given, and the grace was not stored"
	accessIs  = "a session was deleted, and an access token of it is good"
	comesBack = "a session is over, and comes back when it is no longer blocked"
)

// Each wrong rule breaks a promise of the protocol.
func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	for _, wrong := range []struct {
		rule   mistake
		play   string
		broken string
	}{
		{tradesWhatIsNotOut, "not handed out", tooEarly},
		{tradesTheYoung, "three tabs", tooEarly},
		{repeatsWithoutGrace, "renewal, not handed out", noGrace},
		{neverLate, "an older copy", late},
		{constantKeys, "a constant key", late},
		{handsOutInTheTrade, "two tabs", tooEarly},
		{adoptsInTheLeeway, "adoption", late},
		{noMargin, "a slow answer, and logout", accessIs},
		{datesTokensLate, "a slow answer, and logout", accessIs},
		{comparesGenerations, "adoption, and the first token", late},
		{takesErrorsForAnswers, "two thefts", "Contains has failed, and that was taken for an answer"},
		{answersBeforeTheTrade, "two thefts", "tokens are given of a generation that was not made"},
		{answersWhoIsGone, "two tabs", "tokens are given to who has gone away, and the grace was not stored"},
		{enforcesOnce, "adoption and login", "there are more sessions than there may be"},
		{asksNoMore, "adoption and logout", late},
		{blocksAfterDeleting, "two thefts", late},
		{blocksTheStolenBriefly, "two thefts", comesBack},
		{tellsWithoutDeleting, "two thefts", "OnReuse is told twice"},
		{tellsOnlyIfSure, "two thefts", "a theft was answered, and OnReuse was not told"},
		{repeatsTheCookie, "three tabs", "the browser is logged out"},
		{renewsTheGrace, "renewal", late},
	} {
		t.Run(string(wrong.rule), func(t *testing.T) {
			t.Parallel()
			p := plays[wrong.play]
			p.rules.mistake = wrong.rule
			breaks(t, p, wrong.broken)
		})
	}
}
