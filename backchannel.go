package ginjwt

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// BackChannelLogoutHandler returns a handler for OpenID Connect Back-Channel Logout
// 1.0. When a user logs out at an issuer, the issuer posts a logout token to it. The
// issuer is one of Config.Issuers with a LogoutAudience. One handler serves all
// issuers:
//
//	router.POST("/backchannel-logout", mgr.BackChannelLogoutHandler())
//
// A logout token with "sid" ends that session at the issuer. The manager then refuses
// the access tokens of that session, and ends its own sessions that began with it
// ([WithUpstream]). If the logout token also has "sub", it ends more: the tokens and
// sessions of that user that name no session at the issuer and are not newer than the
// logout.
//
// A logout token without "sid" ends all tokens and sessions of the user that are not
// newer than the logout.
//
// The handler responds with 200 when the logout is in Config.Blocklist, and again with 200
// to the same logout token. It responds with 400 to an invalid logout token. It responds
// with 503 if the blocklist fails, or if the keys of the issuer cannot be fetched. It
// responds with 204 to OPTIONS, and with 405 to other methods.
//
// BackChannelLogoutHandler panics if called before InitApp. It also panics if no issuer
// has a LogoutAudience and there is no IssuerResolver.
func (m *JWTManager) BackChannelLogoutHandler() gin.HandlerFunc {
	m.mustBeReady("BackChannelLogoutHandler")
	if !m.verifier.hasLogouts() {
		panic("ginjwt: BackChannelLogoutHandler: no issuer can log users out; set the LogoutAudience of one of Config.Issuers")
	}
	return describe(routeFacts{handler: "BackChannelLogoutHandler", open: true}, func(c *gin.Context) {
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
	})
}

// logOut does what a logout token says. It finishes even if the client disconnects.
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

// hasLogouts reports whether an issuer can log users out. An IssuerResolver could return
// such an issuer.
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

// logOut revokes what began before a logout, until all of it has expired. The IDs depend
// only on the logout token, so the same token again adds the same IDs.
func (r *revocations) logOut(ctx context.Context, logout *logoutToken) error {
	ids := logoutIDs(r.realm, logout.Upstream, logout.issuedAt.Unix(), logout.rules.namesAll)
	last := later(r.now(), logout.issuedAt).Add(r.logoutLifetime(logout.rules))
	until := keptUntil(last, max(r.leeway, logout.rules.leeway()))
	if err := r.blockAll(ctx, ids, until); err != nil {
		return unavailable(err)
	}
	return nil
}

// logoutLifetime returns how long after a logout an earlier token can be valid, or an
// earlier session in use.
func (r *revocations) logoutLifetime(rules *logoutRules) time.Duration {
	if !r.sessions {
		return rules.maxTokenAge
	}
	return max(rules.maxTokenAge, max(r.accessLifetime, r.idleLifetime)+unheard)
}

// unheard is how long a process may prolong a session because it does not know of the
// logout yet. It is longer than the MaxStaleness of any blocklist.
const unheard = time.Hour
