package jwks

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Options say how a [Remote] fetches keys, and which keys it accepts. The zero value is
// ready to use.
type Options struct {
	// Client provides the Transport, for example with a proxy or your company's
	// certificates. Nothing else of it is used: redirects are not followed, and cookies
	// are not kept. Nil means [http.DefaultTransport]. With the context of an
	// IssuerResolver of package ginjwt, nil means [PublicClient].
	Client *http.Client

	// Algorithms are the algorithms that keys may have: RS256, RS384, RS512, PS256,
	// PS384, PS512, ES256, ES384, ES512 and EdDSA (or "Ed25519"). Empty means all of
	// them.
	//
	// A key that names no algorithm gets the default of its type. For an RSA key that is
	// RS256. If Algorithms is set, an RSA key gets every listed RSA algorithm instead.
	Algorithms []string

	// Use are the accepted values of the "use" of a key. Empty means "sig". SPIFFE trust
	// bundles have "jwt-svid". A key without "use" is always accepted.
	Use []string

	// CertificateMap means that the document is not a JWK Set, but a JSON object. Each
	// member is a "kid" with a certificate or public key in PEM form. Google publishes
	// the keys of Firebase like this. The expiry of a certificate does not matter: a
	// key is valid as long as it is published.
	CertificateMap bool

	// Refresh is the time between two fetches. Zero means 15 minutes. A shorter max-age
	// of the response wins, down to a minute. Every wait is shortened by a random part of
	// up to a tenth, so that many processes do not fetch at the same moment.
	Refresh time.Duration

	// MaxStale is how long keys are used after the last successful fetch. After that the
	// keys are unknown, and requests get 503. Zero means 24 hours.
	// MaxStale must not be shorter than Refresh.
	MaxStale time.Duration

	// Timeout is how long a fetch may take, including the metadata. Zero means 5 seconds.
	Timeout time.Duration

	// MaxBytes is the maximum size of a response, after decompression. Zero means 512
	// KiB.
	MaxBytes int64

	// MaxKeys is the maximum number of keys in a set. A larger set is refused as a whole.
	// Zero means 100. More than 100 is an error. A key with several algorithms counts
	// several times.
	MaxKeys int

	// Cooldown and Burst limit the fetches that requests cause. Requests cause a fetch
	// if their token names an unknown key, or while no keys are known. Burst fetches
	// can happen together, and one more after each Cooldown. Failed fetches count too.
	// Zero means 2 seconds and 3 fetches, which allows at most 33 fetches in a minute.
	//
	// An attacker who sends tokens with random key names can delay a new key by one
	// Cooldown. Until then tokens of the new key are refused. So do not choose a long
	// Cooldown.
	Cooldown time.Duration
	Burst    int

	// AllowLoopbackHTTP accepts http to localhost, 127.0.0.1 and [::1]. Use it only for
	// tests and development.
	AllowLoopbackHTTP bool

	// OnError is called after every failed fetch, and once for every key that is skipped
	// or has a defect, with an [ErrKeySkipped] or [ErrKeyDefect]. The goroutine that
	// fetches waits for it, but requests do not. OnError must not wait for a fetch itself.
	OnError func(err error)

	// Now returns the current time. Nil means [time.Now]. Background fetches wait by the
	// real clock. If Now says that a fetch is overdue, the next request starts it.
	Now func() time.Time
}

const mostKeys = 100 // as in a [keys.Set]

func (o Options) check() error {
	var errs []error
	for _, name := range o.Algorithms {
		if !keys.IsAlgorithm(name) || keys.IsHMAC(name) {
			errs = append(errs, fmt.Errorf("jwks: Algorithms: %q is not an algorithm with a public key", name))
		}
	}
	negative := func(field string, is bool) {
		if is {
			errs = append(errs, fmt.Errorf("jwks: %s: is negative", field))
		}
	}
	tooShort := func(field string, d, least time.Duration) {
		if d < least {
			errs = append(errs, fmt.Errorf("jwks: %s: must be at least %s (it is %s; 15 minutes are 15*time.Minute)", field, least, d))
		}
	}
	tooShort("Refresh", o.Refresh, time.Second)
	tooShort("Timeout", o.Timeout, time.Millisecond)
	tooShort("Cooldown", o.Cooldown, time.Millisecond)
	negative("MaxBytes", o.MaxBytes < 0)
	negative("MaxKeys", o.MaxKeys < 0)
	if o.MaxKeys > mostKeys {
		errs = append(errs, fmt.Errorf("jwks: MaxKeys: is more than %d", mostKeys))
	}
	if o.MaxStale < o.Refresh {
		errs = append(errs, errors.New("jwks: MaxStale: is shorter than Refresh; make it longer, or keys expire between two fetches"))
	}
	negative("Burst", o.Burst < 0)
	if o.Burst > 0 && o.Cooldown > math.MaxInt64/time.Duration(o.Burst) {
		errs = append(errs, errors.New("jwks: Cooldown: is too long for this Burst"))
	}
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	o.Algorithms, o.Use = keys.CanonicalAlgorithms(o.Algorithms), slices.Clone(o.Use)
	o.Refresh = cmp.Or(o.Refresh, 15*time.Minute)
	o.MaxStale = cmp.Or(o.MaxStale, 24*time.Hour)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.MaxBytes = cmp.Or(o.MaxBytes, 512<<10)
	o.MaxKeys = cmp.Or(o.MaxKeys, mostKeys)
	o.Cooldown = cmp.Or(o.Cooldown, 2*time.Second)
	o.Burst = cmp.Or(o.Burst, 3)
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// rules returns the options for reading a set.
func (o Options) rules() keys.SetOptions {
	return keys.SetOptions{Algorithms: o.Algorithms, Use: o.Use, CertificateMap: o.CertificateMap, MaxKeys: o.MaxKeys}
}
