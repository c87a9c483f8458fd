package redisstore

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
)

// Options are the settings of a [Store]. The zero value is ready to use.
type Options struct {
	// Prefix begins the names of all keys. Applications that share a server need
	// different prefixes. Empty means "ginjwt". Braces are refused, because they would
	// decide where a cluster keeps a key.
	Prefix string

	// Timeout bounds each call, even if the timeouts of the client are longer. Zero means
	// 1 second.
	Timeout time.Duration

	// MaxStaleness is how old the copy of a [Blocklist] may be when it decides about a
	// request. Zero means 5 seconds.
	MaxStaleness time.Duration

	// Replicas is how many Redis replicas must acknowledge each write. If they do not
	// do so in time, the call returns an error. Zero means that writes wait for no
	// replica. In a cluster, writes fail while the slot of their key is being moved.
	Replicas int
}

// Store keeps sessions, revoked IDs and used IDs on one server or one cluster. Its
// methods may be called by any number of goroutines.
type Store struct {
	db      *redisdb.DB
	options Options
}

// New returns a store that uses client. It does not contact the server. The client
// needs ContextTimeoutEnabled. Close the client yourself, after the contexts of all
// blocklists have ended.
func New(client redis.UniversalClient, options Options) (*Store, error) {
	if err := errors.Join(checkClient(client), options.check()); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	return &Store{&redisdb.DB{Client: client, Timeout: options.Timeout, Replicas: options.Replicas}, options}, nil
}

func (o Options) check() error {
	var errs []error
	if strings.ContainsAny(o.Prefix, "{}") {
		errs = append(errs, errors.New("redisstore: Prefix: contains a brace: use a prefix without { and }"))
	}
	if o.Timeout < 0 {
		errs = append(errs, errors.New("redisstore: Timeout: is negative: use a positive duration, or 0 for 1 second"))
	}
	if o.MaxStaleness < 0 {
		errs = append(errs, errors.New("redisstore: MaxStaleness: is negative: use a positive duration, or 0 for 5 seconds"))
	}
	if o.Replicas < 0 {
		errs = append(errs, errors.New("redisstore: Replicas: is negative: use the number of replicas, or 0 to wait for none"))
	}
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	o.Prefix = cmp.Or(o.Prefix, "ginjwt")
	o.Timeout = cmp.Or(o.Timeout, time.Second)
	o.MaxStaleness = cmp.Or(o.MaxStaleness, 5*time.Second)
	return o
}

var errNoClient = errors.New("redisstore: client: is nil: pass a redis.Client or a redis.ClusterClient")

// checkClient refuses clients with which the stores cannot keep their promises. The
// client for Sentinel is a redis.Client.
func checkClient(client redis.UniversalClient) error {
	switch c := client.(type) {
	case nil:
		return errNoClient
	case *redis.Client:
		if c == nil {
			return errNoClient
		}
		return checkDeadlines(c.Options().ContextTimeoutEnabled)
	case *redis.ClusterClient:
		if c == nil {
			return errNoClient
		}
		return errors.Join(checkDeadlines(c.Options().ContextTimeoutEnabled), checkReads(c.Options()))
	case *redis.Ring:
		return errors.New("redisstore: client: is a redis.Ring, which asks another server when one is down," +
			" and the other server does not know what was revoked: use a redis.Client or a redis.ClusterClient")
	}
	return nil
}

func checkDeadlines(kept bool) error {
	if kept {
		return nil
	}
	return errors.New("redisstore: client: ignores deadlines: set ContextTimeoutEnabled to true in its options")
}

// checkReads refuses clients that read from Redis replicas, which may not know yet what
// was revoked.
func checkReads(o *redis.ClusterOptions) error {
	if o.ReadOnly || o.RouteByLatency || o.RouteRandomly {
		return errors.New("redisstore: client: reads from replicas:" +
			" set none of ReadOnly, ReplicaOnly, RouteByLatency and RouteRandomly in its options")
	}
	return nil
}
