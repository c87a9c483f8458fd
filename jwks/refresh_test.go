package jwks_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestKeysAreFetchedOnceAndRefreshed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		remote := follow(t, &issuer, jwks.Options{})
		for range 100 {
			assert.Equal(t, []string{"a"}, ids(t, remote, "a"))
		}
		assert.Equal(t, 1, issuer.fetches())
		assert.Equal(t, []string{setURL}, issuer.urls())

		advance(13 * time.Minute)
		assert.Equal(t, 1, issuer.fetches())
		advance(2 * time.Minute)
		assert.Equal(t, 2, issuer.fetches(), "every 15 minutes, less up to a tenth")
	})
}

func TestT317EndpointDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		var errs errorLog
		issuer.serveSet(newKey(t, "a"))
		remote := follow(t, &issuer, jwks.Options{OnError: errs.add})
		first, fetched := keySet(t, remote, "a"), time.Now()

		issuer.serveStatus(http.StatusServiceUnavailable)
		storm(t, remote, 10)
		assert.Equal(t, fetched, time.Now(), "no request has waited")
		advance(24*time.Hour - 10*time.Second)
		assert.Same(t, first, keySet(t, remote, "a"))
		storm(t, remote, 10)
		status := remote.Status()
		assert.Equal(t, fetched, status.Fetched)
		assert.EqualError(t, status.Err, setURL+": responded with the status 503")
		assert.Contains(t, errs.texts(), "jwks: "+setURL+": responded with the status 503")

		advance(10*time.Second + time.Nanosecond)
		_, err := remote.KeySet(t.Context(), "a")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		require.EqualError(t, err, "keys: the keys of the issuer are not known: jwks: "+setURL+": responded with the status 503")

		issuer.serveSet(newKey(t, "a"))
		advance(time.Minute)
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"), "it is noticed within a minute that the issuer is back")
		assert.NoError(t, remote.Status().Err)
	})
}

func TestT317NoKeysYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		remote := follow(t, &issuer, jwks.Options{Refresh: time.Hour})
		now := time.Now()
		for range 3 {
			_, err := remote.KeySet(t.Context(), "a")
			require.EqualError(t, err, "keys: the keys of the issuer are not known: jwks: "+setURL+": responded with the status 404")
		}
		_, err := remote.KeySet(t.Context(), "a")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		require.EqualError(t, err, "keys: the keys of the issuer are not known: jwks: not waiting for another fetch now: "+
			setURL+": responded with the status 404")
		assert.Equal(t, now, time.Now())

		issuer.serveSet(newKey(t, "a"))
		advance(2 * time.Second)
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"), "a cool-down later at the latest")
	})
}

// A service and its issuer may start at the same time.
func TestFirstFetchIsRepeatedSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		remote := follow(t, &issuer, jwks.Options{})
		issuer.serveSet(newKey(t, "a"))
		advance(time.Second)
		assert.Equal(t, []string{"a"}, remote.Status().Keys)
		assert.Equal(t, 2, issuer.fetches())
	})
}

func TestRetriesGrowRarer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		follow(t, &issuer, jwks.Options{})
		advance(time.Minute)
		assert.LessOrEqual(t, issuer.fetches(), 8, "after 1, 2, 4, 8, 16 and 32 seconds, less up to a tenth")
		before := issuer.fetches()
		advance(time.Hour)
		assert.InDelta(t, before+63, issuer.fetches(), 4, "then once a minute")
	})
}

func TestRetriesAreSoonAgainAfterASuccess(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "max-age=600"} {
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			remote := follow(t, &issuer, jwks.Options{})
			advance(10 * time.Minute) // of failures
			key := newKey(t, "a")
			issuer.serve(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", header)
				textHandler("application/json", setOf(key))(w, r)
			})
			require.NoError(t, remote.Refresh(t.Context()))
			issuer.serveStatus(http.StatusNotFound)
			require.Error(t, remote.Refresh(t.Context()))
			before := issuer.fetches()
			advance(time.Second)
			assert.Equal(t, before+1, issuer.fetches(), header)
		})
	}
}

// Processes that start together do not keep fetching at the same moments.
func TestWaitsDiffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		for range 50 {
			follow(t, &issuer, jwks.Options{})
		}
		advance(13*time.Minute + 29*time.Second)
		assert.Equal(t, 50, issuer.fetches())
		advance(46 * time.Second)
		assert.InDelta(t, 75, issuer.fetches(), 20)
		advance(45 * time.Second)
		assert.Equal(t, 100, issuer.fetches())
	})
}

func TestT318RemovedKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		kept := newKey(t, "kept")
		issuer.serveSet(kept, newKey(t, "removed"))
		remote := follow(t, &issuer, jwks.Options{})
		assert.Equal(t, []string{"kept", "removed"}, ids(t, remote, "removed"))
		issuer.serveSet(kept)
		advance(15 * time.Minute)
		assert.Equal(t, []string{"kept"}, ids(t, remote, "removed"))
		issuer.serveSet()
		advance(15 * time.Minute)
		assert.Empty(t, ids(t, remote, "kept"), "also the last")
	})
}

