package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// fetcher gets JSON documents, under strict rules for URL and response.
type fetcher struct {
	client    *http.Client
	maxBytes  int64
	allowHTTP bool // to loopback addresses
	now       func() time.Time
}

func newFetcher(o Options) fetcher {
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if o.Client != nil {
		client.Transport = o.Client.Transport
	}
	return fetcher{client: client, maxBytes: o.MaxBytes, allowHTTP: o.AllowLoopbackHTTP, now: o.Now}
}

// document is a fetched document.
type document struct {
	body   []byte
	maxAge time.Duration // of Cache-Control; negative if absent
}

// statusError means that the status is not 200.
type statusError struct {
	status     int
	retryAfter time.Duration // the pause that the server asks for, or zero
}

func (s statusError) Error() string {
	text := "responded with the status " + strconv.Itoa(s.status)
	if s.retryAfter > 0 {
		text += ", and Retry-After " + s.retryAfter.String()
	}
	return text
}

// The media types of a JWK Set: the one of RFC 7517 §8.5.2, and the one that nearly
// every issuer sends. Metadata is only ever JSON (RFC 8414 §3.2).
const (
	jsonType   = "application/json"
	jwkSetType = "application/jwk-set+json"
)

// get fetches the document at a checked address. Errors do not show the query of the
// address or the body of the response. They are short, because they are kept and repeated
// for each token.
func (f fetcher) get(ctx context.Context, address *url.URL, types ...string) (document, error) {
	fetched, err := f.fetch(ctx, address, types)
	if err != nil {
		return document{}, fmt.Errorf("%s://%s%s: %w", address.Scheme, address.Host, cut(address.EscapedPath()), short(err))
	}
	return fetched, nil
}

func (f fetcher) fetch(ctx context.Context, address *url.URL, types []string) (document, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return document{}, errors.New("is not a URL that can be fetched")
	}
	request.Header.Set("Accept", strings.Join(types, ", "))
	request.Header.Set("User-Agent", "ginjwt")
	response, err := f.client.Do(request)
	if err != nil {
		return document{}, withoutURL(err)
	}
	defer response.Body.Close()
	if err := f.checkHead(response, types); err != nil {
		return document{}, err
	}
	body, err := f.read(response)
	return document{body, maxAge(response.Header)}, err
}

func (f fetcher) checkHead(response *http.Response, types []string) error {
	if response.StatusCode != http.StatusOK {
		return statusError{response.StatusCode, retryAfter(response, f.now())}
	}
	contentType, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";") // JSON has no parameter (RFC 8259 §11)
	if !slices.Contains(types, strings.ToLower(strings.TrimSpace(contentType))) {
		return fmt.Errorf("has the Content-Type %s, not %s",
			quoted(response.Header.Get("Content-Type")), strings.Join(types, " or "))
	}
	return nil
}

// read stops at the first byte beyond the limit.
func (f fetcher) read(response *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, min(f.maxBytes, math.MaxInt64-1)+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(body)) > f.maxBytes:
		return nil, fmt.Errorf("is longer than %d bytes", f.maxBytes)
	}
	return body, nil
}

// withoutURL returns the cause of a client's error, without the URL. Its query may be
// secret.
func withoutURL(err error) error {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		return outer.Err
	}
	return err
}

// short returns err with a text that is safe for a log. net/http quotes up to 10 MB of a
// bad response, and crypto/x509 prints the names in a certificate unchanged.
func short(err error) error {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, cut(err.Error()))
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// cut shortens a text for a log.
func cut(text string) string {
	const most = 512
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// maxAge returns the max-age of a response (RFC 9111 §5.2.2.1), or a negative value if it
// has none.
func maxAge(header http.Header) time.Duration {
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
		if err != nil {
			return -1
		}
		return time.Duration(seconds) * time.Second
	}
	return -1
}

// retryAfter returns the pause that a busy server asks for, in seconds or as a date (RFC
// 9110 §10.2.3, RFC 6585 §4).
func retryAfter(response *http.Response, now time.Time) time.Duration {
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	text := response.Header.Get("Retry-After")
	if date, err := http.ParseTime(text); err == nil {
		return max(0, date.Sub(now))
	}
	seconds, err := strconv.ParseUint(text, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return 0
	}
	return time.Duration(min(seconds, uint64(math.MaxInt32))) * time.Second
}

// parseURL accepts https URLs, and http URLs to this machine if they are allowed.
func (f fetcher) parseURL(text string) (*url.URL, error) {
	address, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case text == "":
		return nil, errors.New("is empty")
	case address.Scheme == "":
		return nil, errors.New("is relative, but must begin with https://")
	case address.Scheme == "http" && isLoopback(address.Hostname()) && !f.allowHTTP:
		return nil, errors.New("is not https; for tests, set AllowLoopbackHTTP")
	case address.Scheme != "https" && !(address.Scheme == "http" && isLoopback(address.Hostname())):
		return nil, errors.New("is not https")
	case address.Hostname() == "":
		return nil, errors.New("has no host")
	case address.User != nil:
		return nil, errors.New("has a user or a password")
	case address.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, errors.New("has a fragment")
	}
	if err := checkHost(address.Hostname()); err != nil {
		return nil, err
	}
	return address, nil
}

func isLoopback(host string) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, host)
}

// isThisMachine reports whether a host is this machine, in any spelling.
func isThisMachine(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	address, _ := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || embedded(address).IsLoopback()
}

var errHost = errors.New("is an address that no issuer can have")

// checkHost refuses host names that are not ASCII, and addresses of cloud metadata, in
// all spellings that a resolver may accept.
func checkHost(host string) error {
	if len(host) > 253 || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("has a host that is not ASCII; write the xn-- form of the name")
	}
	host = strings.TrimSuffix(host, ".")
	address, err := netip.ParseAddr(host)
	if err == nil && isReserved(embedded(address)) || err != nil && endsInNumber(host) {
		return errHost
	}
	return nil
}

// endsInNumber reports whether a host that is not an IP address may be read as one.
// 2852039166, 0xa9fea9fe and 0251.0376.0251.0376 all are 169.254.169.254.
func endsInNumber(host string) bool {
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	return last == "" || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x")
}

// The prefixes of IPv6 addresses that end in one of IPv4: RFC 6052 and RFC 4291.
var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	compatible = netip.MustParsePrefix("::/96")
)

// embedded returns the IPv4 address inside an IPv6 address, or else the address itself.
func embedded(address netip.Addr) netip.Addr {
	address = address.Unmap().WithZone("")
	if address.Is6() && !address.IsLoopback() && !address.IsUnspecified() && (nat64.Contains(address) || compatible.Contains(address)) {
		last := address.As16()
		return netip.AddrFrom4([4]byte(last[12:]))
	}
	return address
}

// amazon is the IPv6 address at which AWS machines get their credentials.
var amazon = netip.MustParseAddr("fd00:ec2::254")

// isReserved reports whether an address is for cloud metadata (169.254.169.254), or for
// more than one machine.
func isReserved(a netip.Addr) bool {
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	return a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a == broadcast || a == amazon
}
