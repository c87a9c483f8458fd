package ginjwt

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// A RefreshOption changes what [JWTManager.RefreshHandler] accepts.
type RefreshOption func(*refreshSpec)

type refreshSpec struct {
	accessToken bool
	locations   []Location // none: the locations of the settings, JSON bodies and forms
}

// RefreshFrom makes RefreshHandler look for the refresh token only in these locations,
// in this order, and not in forms. For a route that only browsers use,
// RefreshFrom(InCookies) accepts only cookies.
func RefreshFrom(in ...Location) RefreshOption {
	return func(s *refreshSpec) { s.locations = in }
}

// RequireAccessToken makes RefreshHandler also require an access token of the session.
// So a thief cannot use a stolen refresh token alone.
//
// The access token may have expired. It must be genuine, not revoked, and of the same
// session. It must not be older than the generation before that of the refresh token.
// The handler reads it from the Authorization header if the refresh token is elsewhere,
// from its cookie, or from the form field "access_token".
//
// With Config.DisableSessionCookie browsers drop the access cookie when its token
// expires. So set the cookie with a longer [WithMaxAge] at the login.
func RequireAccessToken() RefreshOption {
	return func(s *refreshSpec) { s.accessToken = true }
}

// RefreshHandler returns a handler that exchanges a refresh token for a new token pair,
// by [JWTManager.RotateTokens]. Register it for POST, without JWTRequired:
//
//	router.POST("/refresh", mgr.RefreshHandler())
//
// The token is in the member Config.RefreshJSONKey of a JSON body, or in a location of
// Config.TokenLocation. The handler never reads it from the query string (RFC 9700
// §4.3.2). The response is a [TokenPair]. If the token was in a cookie, the handler sets
// new cookies, and the response contains no tokens, so scripts never see them. The
// loaders respond to refusals.
//
// The handler also accepts the form of RFC 6749 §6 with grant_type=refresh_token. The
// response to a form follows that RFC, also if the handler refuses the token. So
// clients such as golang.org/x/oauth2 can use the route as their token URL. The handler
// does not authenticate the client.
//
// If a client may lose a response for longer than Config.SessionGrace, the client sends an
// Idempotency-Key header of 16 to 255 bytes: see [WithIdempotencyKey].
//
// RefreshHandler panics if called before InitApp, without Config.Sessions, or if the
// query string is the only location.
func (m *JWTManager) RefreshHandler(opts ...RefreshOption) gin.HandlerFunc {
	m.mustHaveSessions("RefreshHandler")
	var spec refreshSpec
	for _, opt := range opts {
		opt(&spec)
	}
	anywhere := len(spec.locations) == 0
	locations := m.refreshLocations(spec)
	need := m.requirementOf("RefreshHandler", []RequiredOption{Refresh(), Locations(locations...)}) // panics if a location is wrong
	if anywhere && !slices.Contains(locations, InJSON) {
		need.locations = append([]Location{InJSON}, locations...)
	}
	need.accessBeside = spec.accessToken
	return describe(routeFacts{handler: "RefreshHandler", need: need}, func(c *gin.Context) {
		noStore(c)
		if anywhere {
			if form, ok := oauthForm(c); ok {
				m.refreshByForm(c, form, spec)
				return
			}
		}
		if anywhere && isJSON(c.ContentType()) {
			m.refreshByLocation(c, need.locations, spec)
			return
		}
		m.refreshByLocation(c, locations, spec)
	})
}

// refreshLocations returns the locations of the refresh token. The header comes last if it
// may hold the access token.
func (m *JWTManager) refreshLocations(spec refreshSpec) []Location {
	locations := slices.Clone(spec.locations)
	if len(locations) == 0 {
		locations = withoutTickets(m.Config().TokenLocation)
	}
	locations = slices.DeleteFunc(locations, func(l Location) bool { return l == InQueryString })
	if len(locations) == 0 {
		panic("ginjwt: RefreshHandler: refresh tokens are not read from query strings; add another location")
	}
	if i := slices.Index(locations, InHeaders); spec.accessToken && i >= 0 {
		locations = append(slices.Delete(locations, i, i+1), InHeaders)
	}
	return locations
}

func (m *JWTManager) refreshByLocation(c *gin.Context, locations []Location, spec refreshSpec) {
	token, err := m.VerifyJWTInRequest(c, Refresh(), Locations(locations...))
	if err == nil {
		err = m.checkAccessBeside(c, token, spec)
	}
	var pair TokenPair
	if err == nil {
		pair, err = m.RotateTokens(c, token)
	}
	if err == nil && token.Location == InCookies {
		err = m.moveToCookies(c, &pair, spec)
	}
	if err != nil {
		m.Refuse(c, err)
		return
	}
	c.Render(http.StatusOK, pair)
}