func TestMaxAgeIsObeyed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		wait   time.Duration
	}{
		{"max-age=300", 5 * time.Minute},
		{"public, Max-Age=300, must-revalidate", 5 * time.Minute},
		{`max-age="300"`, 5 * time.Minute},
		{"no-store, max-age=0", time.Minute},
		{"max-age=86400", 15 * time.Minute},
		{"max-age=soon", 15 * time.Minute},
		{"max-age=-1", 15 * time.Minute},
		{"max-age=99999999999999999999", 15 * time.Minute},
		{"no-cache", 15 * time.Minute},
		{"", 15 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.header, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				key := newKey(t, "a")
				issuer.serve(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Cache-Control", test.header)
					textHandler("application/json", setOf(key))(w, r)
				})
				follow(t, &issuer, jwks.Options{})
				advance(test.wait*9/10 - time.Second)
				assert.Equal(t, 1, issuer.fetches())
				advance(test.wait/10 + time.Second)
				assert.Equal(t, 2, issuer.fetches())
			})
		})
	}
}

// After sleep, the keys of a process are old, and its timer stopped too.
func TestOverdueFetchIsStartedByARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		clock := &jwttest.Clock{}
		remote := follow(t, &issuer, jwks.Options{Now: clock.Now})
		issuer.serveSet(newKey(t, "b"))

		clock.Advance(15 * time.Minute)
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"), "the request does not wait")
		for range 10 {
			_, _ = remote.KeySet(t.Context(), "a")
		}
		synctest.Wait()
		assert.Equal(t, []string{"b"}, remote.Status().Keys)
		assert.Equal(t, 2, issuer.fetches())

		issuer.serve(hang)
		clock.Advance(24*time.Hour + time.Second)
		_, err := remote.KeySet(t.Context(), "b")
		require.ErrorIs(t, err, keys.ErrUnavailable, "these are too old even so")
	})
}

// A clock that is set back neither makes keys stale, nor blocks fetches.
func TestClockIsSetBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		a := newKey(t, "a")
		issuer.serveSet(a)
		clock := &jwttest.Clock{}
		remote := follow(t, &issuer, jwks.Options{Now: clock.Now})
		storm(t, remote, 10)
		clock.Advance(-time.Hour)
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"))
		storm(t, remote, 10)
		clock.Advance(2 * time.Second)
		issuer.serveSet(a, newKey(t, "b"))
		assert.Equal(t, []string{"a", "b"}, ids(t, remote, "b"))
	})
}

// A busy server gets the pause that it asks for: from background fetches, from requests without
// any keys, and from requests with an unknown key.
func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		header func(now time.Time) string
		wait   time.Duration // 0: the header has no effect
		says   string
	}{
		{"seconds", 503, func(time.Time) string { return "120" }, 2 * time.Minute, "2m0s"},
		{"too many requests", 429, func(time.Time) string { return "120" }, 2 * time.Minute, "2m0s"},
		{"date", 503, func(now time.Time) string { return now.Add(3 * time.Minute).UTC().Format(http.TimeFormat) }, 3 * time.Minute, "3m0s"},
		{"for ever", 503, func(time.Time) string { return "99999999999999999999" }, 15 * time.Minute, "596523h14m7s"},
		{"date in a year", 429, func(now time.Time) string { return now.Add(8760 * time.Hour).UTC().Format(http.TimeFormat) }, 15 * time.Minute, "8760h0m0s"},
		{"no time", 503, func(time.Time) string { return "0" }, 0, ""},
		{"date that has passed", 503, func(now time.Time) string { return now.Add(-time.Hour).UTC().Format(http.TimeFormat) }, 0, ""},
		{"negative", 503, func(time.Time) string { return "-120" }, 0, ""},
		{"no number", 503, func(time.Time) string { return "soon" }, 0, ""},
		{"another status", 500, func(time.Time) string { return "120" }, 0, ""},
	}
	for _, known := range []bool{true, false} {
		for _, test := range tests {
			t.Run(fmt.Sprintf("%s, known %v", test.name, known), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var issuer site
					busy := func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Retry-After", test.header(time.Now()))
						w.WriteHeader(test.status)
					}
					issuer.serve(busy)
					if known {
						issuer.serveSet(newKey(t, "a"))
					}
					remote := follow(t, &issuer, jwks.Options{})
					if known {
						issuer.serve(busy)
						require.Error(t, remote.Refresh(t.Context()))
					}
					want := fmt.Sprintf("%s: responded with the status %d", setURL, test.status)
					if test.says != "" {
						want += ", and Retry-After " + test.says
					}
					assert.EqualError(t, remote.Status().Err, want)

					before := issuer.fetches()
					_, _ = remote.KeySet(t.Context(), "unknown")
					if test.wait == 0 {
						assert.Equal(t, before+1, issuer.fetches())
						return
					}
					for asked := time.Now(); time.Since(asked) < test.wait-time.Second; advance(time.Second) {
						_, err := remote.KeySet(t.Context(), "unknown")
						require.Equal(t, known, err == nil)
					}
					assert.Equal(t, before, issuer.fetches())
					advance(time.Second)
					assert.Equal(t, before+1, issuer.fetches(), "in the background")
				})
			})
		}
	}
}

// Requests fetch when the pause is over by Options.Now, and Refresh fetches at once.
func TestRetryAfterIsByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		clock := &jwttest.Clock{}
		issuer.serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", clock.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		remote := follow(t, &issuer, jwks.Options{Now: clock.Now})
		clock.Advance(58 * time.Second) // the date has whole seconds
		_, err := remote.KeySet(t.Context(), "a")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		assert.Equal(t, 1, issuer.fetches())
		clock.Advance(2 * time.Second)
		_, err = remote.KeySet(t.Context(), "a")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		synctest.Wait()
		assert.Equal(t, 2, issuer.fetches())

		clock.Advance(-time.Hour)
		issuer.serveSet(newKey(t, "a"))
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"), "a clock that is set back does not prolong it")
	})
}
