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
// One goroutine sets up a [JWTManager]: call [New], register the loaders, then
// call [JWTManager.InitApp], which reports all mistakes in the settings at
// once. After InitApp the manager is safe for concurrent use. An application
// can have several managers.
//
// # Make tokens
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
// [Locations] and [SkipRevocationCheck]. [Scopes], [AnyScope], [Roles], [Claim]
// and [FreshWithin] check the claims of the token.
// [JWTManager.VerifyJWTInRequest] makes the same checks without a response. In
// your handlers, [GetJWTIdentity], [GetJWT], [GetJWTClaims] and
// [GetCurrentUser] return the verified data. They accept the *gin.Context or
// the request's context.
//
// # WebSockets, event streams, downloads
//
// A page cannot set a header for these requests. The page buys a ticket from
// [JWTManager.TicketHandler] with its token. The ticket lets in one request, on
// a route with Locations([InTicket]). In handlers that run for a long time, use
// [SessionContext]: it ends with the session.
//
// # Callbacks
//
// Eight loaders decide. They choose claims, headers, keys and identities, load
// the user, and check for revocation or for your own rule. If one returns an
// error, the request is refused. Eight loaders respond to one kind of refusal
// each. [JWTManager.ErrorLoader] responds to all others, for example with
// [BearerError] (RFC 6750) or [ProblemError] (RFC 9457).
//
// # Revoke tokens
//
// [JWTManager.RevokeToken] works without settings, in the memory of one
// process. For several processes, or to survive a restart, set Blocklist of
// [Config]: use package redisstore, package sqlstore, or your own [Blocklist].
//
// # Sessions
//
// With Sessions of [Config], [JWTManager.CreateTokenPair] starts a session.
// [JWTManager.RefreshHandler] exchanges a refresh token for a new token pair. A
// refresh token works once. If it is used again, somebody may have stolen it,
// and the session ends. [JWTManager.EndSession] and [JWTManager.LogoutHandler]
// end sessions too.
//
// # Links in mails
//
// [JWTManager.CreatePurposeToken] makes a token for one [Purpose], such as a
// password reset. The token works once. [JWTManager.PeekPurposeToken] checks
// it, and [JWTManager.ConsumePurposeToken] uses it up. No route accepts it. The
// store Once of [Config] remembers used tokens.
//
// # Keys
//
// For one key, set SecretKey, or PrivateKey and PublicKey, of [Config]. For key
// rotation, set Keys: the first active [Key] signs, and all of them verify.
// [JWTManager.SetKeys] replaces the keys while the program runs.
// [JWTManager.JWKSHandler] publishes the public keys.
//
// # Tokens of other issuers
//
// Issuers of [Config] lists other issuers whose tokens are accepted. Each
// [Issuer] has its own keys, audience and claim names. Package jwks fetches the
// keys that an issuer publishes. IssuerResolver of [Config] finds issuers that
// are known only at run time, such as the identity providers of customers.
//
// # Resources, and MCP servers
//
// Resources of [Config] are parts of the service that OAuth clients discover by
// themselves. A route with [ForResource] accepts only tokens for that
// [Resource]. [JWTManager.ResourceMetadataHandler] tells clients where to get
// such a token.
//
// # net/http
//
// [JWTManager.Middleware] is JWTRequired for an [net/http.Handler].
// [JWTManager.HTTPHandler] turns a handler of the manager into an
// [net/http.Handler].
//
// # Find mistakes
//
// InitApp refuses settings that cannot work. Package doctor explains settings
// that work, but are unsafe or have no effect. The command cmd/ginjwt does the
// same.
//
// # Test your application
//
// Package jwttest has settings, a clock, tokens and requests for tests.
package ginjwt
