// Package ginjwt adds JSON Web Token authentication to Gin, with the names, the
// settings and the wire format of Flask-JWT-Extended.
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
// A [JWTManager] is set up by one goroutine: [New], then its loaders, then
// [JWTManager.InitApp], which reports all mistakes in the settings at once.
// From then on it does not change, and may be used by any number of
// goroutines. An application can have several managers.
//
// # Making tokens
//
// [JWTManager.CreateAccessToken] and [JWTManager.CreateRefreshToken] take an
// identity and options: [WithFresh], [WithExpires], [WithClaims] and others.
// [JWTManager.SetAccessCookies] and its kin put them in cookies.
//
// # Asking for tokens
//
// [JWTManager.JWTRequired] and [JWTManager.RefreshRequired] are handlers for
// routes and groups, with [Optional], [Fresh], [AnyType], [Locations] and
// [SkipRevocationCheck]. [Scopes], [AnyScope], [Roles], [Claim] and
// [FreshWithin] ask for what is in the token.
// [JWTManager.VerifyJWTInRequest] is the same without the response. In the
// handlers behind them, [GetJWTIdentity], [GetJWT], [GetJWTClaims] and
// [GetCurrentUser] return what was verified; they work with the request's
// context too.
//
// # WebSockets, event streams, downloads
//
// Pages cannot send a header with these. A page buys a ticket from
// [JWTManager.TicketHandler] with its token. The ticket lets in one request, on a route
// with Locations([InTicket]). [SessionContext] ends with the session, for handlers that
// take long.
//
// # Callbacks
//
// Eight loaders decide: what goes into tokens, which key is used, who the user
// is, and whether a token is revoked or passes a check of your own. Their
// errors refuse the request. Eight loaders respond to one kind of refusal each;
// [JWTManager.ErrorLoader] responds to all others, for example with
// [BearerError] (RFC 6750) or [ProblemError] (RFC 9457).
//
// # Revoking tokens
//
// [JWTManager.RevokeToken] works without settings, in the memory of one
// process. For more than one process, or across restarts, set
// [Config].Blocklist to one of a store: package redisstore, package sqlstore, or
// a [Blocklist] of your own.
//
// # Sessions
//
// With [Config].Sessions, [JWTManager.CreateTokenPair] starts a session and
// [JWTManager.RefreshHandler] gives a new pair for a refresh token, which is
// good for one use: if it is used again, somebody has stolen it, and the
// session ends. [JWTManager.EndSession] and [JWTManager.LogoutHandler] end
// sessions too.
//
// # Links in mails
//
// [JWTManager.CreatePurposeToken] makes a token that is good for one [Purpose], such as
// to reset a password, and once. [JWTManager.PeekPurposeToken] looks at it, and
// [JWTManager.ConsumePurposeToken] uses it up. No route accepts it. [Config].Once
// remembers what was used.
//
// # Keys
//
// [Config].SecretKey, or PrivateKey and PublicKey, are the simple case.
// [Config].Keys is a list: the first [Key] signs, all verify, and
// [JWTManager.SetKeys] replaces it while the program serves.
// [JWTManager.JWKSHandler] publishes the public keys.
//
// # Tokens of other issuers
//
// [Config].Issuers lists others whose tokens are accepted, each [Issuer] with
// its keys, audience and names of claims. Package jwks brings their keys from
// where they publish them. Config.IssuerResolver brings issuers that are known only
// while the program runs, such as the tenants of customers.
//
// # Resources, and MCP servers
//
// [Config].Resources are parts of the service that clients of OAuth find by
// themselves. Routes with [ForResource] take only tokens that are for that
// [Resource], and [JWTManager.ResourceMetadataHandler] says where to get one.
//
// # net/http
//
// [JWTManager.Middleware] is JWTRequired for an [net/http.Handler].
// [JWTManager.HTTPHandler] makes one of a handler of the manager.
//
// # Mistakes
//
// InitApp refuses settings that cannot work. Package doctor explains those
// that work, but are not safe or do nothing; so does the command line,
// cmd/ginjwt.
//
// # Testing
//
// Package jwttest has settings, a clock, tokens and requests for tests.
package ginjwt
