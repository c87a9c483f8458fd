package ginjwt_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// jsonLog returns a logger with a minimum level, and its output.
func jsonLog(level slog.Level) (*slog.Logger, *bytes.Buffer) {
	var written bytes.Buffer
	return slog.New(slog.NewJSONHandler(&written, &slog.HandlerOptions{Level: level})), &written
}

func TestSlogObserverLogsTheFieldsOfAnEvent(t *testing.T) {
	t.Parallel()
	log, written := jsonLog(slog.LevelDebug)
	for _, test := range []struct {
		event ginjwt.Event
		want  map[string]any
	}{
		{ginjwt.Event{
			Kind: ginjwt.EventRefused, Fault: ginjwt.FaultCaller, Reason: "token_expired", Issuer: "me", Location: ginjwt.InCookies,
			TokenType: ginjwt.AccessToken, SessionID: "s", TokenID: "t", Duration: time.Millisecond,
		}, map[string]any{
			"level": "DEBUG", "event": "refused", "fault": "caller", "reason": "token_expired", "issuer": "me", "location": "cookies",
			"token_type": "access", "session_id": "s", "token_id": "t", "duration": 1e6,
		}},
		{ginjwt.Event{
			Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultService, Operation: ginjwt.OperationSessionGet, Err: errStoreDown,
		}, map[string]any{"level": "ERROR", "event": "store_failed", "fault": "service", "operation": "session_get", "error": errStoreDown.Error()}},
		{ginjwt.Event{Kind: ginjwt.EventSessionEnded, SessionID: "s", Cause: ginjwt.CauseLogout},
			map[string]any{"level": "INFO", "event": "session_ended", "session_id": "s", "cause": "logout"}},
		{ginjwt.Event{Kind: ginjwt.EventListWhole}, map[string]any{"level": "INFO", "event": "list_whole"}},
	} {
		written.Reset()
		ginjwt.SlogObserver(log).Observe(t.Context(), test.event)
		var line map[string]any
		require.NoError(t, json.Unmarshal(written.Bytes(), &line))
		delete(line, "time")
		test.want["msg"] = "ginjwt"
		assert.Equal(t, test.want, line)
	}
}

func TestLevelsOfSlogObserver(t *testing.T) {
	t.Parallel()
	levels := map[slog.Level][]ginjwt.Event{
		slog.LevelDebug: {
			{Kind: ginjwt.EventIssued}, {Kind: ginjwt.EventAccepted}, {Kind: ginjwt.EventRepeated}, {Kind: ginjwt.EventKeySetFetched},
			{Kind: ginjwt.EventRefused, Fault: ginjwt.FaultCaller}, {Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultCaller},
		},
		slog.LevelInfo: {
			{Kind: ginjwt.EventRotated}, {Kind: ginjwt.EventRevoked}, {Kind: ginjwt.EventSessionStarted}, {Kind: ginjwt.EventSessionEnded},
			{Kind: ginjwt.EventKeysChanged}, {Kind: ginjwt.EventListComplete}, {Kind: ginjwt.EventListWhole},
			{Kind: ginjwt.EventLoggedOut}, {Kind: ginjwt.EventConsumed}, {Kind: ginjwt.EventContextEnded, Cause: ginjwt.CauseLogout},
		},
		slog.LevelWarn: {
			{Kind: ginjwt.EventReused, Fault: ginjwt.FaultCaller}, {Kind: ginjwt.EventKeySetFailed, Fault: ginjwt.FaultService},
			{Kind: ginjwt.EventListStale, Fault: ginjwt.FaultService},
		},
		slog.LevelError: {
			{Kind: ginjwt.EventListLost, Fault: ginjwt.FaultService}, {Kind: ginjwt.EventRefused, Fault: ginjwt.FaultService},
			{Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultService}, {Kind: ginjwt.EventContextEnded, Fault: ginjwt.FaultService},
		},
	}
	tested := map[ginjwt.EventKind]bool{}
	for level, events := range levels {
		for _, e := range events {
			tested[e.Kind] = true
			at, written := jsonLog(level)
			ginjwt.SlogObserver(at).Observe(t.Context(), e)
			assert.Contains(t, written.String(), `"level":"`+level.String()+`"`, e.Kind)
			above, written := jsonLog(level + 1)
			ginjwt.SlogObserver(above).Observe(t.Context(), e)
			assert.Empty(t, written.String(), e.Kind)
		}
	}
	assert.Len(t, tested, len(ginjwt.EventKinds()))
}

func TestSlogObserverOfAManager(t *testing.T) {
	t.Parallel()
	log, written := jsonLog(slog.LevelDebug)
	config, _ := sessionsConfig()
	config.Observer = ginjwt.SlogObserver(log)
	mgr, engine := newManager(t, config)
	engine.GET("/me", mgr.JWTRequired(), identify)
	pair, err := mgr.CreateTokenPair(t.Context(), "identity-of-alice")
	require.NoError(t, err)
	jwttest.Do(engine, "GET", "/me", jwttest.Bearer(pair.AccessToken))
	jwttest.Do(engine, "GET", "/me", jwttest.Bearer(pair.RefreshToken))
	assert.Contains(t, written.String(), `"event":"accepted"`)
	assert.Contains(t, written.String(), `"event":"refused","fault":"caller","reason":"token_wrong_type"`)
	for _, secret := range []string{"identity-of-alice", "eyJ", pair.CSRF, appSecret()} {
		assert.NotContains(t, written.String(), secret)
	}
}

// An event that the log would drop is not formatted.
func TestSlogObserverAsksFirst(t *testing.T) {
	t.Parallel()
	log, _ := jsonLog(slog.LevelError + 1)
	assert.NotPanics(t, func() {
		ginjwt.SlogObserver(log).Observe(t.Context(), ginjwt.Event{Kind: ginjwt.EventStoreFailed, Fault: ginjwt.FaultService, Err: unread{t}})
	})
}

// unread is an error whose text must not be read.
type unread struct{ t *testing.T }

func (u unread) Error() string {
	u.t.Error("it was read")
	return ""
}
