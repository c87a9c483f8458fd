package jwks_test

import (
	"compress/gzip"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/jwks"
)

func TestFetchFromServer(t *testing.T) {
	t.Parallel()
	key := newKey(t, "a")
	var header atomic.Pointer[http.Header]
	remote, err := fetchOnce(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header.Store(&r.Header)
		http.SetCookie(w, &http.Cookie{Name: "tracked", Value: "yes"})
		textHandler("application/json", setOf(key))(w, r)
	}), jwks.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a"}, remote.Status().Keys)
	require.NoError(t, remote.Refresh(t.Context()))
	assert.Equal(t, http.Header{
		"Accept":          {"application/jwk-set+json, application/json"},
		"Accept-Encoding": {"gzip"},
		"User-Agent":      {"ginjwt"},
	}, *header.Load(), "and no cookie")
}

func TestT311Redirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			var other site
			other.serveSet(newKey(t, "evil"))
			evil, _ := serveTLS(t, &other)
			remote, err := fetchOnce(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", evil)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				if status != http.StatusNotModified {
					_, _ = w.Write([]byte(setOf(newKey(t, "evil"))))
				}
			}), jwks.Options{})
			require.ErrorContains(t, err, fmt.Sprintf("responded with the status %d", status))
			assert.Zero(t, remote.Status().Keys)
			assert.Zero(t, other.fetches())
		})
	}
}

func TestOnlyStatus200(t *testing.T) {
	t.Parallel()
	for _, status := range []int{201, 203, 206, 400, 401, 403, 404, 410, 429, 500, 503} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			_, err := fetchOnce(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = w.Write([]byte(setOf(newKey(t, "a"))))
			}), jwks.Options{})
			require.ErrorContains(t, err, fmt.Sprintf("responded with the status %d", status))
		})
	}
}

const isRelative = "is relative, but must begin with https://"

const notASCII = "has a host that is not ASCII; write the xn-- form of the name"

func TestT312Addresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url            string
		allowHTTP      bool
		refused        string
		refusedInIssue string // by Discover, if for another reason
	}{
		{"https://issuer.example/jwks.json", false, "", ""},
		{"https://issuer.example:8443/a%2Fb", false, "", ""},
		{"HTTPS://issuer.example", false, "", ""},
		{"https://issuer.example/keys?p=policy", false, "", "has a query"},
		{"https://issuer.example/keys?", false, "", "has a query"},
		{"https://10.0.0.7/keys", false, "", ""},
		{"https://127.0.0.1/keys", false, "", ""},
		{"http://issuer.example/", false, "is not https", ""},
		{"http://issuer.example/", true, "is not https", ""},
		{"http://127.0.0.1:8080/", false, "is not https; for tests, set AllowLoopbackHTTP", ""},
		{"http://127.0.0.1:8080/", true, "", ""},
		{"http://[::1]:8080/", true, "", ""},
		{"http://localhost:8080/", true, "", ""},
		{"http://localhost.evil.example/", true, "is not https", ""},
		{"http://127.0.0.1.evil.example/", true, "is not https", ""},
		{"http://127.0.0.1@evil.example/", true, "is not https", ""},
		{"http://10.0.0.7/", true, "is not https", ""},
		{"http://169.254.169.254/latest/meta-data", true, "is not https", ""},
		{"https://169.254.169.254/keys", false, "is an address that no issuer can have", ""},
		{"https://[::ffff:169.254.169.254]/keys", false, "is an address that no issuer can have", ""},
		{"https://[fe80::1]/keys", false, "is an address that no issuer can have", ""},
		{"https://[fe80::1%25eth0]/keys", false, "is an address that no issuer can have", ""},
		{"https://0.0.0.0/keys", false, "is an address that no issuer can have", ""},
		{"https://[::ffff:0.0.0.0]/keys", false, "is an address that no issuer can have", ""},
		{"https://[::]/keys", false, "is an address that no issuer can have", ""},
		{"https://224.0.0.1/keys", false, "is an address that no issuer can have", ""},
		{"https://255.255.255.255/keys", false, "is an address that no issuer can have", ""},
		{"https://169.254.169.254./keys", false, "is an address that no issuer can have", ""},
		{"https://2852039166/keys", false, "is an address that no issuer can have", ""},
		{"https://0xa9fea9fe/keys", false, "is an address that no issuer can have", ""},
		{"https://0251.0376.0251.0376/keys", false, "is an address that no issuer can have", ""},
		{"https://0/keys", false, "is an address that no issuer can have", ""},
		{"https://[64:ff9b::a9fe:a9fe]/keys", false, "is an address that no issuer can have", ""},
		{"https://[::169.254.169.254]/keys", false, "is an address that no issuer can have", ""},
		{"https://[fd00:ec2::254]/keys", false, "is an address that no issuer can have", ""},
		{"https://[::127.0.0.1]/keys", false, "", ""},
		{"https://api.localhost/keys", false, "", ""},
		{"https://\uff11\uff16\uff19.254.169.254/keys", false, notASCII, ""},
		{"https://169\u3002254\u3002169\u3002254/keys", false, notASCII, ""},
		{"https://issuer\u202e.example/keys", false, notASCII, ""},
		{"https://" + strings.Repeat("a", 254) + "/keys", false, notASCII, ""},
		{"https://0.example/keys", false, "", ""},
		{"https://issuer.example./keys", false, "", ""},
		{"https://user:password@issuer.example/", false, "has a user or a password", ""},
		{"https://user@issuer.example/", false, "has a user or a password", ""},
		{"https://issuer.example/#keys", false, "has a fragment", ""},
		{"https://issuer.example/#", false, "has a fragment", ""},
		{"https:issuer.example", false, "has no host", ""},
		{"https:///keys", false, "has no host", ""},
		{"https://:443/keys", false, "has no host", ""},
		{"file:///etc/passwd", true, "is not https", ""},
		{"ftp://issuer.example/", false, "is not https", ""},
		{"//issuer.example/", false, isRelative, ""},
		{"/keys", false, isRelative, ""},
		{"issuer.example", false, isRelative, ""},
		{"https://issuer.example/\x00", false, "is not a URL", ""},
		{"https://issuer.example/\r\nX: y", false, "is not a URL", ""},
		{"https://issuer.example/%zz", false, "is not a URL", ""},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				options := jwks.Options{Client: &http.Client{Transport: &site{}}, AllowLoopbackHTTP: test.allowHTTP}
				_, err := jwks.New(t.Context(), test.url, options)
				assertError(t, "jwks: url: ", test.refused, err)
				inIssue := test.refused
				if test.refusedInIssue != "" {
					inIssue = test.refusedInIssue
				}
				_, err = jwks.Discover(t.Context(), test.url, options)
				assertError(t, "jwks: issuer: ", inIssue, err)

				var issuer site
				issuer.serveText(members{"issuer": "https://issuer.example", "jwks_uri": test.url}.text())
				options.Client = &http.Client{Transport: &issuer}
				remote, err := jwks.Discover(t.Context(), "https://issuer.example", options)
				require.NoError(t, err)
				synctest.Wait()
				inMetadata := test.refused
				if inMetadata == "" && (strings.Contains(test.url, "127.0.0.1") || strings.Contains(test.url, "::1") || strings.Contains(test.url, "localhost")) {
					inMetadata = "is on this machine, but the issuer is not"
				}
				if inMetadata == "" {
					assert.Equal(t, 2, issuer.fetches(), "the metadata, then the set")
					return
				}
				assert.EqualError(t, remote.Status().Err, "the metadata of https://issuer.example: jwks_uri: "+inMetadata)
				assert.Equal(t, 1, issuer.fetches())
			})
		})
	}
}

