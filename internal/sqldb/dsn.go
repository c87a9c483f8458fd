package sqldb

import (
	"errors"
	"net"
	"net/url"
	"strings"
)

// errDSN replaces the error of a driver that cannot read its DSN, because that error repeats
// parts of the DSN, and with them the password. A driver may read the DSN as late as at the
// first connection, so the error would be logged by whoever calls the store.
var errDSN = errors.New("the driver cannot read the DSN, whose text is not repeated here because of the password: " +
	"in a URL, percent-encode special characters of the user name and the password; in the form name=value, quote values with spaces")

// withoutDSN returns err, or errDSN in its place. A host with an @ is the rest of a password
// that contains one.
func withoutDSN(err error) error {
	var address *url.Error
	var host *net.DNSError
	switch {
	case errors.As(err, &address) && address.Op == "parse",
		errors.As(err, &host) && strings.Contains(host.Name, "@"),
		strings.Contains(err.Error(), "in connection info string"): // pgx and lib/pq; no type tells it
		return errDSN
	}
	return err
}
