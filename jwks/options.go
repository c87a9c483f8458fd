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

// Options say how a [Remote] fetches keys, and which it takes. The zero value is
// ready to use.
type Options struct {
	// Client is asked for its Transport only, for example one with a proxy or
	// with the certificates of a company. Nil means [http.DefaultTransport], or
	// [PublicClient] with the context that an IssuerResolver of ginjwt is given.
	// Redirects are never followed, and no cookies are kept.
	Client *http.Client

	// Algorithms are those that keys may have: RS256, RS384, RS512, PS256, PS384,
	// PS512, ES256, ES384, ES512 and EdDSA, which is also "Ed25519". Empty means all
	// of them.
	//
	// A key that names no algorithm gets the one of its type. For an RSA key that
	// is RS256 if Algorithms is empty; else it gets every RSA algorithm that is
	// listed.
	Algorithms []string

	// Use are the values that the "use" of a key may have. Empty means "sig". SPIFFE
	// has "jwt-svid" in its trust bundles. A key without "use" is for all.
	Use []string

	// CertificateMap says that the document is no JWK Set, but an object of
	// certificates or public keys in PEM form, each by its "kid", as Google publishes
	// those of Firebase. When they expire does not matter: a key is good until it is no
	// longer published.
	CertificateMap bool

	// Refresh is how long fetched keys go before the next fetch. Zero means
	// 15 minutes. A shorter max-age of the response is obeyed, down to a minute.
	// Every wait is shortened by up to a tenth, so that many processes do not ask
	// all at once.
	Refresh time.Duration

	// MaxStale is how long keys are used after the last fetch that worked. Then
	// they are no longer known, and requests are answered 503. Zero means
	// 24 hours; it must not be shorter than Refresh.
	MaxStale time.Duration

	// Timeout is how long a fetch may take, that of the metadata included. Zero
	// means 5 seconds.
	Timeout time.Duration

	// MaxBytes is how long a response may be, unpacked. Zero means 512 KiB.
	MaxBytes int64

	// MaxKeys is how many keys a set may have; one that has more is refused. Zero
	// means 100, which is the most, and which counts a key with several algorithms
	// as several.
	MaxKeys int

	// Cooldown and Burst limit the fetches that requests cause, by tokens that
	// name an unknown key or while no keys are known: Burst of them at once, and
	// one more for each Cooldown that has passed. Those that fail count too. Zero
	// means 2 seconds, and 3: at most 33 fetches in a minute.
	//
	// Cooldown is also how long whoever sends tokens with random names can keep a new
	// key unknown. It should not be much longer than users may be refused.
	Cooldown time.Duration
	Burst    int

	// AllowLoopbackHTTP accepts http to localhost, 127.0.0.1 and [::1]. Only for
	// tests and development.
	AllowLoopbackHTTP bool

	// OnError is told of every fetch that failed, and once of every key that is
	// not used or has a defect, by an [ErrKeySkipped] or [ErrKeyDefect]. The goroutine that fetches waits for it;
	// requests do not. It must not wait for a fetch itself.
	OnError func(err error)

	// Now tells the time. Nil means [time.Now]. Fetches in the background wait by
	// the real clock; when Now says that one is overdue, the next request
	// starts it.
	Now func() time.Time
}

const mostKeys = 100 // as in a [keys.Set]

func (o Options) check() error {
	var errs []error
	for _, name := range o.Algorithms {
		if !keys.IsAlgorithm(name) || keys.IsHMAC(name) {
			errs = append(errs, fmt.Errorf("jwks: Algorithms: %q is not one that verifies with a public key", name))
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
		errs = append(errs, errors.New("jwks: MaxStale: is shorter than Refresh, so that there would be times without keys"))
	}
	negative("Burst", o.Burst < 0)
	if o.Burst > 0 && o.Cooldown > math.MaxInt64/time.Duration(o.Burst) {
		errs = append(errs, errors.New("jwks: Cooldown: is too long for such a Burst"))
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

// rules returns what decides which keys of a set are taken.
func (o Options) rules() keys.SetOptions {
	return keys.SetOptions{Algorithms: o.Algorithms, Use: o.Use, CertificateMap: o.CertificateMap, MaxKeys: o.MaxKeys}
}
