package ginjwt

import (
	"context"
	"log/slog"
)

// SlogObserver returns an [Observer] that logs events, each with the word of its kind
// in "event" and the fields that it has: none of them shows a token or an identity.
// A nil log means [slog.Default], as it is at each event.
//
// Levels are by kind. What any client can cause as often as it likes is at Debug,
// also refusals, which metrics count better; so is what goes well in every request.
// Rotations, sessions, revocations, single-use tokens that were used and keys are at
// Info, a refresh token that was used twice, keys that cannot be fetched and a stale
// list at Warn. A store that failed, a lost list, what is answered with a status from
// 500 on, and a context that ended because a store did not answer are at Error, unless
// the client has gone away. What is below the level of log costs nothing.
func SlogObserver(log *slog.Logger) Observer { return slogObserver{log} }

type slogObserver struct{ log *slog.Logger }

func (o slogObserver) Observe(ctx context.Context, e Event) {
	log, level := o.log, levelOf(e)
	if log == nil {
		log = slog.Default()
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 13)
	attrs = append(attrs, slog.String("event", e.Kind.String()))
	for _, a := range [...]struct{ key, value string }{
		{"fault", string(e.Fault)}, {"reason", e.Reason}, {"issuer", e.Issuer}, {"location", string(e.Location)},
		{"token_type", string(e.TokenType)}, {"purpose", e.Purpose}, {"cause", string(e.Cause)}, {"operation", string(e.Operation)},
		{"session_id", e.SessionID}, {"token_id", e.TokenID},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	if e.Duration != 0 {
		attrs = append(attrs, slog.Duration("duration", e.Duration))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	log.LogAttrs(ctx, level, "ginjwt", attrs...)
}

// levelOf returns the level at which an event is logged.
func levelOf(e Event) slog.Level {
	switch e.Kind {
	case EventIssued, EventAccepted, EventRepeated, EventKeySetFetched:
		return slog.LevelDebug
	case EventReused, EventKeySetFailed, EventListStale:
		return slog.LevelWarn
	case EventListLost:
		return slog.LevelError
	case EventContextEnded:
		if e.Fault == FaultService {
			return slog.LevelError
		}
	case EventRefused, EventStoreFailed:
		if e.Fault == FaultService {
			return slog.LevelError
		}
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
