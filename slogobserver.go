package ginjwt

import (
	"context"
	"log/slog"
)

// SlogObserver returns an [Observer] that logs events. The attribute "event" is the
// name of the kind. The other attributes are the fields that are set. No attribute
// contains a token or an identity. A nil log means [slog.Default] at the time of each
// event.
//
// The level depends on the kind:
//
//   - Debug: refusals and other events that any client can cause, and events of every
//     successful request. Count these in metrics instead of a log.
//   - Info: rotations, sessions, revocations, used purpose tokens and tickets, changed
//     keys, logouts at an issuer, and a list that is complete or whole.
//   - Warn: a reused refresh token, keys that cannot be fetched, a stale list.
//   - Error: a failed store, a lost list, a response with status 500 or above, and a
//     context that ended because a store failed. If the client disconnected, a failed
//     store and a refusal are at Debug.
//
// An event below the level of log costs nothing.
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
	attrs := make([]slog.Attr, 0, 14)
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
	if e.Bound {
		attrs = append(attrs, slog.Bool("bound", true))
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
