package ginjwt

import (
	"context"
)

// SessionContext returns a child of the request's context that also ends when the session of
// the verified token ends, on whichever process the session ends. Use it in long-running
// handlers: WebSockets, event streams, downloads.
//
//	ctx := ginjwt.SessionContext(c)
//	for {
//		select {
//		case <-ctx.Done():
//			log.Println("stream ends:", context.Cause(ctx))
//			return
//		case message := <-messages:
//			c.SSEvent("message", message)
//			c.Writer.Flush()
//		}
//	}
//
// The context ends
//
//   - with its parent: when the client disconnects, or the handler returns;
//   - when the session ends or the token is revoked, as soon as this process learns of it.
//     With redisstore and sqlstore this takes at most MaxStaleness while the process
//     reaches the server. SessionContext asks a Blocklist once a second and, if it is a
//     [store.ChangingBlocklist], at each change.
//     SessionContext asks a TokenInBlocklistLoader every 30 seconds;
//   - when the session expires, or its store does not have it any more. SessionContext asks
//     the store every Config.AccessTokenExpires. Each rotation and ImplicitRefresh prolongs
//     the session and the context. The "exp" of the token does not end the context;
//   - when the token expires, if the token belongs to no session of the manager. A token
//     without "exp" expires only by the MaxTokenAge of an issuer with a LogoutAudience;
//   - when a store has failed for longer than Config.AccessTokenExpires. Until then an error
//     of a store ends nothing.
//
// [context.Cause] returns a [*SessionEnd], an [ErrUnavailable] in the last case, or the
// cause of the parent.
//
// The argument may be any context that [GetToken] accepts, such as the *gin.Context. When
// a handler returns, the request's context ends. So a handler that hijacks the connection and returns needs another parent, and must
// cancel that parent when the connection is closed:
//
//	parent, cancel := context.WithCancel(context.WithoutCancel(c.Request.Context()))
//	ctx := ginjwt.SessionContext(parent)
//
// A handler may verify a token itself with [JWTManager.VerifyToken], for example a token in
// the first message of a WebSocket. It passes the token to [NewContext], and that context
// to SessionContext.
//
// For an anonymous visitor SessionContext returns the request's context. It panics on a
// route that verified nothing.
//
// One goroutine watches all contexts of a manager until the last of them ends. It looks at
// Config.Now at least once a second. A second goroutine runs while it waits for the store
// of sessions or the TokenInBlocklistLoader. If the parent is not a context of package
// context, that package starts two more goroutines.
func SessionContext(ctx context.Context) context.Context {
	token := mustVerify(ctx, "SessionContext").token
	ctx = plain(ctx)
	if token == nil || ctx.Err() != nil {
		return ctx
	}
	verifier, ok := token.read().verifier.(*verifier)
	if !ok { // a test made the token by hand
		return ctx
	}
	return verifier.startContext(ctx, token)
}
