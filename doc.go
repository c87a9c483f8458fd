// Package ginjwt adds JSON Web Token authentication to Gin. It uses the names,
// the settings and the wire format of Flask-JWT-Extended.
//
//	jwt := ginjwt.New(ginjwt.Config{SecretKey: os.Getenv("JWT_SECRET_KEY")})
//
//	r := gin.Default()
//	if err := jwt.InitApp(r); err != nil {
//		log.Fatal(err)
//	}
//	r.POST("/login", func(c *gin.Context) {
//		token, err := jwt.CreateAccessToken(c, "alice") // check the password first
//		if err != nil {
//			c.AbortWithError(http.StatusInternalServerError, err)
//			return
//		}
//		c.JSON(http.StatusOK, gin.H{"access_token": token})
//	})
//	r.GET("/me", jwt.JWTRequired(), func(c *gin.Context) {
//		c.JSON(http.StatusOK, gin.H{"identity": ginjwt.GetJWTIdentity(c)})
//	})
//
// # Set up, then serve
//
// Set up a [JWTManager] in one goroutine: call [New], register the loaders,
// then call [JWTManager.InitApp]. InitApp reports all mistakes in the settings
// together. After InitApp the manager is safe for concurrent use. An application
// can have several managers.
//
// # Create tokens
//
// [JWTManager.CreateAccessToken] and [JWTManager.CreateRefreshToken] take an
// identity and options, such as [WithFresh], [WithExpires] and [WithClaims].
// [JWTManager.SetAccessCookies] and [JWTManager.SetRefreshCookies] put tokens
// in cookies.
//
// # Require tokens
//
// [JWTManager.JWTRequired] and [JWTManager.RefreshRequired] are middleware for
// routes and groups. Their options are [Optional], [Fresh], [AnyType],
// [Locations] and [SkipRevocationCheck]. The options [Scopes], [AnyScope],
// [Roles], [Claim] and [FreshWithin] check the claims of the token.
// [JWTManager.VerifyJWTInRequest] makes the same checks without a response.
//
// In your handlers, [GetJWTIdentity], [GetJWT], [GetJWTClaims] and
// [GetCurrentUser] return the verified data. They accept the *gin.Context or
// the request's context.
//
// Config.DPoP binds tokens to a key of the client (RFC 9449), so that a stolen
// token is refused. [Bound] requires a bound token.
//
// # WebSockets, event streams, downloads
//
// A page cannot set a header for these requests. Instead, it uses its token to
// get a ticket from [JWTManager.TicketHandler]. The ticket is valid for one
// request, on a route with Locations([InTicket]). In handlers that run for a
// long time, use [SessionContext]: it ends with the session.
//
// # Callbacks
//
// Eight loaders decide. They choose claims, headers, keys and identities, load
// the user, and check for revocation or for your own rule. If one of them
// returns an error, the request is refused. Eight other loaders each respond to
// one or a few kinds of refusals. [JWTManager.ErrorLoader] responds to all
// other refusals, for example with [BearerError] (RFC 6750) or [ProblemError]
// (RFC 9457).
//
// # Revoke tokens
//
// [JWTManager.RevokeToken] works without settings, in the memory of one
// process. For several processes, or to keep revocations after a restart, set
// Blocklist of [Config]: use package redisstore, package sqlstore, or your own
// [Blocklist].
//
// # Sessions
//
// With Sessions of [Config], [JWTManager.CreateTokenPair] starts a session.
// [JWTManager.RefreshHandler] exchanges a refresh token for a new token pair.
// For a grace period the old refresh token still works. A later use of it ends
// the session, because somebody may have stolen the token.
// [JWTManager.EndSession] and [JWTManager.LogoutHandler] end sessions too.
//
// # Links in mails
//
// [JWTManager.CreatePurposeToken] creates a token for one [Purpose], such as a
// password reset. The token works once. [JWTManager.PeekPurposeToken] checks
// it, and [JWTManager.ConsumePurposeToken] uses it up. JWTRequired accepts it
// on no route. The store Once of [Config] remembers used tokens.
//
// # Keys
//
// For one key, set SecretKey of [Config], or PrivateKey and PublicKey. For key
// rotation, set Keys: the first active [keys.Key] signs, and all keys verify.
// [JWTManager.SetKeys] replaces the keys while the program runs.
// [JWTManager.JWKSHandler] publishes the public keys.
//
// # Tokens of other issuers
//
// The manager accepts tokens of the Issuers in [Config]. Each [Issuer] has its
// own keys, audience and claim names. Package jwks fetches the keys that an
// issuer publishes. IssuerResolver of [Config] finds issuers that are known
// only at run time, such as the identity providers of customers.
//
// # Resources, and MCP servers
//
// Resources of [Config] are parts of the service that OAuth clients discover
// without configuration. A route with [ForResource] accepts only tokens for
// that [Resource]. [JWTManager.ResourceMetadataHandler] tells clients where to
// get such a token.
//
// # net/http
//
// [JWTManager.Middleware] is JWTRequired for an [net/http.Handler].
// [JWTManager.HTTPHandler] turns a handler of the manager into an
// [net/http.Handler].
//
// # Find mistakes
//
// InitApp refuses settings that cannot work. Package doctor reports settings
// that work, but are insecure or have no effect. The command ginjwt doctor
// prints the same findings.
//
// # Test your application
//
// Package jwttest has settings, a clock, tokens and requests for tests.
package ginjwt
