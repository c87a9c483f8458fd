package ginjwt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// loginUser is a user as an application has it.
type loginUser struct {
	id   int
	role string
}

func accountID(_ context.Context, user any) (string, error) {
	if a, ok := user.(*loginUser); ok {
		return fmt.Sprint("account-", a.id), nil
	}
	return fmt.Sprint(user), nil
}

// The loaders of what is in a token are given the same kind of value at the login and
// whenever the session is refreshed: its user, if there is a loader of users.
func TestLoadersAreGivenTheUserAtLoginAndRefresh(t *testing.T) {
	t.Parallel()
	var claims, headers, signers []any
	var looked []*ginjwt.Token
	config, clock := sessionsConfig()
	secret := keys.Key{Sign: []byte(config.SecretKey)}
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.UserIdentityLoader(accountID)
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			looked = append(looked, token)
			return &loginUser{7, "editor"}, nil
		})
		m.AdditionalClaimsLoader(func(_ context.Context, user any) (ginjwt.Claims, error) {
			claims = append(claims, user)
			return ginjwt.Claims{"role": user.(*loginUser).role}, nil
		})
		m.AdditionalHeadersLoader(func(_ context.Context, user any) (ginjwt.Header, error) {
			headers = append(headers, user)
			return nil, nil
		})
		m.EncodeKeyLoader(func(_ context.Context, user any) (keys.Key, error) {
			signers = append(signers, user)
			return secret, nil
		})
	})
	for _, given := range []any{&loginUser{7, "guest"}, "account-7"} {
		claims, headers, signers, looked = nil, nil, nil, nil
		pair, err := mgr.CreateTokenPair(t.Context(), given)
		require.NoError(t, err)
		require.Len(t, looked, 1, "at the login too")
		assert.Equal(t, "account-7", looked[0].Identity)
		assert.Equal(t, pair.SessionID, looked[0].SessionID)
		assert.Equal(t, ginjwt.RefreshToken, looked[0].Type)
		assert.Equal(t, "account-7", looked[0].Claims()["sub"])
		assert.Equal(t, clock.Now().Add(30*24*time.Hour).UTC(), looked[0].ExpiresAt.UTC())
		assert.Equal(t, "editor", claimsIn(t, pair.AccessToken)["role"])

		mustRotate(t, mgr, pair.RefreshToken)
		clock.Advance(tradable)
		next := mustRotate(t, mgr, pair.RefreshToken)
		assert.Equal(t, "editor", claimsIn(t, next.AccessToken)["role"])
		assert.Equal(t, "editor", claimsIn(t, next.RefreshToken)["role"])
		if given != "account-7" { // the lookup may look at the claims of the loader, so that is asked first
			assert.Equal(t, given, claims[0])
			assert.Equal(t, given, headers[0])
			claims, headers = claims[1:], headers[1:]
		}
		for _, all := range [][]any{claims, headers, signers} {
			assert.Len(t, all, 2+1+2, "a pair, an access token, a pair")
			for _, user := range all {
				assert.Equal(t, &loginUser{7, "editor"}, user)
			}
		}
	}
}

// Without a loader of users they are given the identity as text, whatever was passed
// to CreateTokenPair.
func TestLoadersAreGivenTextAtLoginAndRefresh(t *testing.T) {
	t.Parallel()
	var given []any
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.AdditionalClaimsLoader(func(_ context.Context, identity any) (ginjwt.Claims, error) {
			given = append(given, identity)
			return nil, nil
		})
	})
	for _, identity := range []any{"7", 7, userID(7)} {
		given = nil
		pair, err := mgr.CreateTokenPair(t.Context(), identity)
		require.NoError(t, err)
		mustRotate(t, mgr, pair.RefreshToken)
		clock.Advance(tradable)
		mustRotate(t, mgr, pair.RefreshToken)
		assert.Equal(t, []any{"7", "7", "7", "7", "7"}, given)
	}
}

