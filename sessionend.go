package ginjwt

// SessionEnd is the [context.Cause] of a context of [SessionContext] after its session or
// token has ended:
//
//	var end *ginjwt.SessionEnd
//	if errors.As(context.Cause(ctx), &end) && end.Cause == ginjwt.CauseReuse {
//
// It wraps [ErrSessionEnded]. Write its message only to logs.
type SessionEnd struct {
	// Cause is CauseLogout, CauseUser, CauseRevocation, CauseApplication, CauseMaxSessions,
	// CauseReuse, CauseUpstreamLogout or CauseExpired. For a TokenInBlocklistLoader it is
	// CauseApplication. Empty means that the blocklist does not tell why.
	Cause Cause
}

// Error names the cause.
func (e *SessionEnd) Error() string {
	return ErrSessionEnded.Error() + " (" + string(or(e.Cause, "cause unknown")) + ")"
}

// Unwrap returns [ErrSessionEnded].
func (e *SessionEnd) Unwrap() error { return ErrSessionEnded }
