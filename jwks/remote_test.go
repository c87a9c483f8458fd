package jwks_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// A token stays verified as long as the pointer to its set is the same.
func TestSameKeysAreTheSamePointer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		a, b := newKey(t, "a"), newKey(t, "b")
		issuer.serveSet(a, b)
		remote := follow(t, &issuer, jwks.Options{})
		first := keySet(t, remote, "a")

		same := []struct {
			name string
			text string
		}{
			{"same bytes", setOf(a, b)},
			{"other order", setOf(b, a)},
			{"other members", setOf(a.with("x-vendor", 1), b.with("use", nil))},
			{"blanks", " " + setOf(a, b) + "\n"},
			{"another that is not used", setOf(a, newKey(t, "c").with("use", "enc"), b)},
		}
		for _, s := range same {
			issuer.serveText(s.text)
			require.NoError(t, remote.Refresh(t.Context()))
			assert.Same(t, first, keySet(t, remote, "a"), s.name)
		}
		issuer.serveSet(a)
		require.NoError(t, remote.Refresh(t.Context()))
		alone := keySet(t, remote, "a")
		issuer.serveSet(a, newKey(t, "c"), newKey(t, "c"))
		require.NoError(t, remote.Refresh(t.Context()))
		assert.Equal(t, []string{"a"}, remote.Status().Keys)
		assert.NotSame(t, alone, keySet(t, remote, "a"), "it verifies no tokens without kid any more")

		different := []struct {
			name string
			list []members
		}{
			{"one more", []members{a, b, newKey(t, "c")}},
			{"one less", []members{a}},
			{"other kid", []members{a, b.with("kid", "B")}},
			{"other key", []members{a, newKey(t, "b")}},
		}
		for _, d := range different {
			issuer.serveSet(a, b)
			require.NoError(t, remote.Refresh(t.Context()))
			before := keySet(t, remote, "a")
			issuer.serveSet(d.list...)
			require.NoError(t, remote.Refresh(t.Context()))
			assert.NotSame(t, before, keySet(t, remote, "a"), d.name)
		}
	})
}

func keySet(t *testing.T, remote *jwks.Remote, kid string) *keys.Set {
	t.Helper()
	set, err := remote.KeySet(t.Context(), kid)
	require.NoError(t, err)
	return set
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		answers := make(chan string)
		issuer.serve(func(w http.ResponseWriter, r *http.Request) {
			textHandler("application/json", <-answers)(w, r)
		})
		remote := follow(t, &issuer, jwks.Options{})
		refreshed, start := make(chan error), time.Now()
		go func() { refreshed <- remote.Refresh(t.Context()) }()
		synctest.Wait()
		answers <- setOf(newKey(t, "old")) // on its way before Refresh was called
		answers <- setOf(newKey(t, "new"))
		require.NoError(t, <-refreshed)
		assert.Equal(t, start, time.Now())
		assert.Equal(t, []string{"new"}, remote.Status().Keys)

		issuer.serveStatus(http.StatusNotFound)
		require.EqualError(t, remote.Refresh(t.Context()), "jwks: "+setURL+": responded with the status 404")
	})
}

func TestReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		remote := follow(t, &issuer, jwks.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := remote.Ready(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "jwks: no keys yet: context deadline exceeded\n"+setURL+": responded with the status 404")

		issuer.serveSet(newKey(t, "a"))
		require.NoError(t, remote.Ready(t.Context()))
		assert.Equal(t, jwks.Status{Keys: []string{"a"}, Fetched: time.Now()}, remote.Status())
	})
}

// The goroutine ends with its context; otherwise the bubble would not end. The fetched keys stay in
// use until they are too old.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		var errs errorLog
		issuer.serveSet(newKey(t, "a"))
		ctx, cancel := context.WithCancel(t.Context())
		options := jwks.Options{Client: &http.Client{Transport: &issuer}, OnError: errs.add}
		remote, err := jwks.New(ctx, setURL, options)
		require.NoError(t, err)
		require.NoError(t, remote.Ready(t.Context()))
		issuer.serve(hang)
		go func() { _ = remote.Refresh(t.Context()) }()
		synctest.Wait()
		cancel()
		synctest.Wait()

		start := time.Now()
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"))
		assert.Equal(t, []string{"a"}, ids(t, remote, "unknown"))
		assert.Equal(t, start, time.Now())
		assert.Equal(t, 2, issuer.fetches())
		assert.Empty(t, errs.texts(), "that the program ends is no error")
		require.EqualError(t, remote.Refresh(t.Context()), "jwks: the context of the key set has ended")
		advance(24*time.Hour + time.Second)
		_, err = remote.KeySet(t.Context(), "a")
		require.EqualError(t, err, "keys: the keys of the issuer are not known: jwks: the context of the key set has ended")
	})
}

func TestContextEndsBeforeThereAreKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var issuer site
		options := jwks.Options{Client: &http.Client{Transport: &issuer}}
		remote, err := jwks.New(ctx, setURL, options)
		require.NoError(t, err)
		synctest.Wait()
		_, err = remote.KeySet(t.Context(), "a")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		require.EqualError(t, remote.Ready(t.Context()), "jwks: no keys: the context of the key set has ended")
	})
}