// A program whose users could not be loaded again at a refresh does not start.
func TestUsersWithoutALookupAreRefusedAtStart(t *testing.T) {
	t.Parallel()
	const says = "ginjwt: UserLookupLoader: is missing: with Sessions and a UserIdentityLoader, register one that loads the user at every refresh. " +
		"Otherwise AdditionalClaimsLoader, AdditionalHeadersLoader and EncodeKeyLoader would receive a user at the login, but a string at a refresh"
	identities := func(m *ginjwt.JWTManager) { m.UserIdentityLoader(accountID) }
	for name, register := range map[string]func(*ginjwt.JWTManager){
		"claims": func(m *ginjwt.JWTManager) {
			m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return nil, nil })
		},
		"headers": func(m *ginjwt.JWTManager) {
			m.AdditionalHeadersLoader(func(context.Context, any) (ginjwt.Header, error) { return nil, nil })
		},
		"keys": func(m *ginjwt.JWTManager) {
			m.EncodeKeyLoader(func(context.Context, any) (keys.Key, error) {
				return keys.Key{Sign: []byte(jwttest.Config(nil).SecretKey)}, nil
			})
		},
	} {
		config, _ := sessionsConfig()
		mgr := ginjwt.New(config)
		identities(mgr)
		register(mgr)
		assert.EqualError(t, mgr.InitApp(nil), says, name)

		user := &loginUser{7, "editor"}
		lookup := func(m *ginjwt.JWTManager) {
			m.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return user, nil })
		}
		mgr, _ = newManager(t, config, identities, register, lookup)
		mustRotate(t, mgr, jwttest.TokenPair(t, mgr, user).RefreshToken)
		mustRotate(t, mgr, jwttest.RefreshToken(t, mgr, user))
		config.Sessions = nil
		mgr, _ = newManager(t, config, identities, register)
		_, err := mgr.CreateRefreshToken(t.Context(), user)
		require.NoError(t, err, "%s: without sessions the application makes the tokens", name)
	}
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config, identities)
	mustRotate(t, mgr, jwttest.TokenPair(t, mgr, &loginUser{7, "editor"}).RefreshToken)
}

// The loader of users finds in the token at the login what the refresh token will
// have of the session.
func TestUserLookupSeesTheClaimsOfTheSession(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	config.RequiredClaims = []string{"version"}
	var seen []any
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return nil, nil })
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			seen = append(seen, token.Claims()["version"])
			return token.Identity, nil
		})
	})
	pair := newPair(t, mgr, ginjwt.WithSessionClaims(ginjwt.Claims{"version": "3"}))
	clock.Advance(tradable)
	mustRotate(t, mgr, pair.RefreshToken)
	assert.Equal(t, []any{"3", "3"}, seen)
}

// A login of a user who is not found, or cannot be looked up, starts no session.
func TestLoginsOfUsersThatAreNotFound(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	failure := errors.New("secret detail")
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return nil, nil })
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			if token.Identity == "fails" {
				return nil, failure
			}
			return nil, nil
		})
	})
	_, err := mgr.CreateTokenPair(t.Context(), "nobody")
	require.ErrorIs(t, err, ginjwt.ErrIdentity)
	require.EqualError(t, err, "ginjwt: identity must be a string or an integer: UserLookupLoader finds no user for this login, so every refresh would fail; "+
		"pass to CreateTokenPair the user that UserLookupLoader returns, so that it sees the claims of AdditionalClaimsLoader")
	_, err = mgr.CreateTokenPair(t.Context(), "fails")
	require.ErrorIs(t, err, failure)
	for _, identity := range []string{"nobody", "fails"} {
		sessions, err := mgr.Sessions(t.Context(), identity)
		require.NoError(t, err)
		assert.Empty(t, sessions)
	}
}

// A lookup may look at the claims that the loader adds, such as a version of the
// password.
func TestLookupsThatLookAtLoadedClaims(t *testing.T) {
	t.Parallel()
	config, clock := sessionsConfig()
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.UserIdentityLoader(accountID)
		m.AdditionalClaimsLoader(func(_ context.Context, user any) (ginjwt.Claims, error) {
			return ginjwt.Claims{"password_version": user.(*loginUser).role}, nil
		})
		m.UserLookupLoader(func(_ context.Context, token *ginjwt.Token) (any, error) {
			if token.Claims()["password_version"] != "3" {
				return nil, nil
			}
			return &loginUser{7, "3"}, nil
		})
	})
	pair, err := mgr.CreateTokenPair(t.Context(), &loginUser{7, "3"})
	require.NoError(t, err)
	clock.Advance(tradable)
	mustRotate(t, mgr, pair.RefreshToken)
	_, err = mgr.CreateTokenPair(t.Context(), &loginUser{7, "2"})
	require.ErrorIs(t, err, ginjwt.ErrIdentity, "its tokens would be refused")
}

// A loader must not be given one type at the login and another at the refresh.
func TestLoginsWithAnotherTypeThanTheLookup(t *testing.T) {
	t.Parallel()
	config, _ := sessionsConfig()
	mgr, _ := newManager(t, config, func(m *ginjwt.JWTManager) {
		m.UserIdentityLoader(func(context.Context, any) (string, error) { return "alice", nil })
		m.AdditionalClaimsLoader(func(context.Context, any) (ginjwt.Claims, error) { return nil, nil })
		m.UserLookupLoader(func(context.Context, *ginjwt.Token) (any, error) { return &loginUser{}, nil })
	})
	_, err := mgr.CreateTokenPair(t.Context(), loginUser{})
	require.EqualError(t, err, "ginjwt: identity must be a string or an integer: CreateTokenPair was given a ginjwt_test.loginUser, but UserLookupLoader returns a *ginjwt_test.loginUser: "+
		"use one type, because the loaders of claims, headers and keys receive the user again at every refresh")
}