// moveToCookies moves the tokens of pair into cookies. If a refresh also requires the
// access token, its cookie is kept for as long as the refresh token.
func (m *JWTManager) moveToCookies(c *gin.Context, pair *TokenPair, spec refreshSpec) error {
	kept := pair.cookies
	if spec.accessToken && kept.MaxAge == 0 && m.outliveBrowser(kept) {
		kept.MaxAge = max(1, int64(pair.RefreshExpiresAt.Sub(m.config.Now())/time.Second))
	}
	cookies, err := m.pairCookies(c, *pair, kept)
	if err != nil {
		return err
	}
	m.putTokenCookies(c, cookies)
	pair.AccessToken, pair.RefreshToken = "", "" // RefreshExpiresIn and CSRFToken stay: Config.DetailedPairs asks for them
	return nil
}

// checkAccessBeside checks the access token that RequireAccessToken asks for.
func (m *JWTManager) checkAccessBeside(c *gin.Context, refresh *Token, spec refreshSpec) error {
	if !spec.accessToken || refresh == nil {
		return nil
	}
	encoded := m.accessBeside(c, refresh)
	if encoded == "" {
		return refusalf(ErrNoAuthorization, "Missing access token beside the refresh token")
	}
	access, err := m.DecodeToken(c, encoded, AllowExpired())
	switch {
	case err != nil:
		return err
	case access.Type != AccessToken:
		return wrongToken("Only non-refresh tokens are allowed", access)
	case access.session() != refresh.session() || access.Identity != refresh.Identity || access.isForeign(),
		access.KeyThumbprint() != refresh.KeyThumbprint():
		return errOtherSession.about(access)
	case isOlder(access, refresh):
		return errOldAccess.about(access)
	}
	return m.revocations.check(c.Request.Context(), access)
}

// isOlder reports whether an access token is older than the generation before the
// generation of the refresh token.
func isOlder(access, refresh *Token) bool {
	if refresh.session() == "" {
		return false
	}
	of, newest := access.generation(), refresh.generation()
	if of == 0 { // it was made when access tokens had no generation
		return access.IssuedAt.Before(refresh.IssuedAt)
	}
	return of < newest-1
}

// accessBeside returns the access token that accompanies a refresh token. Its cookie
// needs no CSRF value of its own: it is useless at this handler without the refresh
// token, which was checked.
func (m *JWTManager) accessBeside(c *gin.Context, refresh *Token) string {
	if refresh.Location != InHeaders {
		if at, err := m.reader.findInHeaders(c.Request); err == nil {
			return at.encoded
		}
	}
	if values := cookieValues(c.Request, m.reader.accessCookies.name); len(values) == 1 {
		return values[0]
	}
	if form, _ := postForm(c); len(form["access_token"]) == 1 {
		return form.Get("access_token")
	}
	return ""
}

// oauthForm returns the form of a request of RFC 6749. Other forms may belong to a
// request with cookies, and hold its CSRF value.
func oauthForm(c *gin.Context) (url.Values, bool) {
	form, ok := postForm(c)
	return form, ok && (form.Has("grant_type") || form.Has("refresh_token"))
}

func (m *JWTManager) refreshByForm(c *gin.Context, form url.Values, spec refreshSpec) {
	if code, description := invalidGrantRequest(form); code != "" {
		oauthError(c, http.StatusBadRequest, code, description)
		return
	}
	key, err := idempotencyKey(c.Request)
	if err != nil {
		m.refuseGrant(c, err)
		return
	}
	token, err := m.DecodeToken(c, form.Get("refresh_token"))
	if err == nil {
		err = m.proveAtIssuer(c, token)
	}
	if err == nil && spec.accessToken {
		// First, so that a stolen token is noticed even if it comes alone.
		_, _, err = m.checks.check(c.Request.Context(), token, &requirement{refresh: true}, key)
	}
	if err == nil {
		err = m.checkAccessBeside(c, token, spec)
	}
	var pair TokenPair
	if err == nil {
		pair, err = m.RotateTokens(c, token, WithIdempotencyKey(key))
	}
	if err != nil {
		m.refuseGrant(c, err)
		return
	}
	c.Render(http.StatusOK, pair)
}
