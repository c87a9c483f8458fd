package ginjwt

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// BackChannelLogoutHandler returns a handler for OpenID Connect Back-Channel Logout 1.0:
// an issuer of Config.Issuers with a LogoutAudience posts a logout token when one of its
// users logs out there. One handler is for all issuers:
//
//	router.POST("/backchannel-logout", mgr.BackChannelLogoutHandler())
//
// A logout token with "sid" ends that session at the issuer: its access tokens are refused,
// and the sessions of the manager that began with it, by [WithUpstream], have ended. If the
// token has "sub" too, it also ends what does not say which session at the issuer it
// belongs to, is of this user, and is not newer than the logout. A logout token without
// "sid" ends all tokens and sessions of the user that are not newer than the logout.
//
// The answer is 200 once the logout is on Config.Blocklist, 400 if the logout token is not
// valid, 503 if the blocklist fails or the keys of the issuer cannot be fetched, 204 for
// OPTIONS, and 405 for other methods than POST. A logout token that comes again is answered
// 200 again.
//
// It panics if called before InitApp, or if no issuer has a LogoutAudience and there is no
// IssuerResolver.
func (m *JWTManager) BackChannelLogoutHandler() gin.HandlerFunc {
	m.mustBeReady("BackChannelLogoutHandler")
	if !m.verifier.hasLogouts() {
		panic("ginjwt: BackChannelLogoutHandler: no issuer can log out; set the LogoutAudience of one of Config.Issuers")
	}
	return func(c *gin.Context) {
		noStore(c)
		if c.Request.Method != http.MethodPost {
			m.refuseMethod(c)
			return
		}
		encoded, ok := tokenParameter(c, "logout_token")
		if !ok {
			return
		}
		if err := m.logOut(c.Request.Context(), encoded); err != nil {
			m.refuseOAuth(c, err, "invalid_request", "The logout token is not valid")
			return
		}
		c.Status(http.StatusOK)
	}
}

// logOut does what a logout token says, also if its sender goes away meanwhile.
func (m *JWTManager) logOut(ctx context.Context, encoded string) error {
	logout, err := m.verifier.decodeLogout(ctx, encoded)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := m.revocations.logOut(ctx, logout); err != nil {
		return err
	}
	m.events.loggedOut(ctx, logout.Upstream, logout.id)
	return nil
}

// hasLogouts reports whether an issuer can log out, or one that the IssuerResolver brings.
func (v *verifier) hasLogouts() bool {
	if v.others != nil {
		return true
	}
	for _, r := range v.foreign {
		if r.logout != nil {
			return true
		}
	}
	return false
}

// logOut refuses what began before a logout, until all of it has expired. The IDs come
// from the logout token alone, so that one that comes again adds the same.
func (r *revocations) logOut(ctx context.Context, logout *logoutToken) error {
	ids := logoutIDs(r.realm, logout.Upstream, logout.issuedAt.Unix(), logout.rules.namesAll)
	last := later(r.now(), logout.issuedAt).Add(r.logoutLifetime(logout.rules))
	until := keptUntil(last, max(r.leeway, logout.rules.leeway()))
	if err := r.blockAll(ctx, ids, until); err != nil {
		return unavailable(err)
	}
	return nil
}

// logoutLifetime is how long after a logout a token that was made before it may be good, or
// a session that began before it may be used.
func (r *revocations) logoutLifetime(rules *logoutRules) time.Duration {
	if !r.sessions {
		return rules.maxTokenAge
	}
	return max(rules.maxTokenAge, max(r.accessLifetime, r.idleLifetime)+unheard)
}

// unheard is how long a process may go on prolonging a session because it has not heard
// of a logout: longer than the MaxStaleness of any blocklist.
const unheard = time.Hour