func assertError(t *testing.T, before, want string, err error) {
	t.Helper()
	if want == "" {
		assert.NoError(t, err)
		return
	}
	assert.EqualError(t, err, before+want)
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		contentType string
		accepted    bool
	}{
		{"application/json", true},
		{"application/jwk-set+json", true},
		{"application/json; charset=utf-8", true},
		{"Application/JWK-Set+JSON;charset=UTF-8", true},
		{"application/json ;charset=UTF-8;charset=utf-8", true},
		{"application/json;; charset", true},
		{"text/html", false},
		{"text/html; charset=utf-8", false},
		{"text/plain", false},
		{"application/octet-stream", false},
		{"application/jose+json", false},
		{"application/json, text/html", false},
		{"", false},
	}
	for _, test := range tests {
		t.Run(test.contentType, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var issuer site
				issuer.serveSet(newKey(t, "old"))
				remote := follow(t, &issuer, jwks.Options{})
				text := setOf(newKey(t, "new"))
				issuer.serve(func(w http.ResponseWriter, _ *http.Request) {
					w.Header()["Content-Type"] = []string{test.contentType}
					_, _ = w.Write([]byte(text))
				})
				err := remote.Refresh(t.Context())
				if test.accepted {
					require.NoError(t, err)
					assert.Equal(t, []string{"new"}, remote.Status().Keys)
					return
				}
				assert.EqualError(t, err, fmt.Sprintf(
					"jwks: %s: has the Content-Type %q, not application/jwk-set+json or application/json", setURL, test.contentType))
				assert.Equal(t, []string{"old"}, remote.Status().Keys, "T329")
			})
		})
	}
}

// An answer is read up to the limit, compressed or not.
func TestT319LargeAnswers(t *testing.T) {
	t.Parallel()
	const large = 64 << 20
	var written atomic.Int64
	zeros := repeated(' ', 64<<10)
	write := func(w interface{ Write([]byte) (int, error) }) {
		for range large / len(zeros) {
			n, err := w.Write(zeros)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
	tests := map[string]http.HandlerFunc{
		"stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			write(w)
		},
		"packed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			packed, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
			if err != nil {
				return
			}
			for range 2 << 20 / len(zeros) { // enough to pass the limit
				_, _ = packed.Write(zeros)
			}
			_ = packed.Close()
		},
		"announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(large))
			write(w)
		},
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			remote, err := fetchOnce(t, answer, jwks.Options{})
			require.ErrorContains(t, err, "is longer than 524288 bytes")
			assert.ErrorContains(t, remote.Status().Err, "is longer than 524288 bytes")
		})
	}
	assert.Less(t, written.Load(), int64(large), "what nobody reads is not sent")
}

