package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/spa/script"
)

// app has the parts that the handlers share.
type app struct {
	jwt       *ginjwt.JWTManager
	users     users
	passwords passwords

	messageKey  string        // JSON member for messages in answers
	renewWithin time.Duration // pages renew tokens that expire within this time
	client      []byte        // script of pages that refreshes tokens
}

// newEngine returns the complete service.
func newEngine(db database, s *stores, config ginjwt.Config, cost int, log *slog.Logger) (*gin.Engine, error) {
	passwords, err := newPasswords(cost)
	if err != nil {
		return nil, err
	}
	client, err := script.JavaScript("session")
	if err != nil {
		return nil, err
	}
	config.Sessions, config.Blocklist = s.sessions, s.blocklist
	jwt := ginjwt.New(config)
	config = jwt.Config() // with the defaults filled in
	a := &app{
		jwt:         jwt,
		users:       users{db},
		passwords:   passwords,
		messageKey:  config.ErrorMessageKey,
		renewWithin: config.AccessTokenExpires / 2,
		client:      client,
	}
	a.jwt.UserIdentityLoader(identityOf)
	a.jwt.AdditionalClaimsLoader(claimsOf)
	a.jwt.UserLookupLoader(a.userOf)
	a.jwt.UserLookupErrorLoader(loginEnded)
	a.jwt.OnReuse(warnOfReuse(log))

	engine := gin.New()
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	engine.HandleMethodNotAllowed = true
	newHealth(db, s, log).routes(engine)
	engine.Use(logged(log), a.recovered(log), limited)
	if err := a.jwt.InitApp(engine); err != nil {
		return nil, err
	}
	a.routes(engine)
	return engine, nil
}

var errNoUser = errors.New("not a user")

// identityOf puts the id of a user into tokens. Unlike a name, an id never belongs to
// another user later.
func identityOf(_ context.Context, identity any) (string, error) {
	u, ok := identity.(*user)
	if !ok {
		return "", errNoUser
	}
	return strconv.FormatInt(u.ID, 10), nil
}

// claimsOf binds tokens to the version of the password at their creation.
func claimsOf(_ context.Context, identity any) (ginjwt.Claims, error) {
	u, ok := identity.(*user)
	if !ok {
		return nil, errNoUser
	}
	return ginjwt.Claims{"password_version": u.passwordVersion}, nil
}

// userOf loads the user of a token. It finds none if the user was deleted, or has changed
// the password since.
func (a *app) userOf(ctx context.Context, token *ginjwt.Token) (any, error) {
	var claims struct {
		PasswordVersion int64 `json:"password_version"`
	}
	id, err := strconv.ParseInt(token.Identity, 10, 64)
	if err != nil || token.Decode(&claims) != nil {
		return nil, nil
	}
	u, err := a.users.byID(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ginjwt.ErrUnavailable, err)
	}
	if u == nil || u.passwordVersion != claims.PasswordVersion {
		return nil, nil
	}
	return u, nil
}

// loginEnded answers a request if userOf finds no user.
func loginEnded(c *gin.Context, err *ginjwt.Error) {
	err.Message = "This login has ended"
	ginjwt.FlaskError(c, err)
}

// warnOfReuse logs that a refresh token was used twice. A real service would also write to
// the user.
func warnOfReuse(log *slog.Logger) func(context.Context, ginjwt.Session, *ginjwt.Token) {
	return func(_ context.Context, s ginjwt.Session, _ *ginjwt.Token) {
		log.Warn("a refresh token was used twice, so somebody has a copy: its session has ended", "user", s.Identity, "device", s.Device)
	}
}
