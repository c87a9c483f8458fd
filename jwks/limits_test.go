package jwks_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

func TestT315StormOfUnknownKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		remote := follow(t, &issuer, jwks.Options{})
		storm(t, remote, 1000)
		assert.Equal(t, 1+3, issuer.fetches(), "the first, and the burst")
		advance(2 * time.Second)
		storm(t, remote, 1000)
		assert.Equal(t, 1+3+1, issuer.fetches(), "one more for each cool-down")
		advance(time.Minute)
		storm(t, remote, 1000)
		assert.Equal(t, 1+3+1+3, issuer.fetches(), "what is not used is saved up to the burst")
	})
}

// storm asks for n keys that do not exist, and expects all to be refused at once.
func storm(t *testing.T, remote *jwks.Remote, n int) {
	t.Helper()
	for i := range n {
		assert.Equal(t, []string{"a"}, ids(t, remote, fmt.Sprint("unknown", i)))
	}
}

func TestT315LimitsCanBeSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		remote := follow(t, &issuer, jwks.Options{Cooldown: time.Hour, Burst: 1, Refresh: 24 * time.Hour})
		storm(t, remote, 10)
		advance(59 * time.Minute)
		storm(t, remote, 10)
		assert.Equal(t, 1+1, issuer.fetches())
		advance(time.Minute)
		storm(t, remote, 10)
		assert.Equal(t, 1+2, issuer.fetches())
	})
}

// Every attempt counts, successful or not.
func TestT316FailuresCountToo(t *testing.T) {
	t.Parallel()
	tests := map[string]http.HandlerFunc{
		"empty set":   textHandler("application/json", `{"keys":[]}`),
		"no key good": textHandler("application/json", `{"keys":[{"kty":"oct"}]}`),
		"not JSON":    textHandler("application/json", `no`),
		"status 500":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"no answer":   hang,
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				issuer.serve(answer)
				remote := follow(t, &issuer, jwks.Options{Timeout: 10 * time.Millisecond})
				advance(10 * time.Millisecond)
				require.Equal(t, 1, issuer.fetches())
				for range 1000 { // takes 30 ms at most, so that no retry of its own gets in between
					_, _ = remote.KeySet(t.Context(), "unknown")
				}
				assert.Equal(t, 1+3, issuer.fetches())
			})
		})
	}
}

func TestT316EmptySet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet()
		remote := follow(t, &issuer, jwks.Options{})
		assert.Empty(t, ids(t, remote, "a"), "there are keys: none")
		assert.NoError(t, remote.Ready(t.Context()))
	})
}

func TestT320EndpointHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		remote := follow(t, &issuer, jwks.Options{})
		issuer.serve(hang)
		go func() { _ = remote.Refresh(t.Context()) }()
		synctest.Wait()
		require.Equal(t, 2, issuer.fetches(), "one hangs now")

		start := time.Now()
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"))
		assert.Equal(t, []string{"a"}, ids(t, remote, ""))
		assert.Equal(t, start, time.Now(), "known keys do not wait")

		assert.Equal(t, []string{"a"}, ids(t, remote, "unknown"))
		assert.Equal(t, start.Add(5*time.Second), time.Now(), "unknown ones wait for the timeout")
	})
}

// While fetches fail, only the request that starts one waits for it.
func TestT320NobodyWaitsTwice(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][]members{"keys": {newKey(t, "a")}, "no keys yet": nil} {
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			issuer.serve(hang)
			if list != nil {
				issuer.serveSet(list...)
			}
			remote := follow(t, &issuer, jwks.Options{})
			issuer.serve(hang)
			require.Error(t, remote.Refresh(t.Context()))
			for before := issuer.fetches(); issuer.fetches() == before; {
				advance(100 * time.Millisecond)
			}
			start, before := time.Now(), issuer.fetches()
			for i := range 1000 {
				_, _ = remote.KeySet(t.Context(), fmt.Sprint("unknown", i))
			}
			assert.Equal(t, start, time.Now(), "%s: a retry hangs, and is not waited for", name)

			advance(5 * time.Second)
			start = time.Now()
			_, _ = remote.KeySet(t.Context(), "unknown")
			assert.Equal(t, start.Add(5*time.Second), time.Now(), name)
			assert.Equal(t, before+1, issuer.fetches(), "%s: who starts one does", name)
		})
	}
}

// A request stops waiting when its context ends, and the fetch continues.
func TestT320RequestGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		answer := make(chan struct{})
		key := newKey(t, "a")
		issuer.serve(func(w http.ResponseWriter, r *http.Request) {
			<-answer
			textHandler("application/json", setOf(key))(w, r)
		})
		remote := follow(t, &issuer, jwks.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := remote.KeySet(ctx, "a")
		require.ErrorIs(t, err, keys.ErrUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, start.Add(time.Second), time.Now())

		close(answer)
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"))
		assert.Equal(t, 1, issuer.fetches())
	})
}

func TestT327ColdStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		answer := make(chan struct{})
		key := newKey(t, "a")
		issuer.serve(func(w http.ResponseWriter, r *http.Request) {
			<-answer
			textHandler("application/json", setOf(key))(w, r)
		})
		remote := open(t, &issuer, jwks.Options{})
		var requests sync.WaitGroup
		for range 100 {
			requests.Go(func() { assert.Equal(t, []string{"a"}, ids(t, remote, "a")) })
		}
		synctest.Wait()
		close(answer)
		requests.Wait()
		assert.Equal(t, 1, issuer.fetches())
	})
}

