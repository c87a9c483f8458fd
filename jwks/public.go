package jwks

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/untrusted"
)

// ErrPrivateAddress means that a host was not contacted, because its address is not
// public.
var ErrPrivateAddress = errors.New("jwks: the address is not public")

// PublicClient returns a client for Options.Client that connects only to public
// addresses. It does not connect to this machine, to private networks, or to cloud
// metadata. It checks the address after the name was resolved, so the name does not
// matter. It uses no proxy, because a proxy would resolve names itself. A response may
// have 64 KiB of headers.
//
// It is the default for issuers of an IssuerResolver of package ginjwt. To reach other
// addresses there, set Options.Client, for example to [http.DefaultClient].
var PublicClient = sync.OnceValue(func() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: onlyPublic}
	return &http.Client{Transport: &http.Transport{
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,

		MaxResponseHeaderBytes: 64 << 10, // of a server that a stranger may have chosen: many are asked at the same time
	}}
})

// in returns the options for a Remote with the context ctx.
func (o Options) in(ctx context.Context) Options {
	if o.Client == nil && untrusted.Is(ctx) {
		o.Client = PublicClient()
	}
	return o
}

// onlyPublic is the Control of a [net.Dialer].
func onlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !isPublicAddress(at.Addr()) {
		return ErrPrivateAddress
	}
	return nil
}

// specialIPv4 are the addresses that are not global by the IANA registry (RFC 6890), and
// that package netip does not know.
var specialIPv4 = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "240.0.0.0/4",
)

// globalIPv6 is what is given out to networks (RFC 4291 §2.4); specialIPv6 what in it is
// not global, or holds an address of IPv4 that nobody has looked at.
var (
	globalIPv6  = netip.MustParsePrefix("2000::/3")
	specialIPv6 = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// isPublicAddress reports whether an address belongs to the public internet.
func isPublicAddress(a netip.Addr) bool {
	a = embedded(a)
	within := func(p netip.Prefix) bool { return p.Contains(a) }
	if a.Is4() {
		return a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(specialIPv4, within)
	}
	return globalIPv6.Contains(a) && !slices.ContainsFunc(specialIPv6, within)
}
