package redisstore

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gin-jwt-extended/ginjwt/internal/redisdb"
)

// Options say how a [Store] uses the server. The zero value is ready to use.
type Options struct {
	// Prefix is what the names of all keys begin with. Applications that share
	// a server need different ones. Empty means "ginjwt"; braces are refused,
	// as they would decide where a cluster keeps a key.
	Prefix string

	// Timeout is how long the server has to answer one question. No call takes
	// longer, whatever the client's own timeouts are. Zero means 1 second.
	Timeout time.Duration

	// MaxStaleness is how old a [Blocklist]'s copy may be when a request is
	// decided by it. Zero means 5 seconds.
	MaxStaleness time.Duration

	// Replicas is how many replicas must have a write before it counts; if they
	// do not have it in time, that is an error. Zero means none. In a cluster,
	// writes fail while the slot of their key is being moved.
	Replicas int
}

// Store makes what keeps its data on one server, or one cluster. Its methods
// may be called by any number of goroutines.
type Store struct {
	db      *redisdb.DB
	options Options
}

// New returns a store on the servers of client. It asks them nothing. The client
// needs ContextTimeoutEnabled; it stays the caller's to close, after the
// contexts of all blocklists have ended.
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
		errs = append(errs, errors.New("redisstore: Prefix: has a brace"))
	}
	if o.Timeout < 0 {
		errs = append(errs, errors.New("redisstore: Timeout: is negative"))
	}
	if o.MaxStaleness < 0 {
		errs = append(errs, errors.New("redisstore: MaxStaleness: is negative"))
	}
	if o.Replicas < 0 {
		errs = append(errs, errors.New("redisstore: Replicas: is negative"))
	}
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	o.Prefix = cmp.Or(o.Prefix, "ginjwt")
	o.Timeout = cmp.Or(o.Timeout, time.Second)
	o.MaxStaleness = cmp.Or(o.MaxStaleness, 5*time.Second)
	return o
}

var errNoClient = errors.New("redisstore: client: is nil")

// checkClient refuses clients that cannot keep what the stores promise.
// Sentinel's client is a redis.Client.
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
			" and that one knows nothing of what was revoked; use a redis.Client or a redis.ClusterClient")
	}
	return nil
}

func checkDeadlines(kept bool) error {
	if kept {
		return nil
	}
	return errors.New("redisstore: client: ignores deadlines; set ContextTimeoutEnabled: true in its options")
}

// checkReads wants reads to be answered by who takes the writes: a replica may
// not know yet of what was revoked.
func checkReads(o *redis.ClusterOptions) error {
	if o.ReadOnly || o.RouteByLatency || o.RouteRandomly {
		return errors.New("redisstore: client: reads from replicas;" +
			" set none of ReadOnly, ReplicaOnly, RouteByLatency and RouteRandomly in its options")
	}
	return nil
}