// A storm of random names hides a new key for at most one Cooldown, and causes at most one fetch
// for each Cooldown.
func TestT330RotationInAStorm(t *testing.T) {
	t.Parallel()
	for _, began := range []time.Duration{0, 100 * time.Millisecond, time.Second, 1900 * time.Millisecond, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			a := newKey(t, "a")
			issuer.serveSet(a)
			remote := follow(t, &issuer, jwks.Options{})
			random := 0
			attack := func(d time.Duration) { // a hundred tokens in a second
				for end := time.Now().Add(d); time.Now().Before(end); advance(10 * time.Millisecond) {
					random++
					_, err := remote.KeySet(t.Context(), fmt.Sprint("random", random))
					require.NoError(t, err)
				}
			}
			attack(began)
			issuer.serveSet(a, newKey(t, "b"))
			rotated := time.Now()
			for !slices.Contains(remote.Status().Keys, "b") {
				attack(10 * time.Millisecond)
			}
			assert.LessOrEqual(t, time.Since(rotated), 2*time.Second, "a storm since %s", began)

			before := issuer.fetches()
			attack(time.Minute)
			assert.LessOrEqual(t, issuer.fetches()-before, 33, "a storm since %s", began)
		})
	}
}

func TestUnknownKeyIsFetched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		a := newKey(t, "a")
		issuer.serveSet(a)
		remote := follow(t, &issuer, jwks.Options{})
		issuer.serveSet(a, newKey(t, "b"))
		assert.Equal(t, []string{"a", "b"}, ids(t, remote, "b"))
		assert.Equal(t, 2, issuer.fetches())
	})
}

// A token without "kid" names nothing to look for.
func TestNoKeyIDFetchesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"), newKey(t, "b"))
		remote := follow(t, &issuer, jwks.Options{})
		for range 10 {
			ids(t, remote, "")
		}
		assert.Equal(t, 1, issuer.fetches())
	})
}

// OnError may ask for known keys. If it never returns, there are no more fetches, and requests do
// not wait forever.
func TestOnErrorMayAskAndBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		var remote *jwks.Remote
		asked, blocked := make(chan []string, 1), make(chan struct{})
		remote = follow(t, &issuer, jwks.Options{OnError: func(error) {
			asked <- ids(t, remote, "a")
			<-blocked
		}})
		issuer.serveStatus(http.StatusNotFound)
		start := time.Now()
		require.Error(t, remote.Refresh(t.Context()))
		assert.Equal(t, []string{"a"}, ids(t, remote, "a"))
		assert.Equal(t, []string{"a"}, <-asked)
		assert.Equal(t, start, time.Now())

		assert.Equal(t, []string{"a"}, ids(t, remote, "unknown"))
		assert.Equal(t, start.Add(6*time.Second), time.Now())
		close(blocked)
	})
}

// TestT072WhatAKeySaysIsQuotedInLogs checks that such texts are quoted and shortened.
func TestT072WhatAKeySaysIsQuotedInLogs(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		`{"kty":"EC","kid":"a","crv":"P-256'\nlevel=error msg=\"FORGED\u001b[31m","x":"AA","y":"AA"}`,
		`{"kty":"EC","kid":"a","crv":"` + strings.Repeat("A", 400_000) + `","x":"AA","y":"AA"}`,
		`{"kty":"OKP","kid":"a","crv":"Ed25519\u202eFORGED","x":"AA"}`,
		`{"kty":"RSA","kid":"a","n":"AA\nX","e":"AQAB"}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			var issuer site
			issuer.serveText(`{"keys":[` + key + `]}`)
			var errs errorLog
			follow(t, &issuer, jwks.Options{OnError: errs.add})
			synctest.Wait()
			texts := errs.texts()
			require.Len(t, texts, 1)
			text := texts[0]
			assert.Less(t, len(text), 300)
			assert.NotContains(t, text, "\n")
			assert.NotContains(t, text, "\x1b")
			assert.NotContains(t, text, "\u202e")
		})
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATransportThatPanicsIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) { panic("out of\nluck") })}
		remote, err := jwks.New(t.Context(), setURL, jwks.Options{Client: client})
		require.NoError(t, err)
		assert.EqualError(t, remote.Refresh(t.Context()), `jwks: a panic: "out of\nluck"`)
	})
}

// TestAFetchThatNeverEnds checks that only requests before the timeout wait for such a fetch.
func TestAFetchThatNeverEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		defer close(end)
		client := &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) { <-end; return nil, io.EOF })}
		remote, err := jwks.New(t.Context(), setURL, jwks.Options{Client: client})
		require.NoError(t, err)
		begin := time.Now()
		for range 3 {
			_, err = remote.KeySet(t.Context(), "a")
			require.ErrorIs(t, err, keys.ErrUnavailable)
		}
		assert.Equal(t, 6*time.Second, time.Since(begin), "only the first waits, for Timeout and a second")
		assert.ErrorContains(t, remote.Status().Err, "a fetch takes longer than Options.Timeout")
	})
}
