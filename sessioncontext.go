package ginjwt

import (
	"context"
)

// SessionContext returns a child of the request's context that also ends when the session of
// the verified token ends, on whichever process that happens. It is for handlers that take
// long: WebSockets, event streams, downloads.
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
// It ends
//
//   - with its parent: the client goes away, or the handler returns;
//   - when the session ends or the token is revoked, as soon as this process learns of it.
//     With redisstore and sqlstore that is within their MaxStaleness. A Blocklist is asked
//     once a second and, if it is a [store.ChangingBlocklist], at each change. A
//     TokenInBlocklistLoader is asked every 30 seconds;
//   - when the session expires, or its store does not have it any more. The store is asked
//     every Config.AccessTokenExpires. Each rotation and ImplicitRefresh prolongs the
//     session, and the context with it; the "exp" of the token does not end it;
//   - when the token expires, if it is of no session of the manager. A token without "exp"
//     does not expire;
//   - when a store has failed for longer than Config.AccessTokenExpires. Until then an error
//     of a store ends nothing.
//
// [context.Cause] returns a [*SessionEnd], an [ErrUnavailable] in the last case, or the
// cause of the parent.
//
// ctx is what [GetToken] takes. When a handler returns, the request's context ends, so a
// handler that hijacks the connection and returns needs another parent. It must cancel that
// parent when the connection is closed:
//
//	parent, cancel := context.WithCancel(context.WithoutCancel(c.Request.Context()))
//	ctx := ginjwt.SessionContext(parent)
//
// A handler that verifies a token itself, such as one in the first message of a WebSocket,
// passes the context that [NewContext] makes of the token of [JWTManager.VerifyToken].
//
// For an anonymous visitor SessionContext returns the request's context. It panics on a
// route that verified nothing.
//
// One goroutine watches all contexts of a manager, and ends with the last of them. It looks
// at Config.Now at least once a second. Another one runs while it waits for the store of
// sessions or the TokenInBlocklistLoader. For a parent that was not made by package context,
// that package starts two more.
func SessionContext(ctx context.Context) context.Context {
	token := mustVerify(ctx, "SessionContext").token
	ctx = plain(ctx)
	if token == nil || ctx.Err() != nil {
		return ctx
	}
	verifier, ok := token.read().verifier.(*verifier)
	if !ok { // made by hand, in a test
		return ctx
	}
	return verifier.startContext(ctx, token)
}
