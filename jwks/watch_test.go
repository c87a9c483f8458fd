package jwks_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestFetchesAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		first, second := newKey(t, "a"), newKey(t, "b")
		issuer.serve(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2 * time.Second)
			textHandler("application/json", setOf(first))(w, r)
		})
		remote := open(t, &issuer, jwks.Options{})
		var told []keys.Fetch
		remote.Watch(func(f keys.Fetch) { told = append(told, f) })
		fetch := func() keys.Fetch {
			told = nil
			_ = remote.Refresh(t.Context())
			synctest.Wait()
			require.NotEmpty(t, told)
			return told[len(told)-1]
		}
		advance(3 * time.Second)
		assert.Equal(t, []keys.Fetch{{Duration: 2 * time.Second}}, told, "the first keys have not changed")
		issuer.serveSet(first)
		assert.Equal(t, keys.Fetch{}, fetch(), "the same keys")
		issuer.serveSet(first, second)
		assert.Equal(t, keys.Fetch{Changed: true}, fetch())
		issuer.serveStatus(503)
		failed := fetch()
		assert.EqualError(t, failed.Err, "jwks: "+setURL+": responded with the status 503")
		assert.False(t, failed.Changed)
		issuer.serveSet(first, second)
		assert.Equal(t, keys.Fetch{}, fetch(), "the keys of before the failure")

		remote.Watch(nil)
		told = nil
		require.NoError(t, remote.Refresh(t.Context()))
		synctest.Wait()
		assert.Empty(t, told)
	})
}

// A manager passes the fetches of its issuers on to the observer.
func TestFetchesAreEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		remote := follow(t, &issuer, jwks.Options{})
		var told []ginjwt.EventKind
		mgr := ginjwt.New(ginjwt.Config{
			Issuers: []ginjwt.Issuer{{Name: issuerName, KeySource: remote, Audience: []string{"shop"}, IdentityPrefix: "idp:"}},
			Observer: ginjwt.ObserverFunc(func(_ context.Context, e ginjwt.Event) {
				assert.Equal(t, issuerName, e.Issuer)
				told = append(told, e.Kind)
			}),
		})
		require.NoError(t, mgr.InitApp(nil))
		issuer.serveSet(newKey(t, "b"))
		require.NoError(t, remote.Refresh(t.Context()))
		synctest.Wait()
		issuer.serveStatus(503)
		require.Error(t, remote.Refresh(t.Context()))
		synctest.Wait()
		assert.Equal(t, []ginjwt.EventKind{ginjwt.EventKeySetFetched, ginjwt.EventKeysChanged, ginjwt.EventKeySetFailed}, told)
	})
}
