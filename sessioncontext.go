package ginjwt

import (
	"context"
	"time"
)

// SessionContext returns a child of the request's context that ends when the session of
// the verified token ends, on whichever process that happens. It is for handlers that
// take long: WebSockets, event streams, downloads.
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
//   - with its parent, such as when the client goes away, or the handler returns;
//   - when the session of the token ends or the token is revoked: as soon as this process
//     learns of it, which redisstore and sqlstore do within their MaxStaleness. A
//     Blocklist is asked when it tells of a change, as a [store.ChangingBlocklist], and
//     once a second. A TokenInBlocklistLoader is asked every 30 seconds;
//   - when the session expires, or a token that is of no session of the manager; a token
//     without "exp" does not. A session goes on with each rotation and ImplicitRefresh,
//     and the context with it: the "exp" of the token does not end it. The store of
//     sessions is asked every Config.AccessTokenExpires, and one that does not have the
//     session ends it too;
//   - when a store has not answered for as long as Config.AccessTokenExpires, whether it
//     goes on. Until then an error of a store ends nothing.
//
// [context.Cause] returns a [*SessionEnd], an [ErrUnavailable] in the last case, or the
// cause of the parent.
//
// It takes what [GetToken] takes. A handler that hijacks the connection and returns has
// its own parent, which it must cancel when the connection is closed:
//
//	parent, cancel := context.WithCancel(context.WithoutCancel(c.Request.Context()))
//	ctx := ginjwt.SessionContext(parent)
//
// One that verifies the first message of a WebSocket gives it the context that
// [NewContext] makes of the token of [JWTManager.VerifyToken].
//
// For an anonymous visitor it is the context of the request. It panics on a route that
// verified nothing. All contexts of a manager are watched by one goroutine, which ends
// with the last of them; another one runs while it waits for the store of sessions or the
// TokenInBlocklistLoader. Of a parent that is not made by package context, that package
// starts two for each. Config.Now tells the time, at least once a second.
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
	return verifier.owner.(*JWTManager).sessionContext(ctx, token)
}

func (m *JWTManager) sessionContext(parent context.Context, token *Token) context.Context {
	now := m.config.Now()
	c := &liveContext{token: token, ids: m.revocations.ids(token), answered: now, expires: token.lastMoment()}
	if m.sessions != nil && token.session() != "" {
		c.expires = m.sessions.nextLook(token.ExpiresAt)
	}
	if m.tokenInBlocklist != nil {
		c.load = now.Add(loadEvery)
	}
	m.contexts.add(parent, c)
	return c.Context
}

// lastMoment returns from when on the token is refused as it is too old; zero: never.
func (t *Token) lastMoment() (last time.Time) {
	names := t.names()
	if !t.ExpiresAt.IsZero() {
		last = t.ExpiresAt.Add(names.leeway)
	}
	if names.maxAge == 0 {
		return last
	}
	oldest := t.IssuedAt.Add(names.maxAge + names.leeway)
	if last.IsZero() {
		return oldest
	}
	return earlier(last, oldest)
}