func TestT319LimitIsExact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		text := setOf(newKey(t, "a"))
		issuer.serveText(text)
		remote := follow(t, &issuer, jwks.Options{MaxBytes: int64(len(text))})
		require.NoError(t, remote.Status().Err)
		issuer.serveText(text + " ")
		assert.EqualError(t, remote.Refresh(t.Context()), fmt.Sprintf("jwks: %s: is longer than %d bytes", setURL, len(text)))
	})
}

func TestLimitsMayBeHuge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		const most = math.MaxInt64
		remote := follow(t, &issuer, jwks.Options{MaxBytes: most, Refresh: most, MaxStale: most, Timeout: 1 << 60})
		for range 10 {
			assert.Equal(t, []string{"a"}, ids(t, remote, "a"))
			advance(time.Hour)
		}
		assert.Equal(t, 1, issuer.fetches())
	})
}

// An answer that never ends is an error.
func TestT320AnswerStops(t *testing.T) {
	t.Parallel()
	_, err := fetchOnce(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"keys":[`))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}), jwks.Options{Timeout: 50 * time.Millisecond})
	require.ErrorContains(t, err, "context deadline exceeded")
}

func TestAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	_, err := fetchOnce(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(setOf(newKey(t, "a"))))
	}), jwks.Options{})
	require.ErrorContains(t, err, "unexpected EOF")
}

func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	var issuer site
	issuer.serveSet(newKey(t, "a"))
	url, _ := serveTLS(t, &issuer)
	remote, err := jwks.New(t.Context(), url, jwks.Options{})
	require.NoError(t, err)
	require.ErrorContains(t, remote.Refresh(t.Context()), "certificate")
	assert.Zero(t, issuer.fetches())
}

// Anybody can write any names into a certificate, and an error shows them before it is trusted.
func TestCertificatesDoNotWriteToTheLog(t *testing.T) {
	t.Parallel()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"a.example\nlevel=INFO msg=forged\x1b[2J"}}
	key := newEC(t, elliptic.P256())
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	url := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	remote, err := jwks.New(t.Context(), url, jwks.Options{})
	require.NoError(t, err)
	err = remote.Refresh(t.Context())
	require.ErrorContains(t, err, "a.example\ufffdlevel=INFO")
	assert.False(t, strings.ContainsAny(err.Error(), "\n\x1b"), "%q", err)
}

func TestPlainHTTPOnLoopback(t *testing.T) {
	t.Parallel()
	var issuer site
	issuer.serveSet(newKey(t, "a"))
	server := httptest.NewServer(&issuer)
	t.Cleanup(server.Close)
	remote, err := jwks.New(t.Context(), server.URL, jwks.Options{AllowLoopbackHTTP: true})
	require.NoError(t, err)
	require.NoError(t, remote.Ready(t.Context()))
	assert.Equal(t, []string{"a"}, remote.Status().Keys)
}

type failingTransport struct{ err error }

func (f failingTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// The query of an address may be a secret.
func TestErrorsDoNotShowTheQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		options := jwks.Options{Client: &http.Client{Transport: failingTransport{errors.New("no route")}}}
		remote, err := jwks.New(t.Context(), setURL+"?code=secret", options)
		require.NoError(t, err)
		synctest.Wait()
		assert.EqualError(t, remote.Status().Err, setURL+": no route")
		_, err = remote.KeySet(t.Context(), "a")
		require.Error(t, err)
		assert.False(t, strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "secret"))
	})
}

// Only the Transport of the given client is used.
// Otherwise a bad answer could make each refused token cost megabytes.
func TestErrorsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<18)
	var issuer site
	issuer.servePages(map[string]string{
		"/.well-known/openid-configuration": `{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/` + long + `"}`,
	})
	for name, transport := range map[string]http.RoundTripper{
		"of the client":    failingTransport{fmt.Errorf("malformed HTTP response %q", long)},
		"with the address": &issuer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var errs errorLog
				remote, err := jwks.Discover(t.Context(), "https://issuer.example", jwks.Options{Client: &http.Client{Transport: transport}, OnError: errs.add})
				require.NoError(t, err)
				synctest.Wait()
				texts := errs.texts()
				require.Len(t, texts, 1)
				_, err = remote.KeySet(t.Context(), "a")
				for _, text := range append(texts, remote.Status().Err.Error(), err.Error()) {
					assert.Contains(t, text, "https://issuer.example/")
					assert.Less(t, len(text), 2048)
				}
			})
		})
	}
}

func TestClientIsNotUsedItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var issuer site
		issuer.serveSet(newKey(t, "a"))
		client := &http.Client{
			Transport:     &issuer,
			Timeout:       time.Nanosecond,
			CheckRedirect: func(*http.Request, []*http.Request) error { return nil },
		}
		remote, err := jwks.New(t.Context(), setURL, jwks.Options{Client: client})
		require.NoError(t, err)
		require.NoError(t, remote.Ready(t.Context()))
	})
}
