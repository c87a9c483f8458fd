package ginjwt

// SessionEnd is why a context of [SessionContext] has ended, if it was the session, or
// the token, that ended:
//
//	var end *ginjwt.SessionEnd
//	if errors.As(context.Cause(ctx), &end) && end.Cause == ginjwt.CauseReuse {
//
// It is an [ErrSessionEnded]. Its text is for logs.
type SessionEnd struct {
	// Cause is CauseLogout, CauseUser, CauseRevocation, CauseApplication, which is also
	// that of a TokenInBlocklistLoader, CauseMaxSessions, CauseReuse,
	// CauseUpstreamLogout or CauseExpired. It is empty if the session has ended, and
	// the blocklist could not say why.
	Cause Cause
}

// Error names the cause.
func (e *SessionEnd) Error() string {
	return ErrSessionEnded.Error() + " (" + string(or(e.Cause, "cause unknown")) + ")"
}

// Unwrap returns [ErrSessionEnded].
func (e *SessionEnd) Unwrap() error { return ErrSessionEnded }
