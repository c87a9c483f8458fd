package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"golang.org/x/net/idna"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// tenant is a customer with users, keys and a host of its own.
type tenant struct {
	ID           string // the realm: never changed, and never given to another tenant
	Host         string // as hostOf returns it
	Keys         string // as keys.Parse reads them: the first one signs
	ClientID     string // at the identity provider; empty: the tenant does not use it
	ClientSecret string // of the tenant's services, which may introspect tokens
	Suspended    bool
}

var (
	errNoTenant  = errors.New("no tenant has this host")
	errSuspended = errors.New("the tenant is suspended")
)

// directory knows the tenants. An error other than errNoTenant means that nobody knows.
type directory interface {
	tenant(ctx context.Context, host string) (tenant, error)
}

// tenants is the table of tenants.
type tenants struct{ db *sql.DB }

// No two tenants have the same keys, even if somebody copies a row.
const schema = `
CREATE TABLE IF NOT EXISTS tenants (
	id            TEXT NOT NULL PRIMARY KEY,
	host          TEXT NOT NULL UNIQUE,
	keys          TEXT NOT NULL UNIQUE,
	client_id     TEXT NOT NULL,
	client_secret TEXT NOT NULL UNIQUE,
	suspended     BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE IF NOT EXISTS tenant_users (
	tenant        TEXT NOT NULL,
	name          TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	PRIMARY KEY (tenant, name)
);`

func (d tenants) tenant(ctx context.Context, host string) (t tenant, err error) {
	row := d.db.QueryRowContext(ctx, `SELECT id, host, keys, client_id, client_secret, suspended FROM tenants WHERE host = $1`, host)
	err = row.Scan(&t.ID, &t.Host, &t.Keys, &t.ClientID, &t.ClientSecret, &t.Suspended)
	if errors.Is(err, sql.ErrNoRows) {
		return tenant{}, errNoTenant
	}
	return t, err
}

func (d tenants) add(ctx context.Context, t tenant) error {
	_, err := d.db.ExecContext(ctx, `INSERT INTO tenants (id, host, keys, client_id, client_secret, suspended)
		VALUES ($1, $2, $3, $4, $5, $6)`, t.ID, t.Host, t.Keys, t.ClientID, t.ClientSecret, t.Suspended)
	return err
}

// suspend stops the service of a tenant: each process learns of it within checkEvery.
func (d tenants) suspend(ctx context.Context, host string) error {
	return d.change(ctx, `UPDATE tenants SET suspended = TRUE WHERE host = $1`, host)
}

// rotate gives a tenant a new key, which signs from a time on. Services that verify its tokens
// may have the old list of keys for 5 minutes.
func (d tenants) rotate(ctx context.Context, host string, from time.Time) error {
	t, err := d.tenant(ctx, host)
	if err != nil {
		return err
	}
	next, err := rotated(t, from)
	if err != nil {
		return err
	}
	return d.change(ctx, `UPDATE tenants SET keys = $2 WHERE host = $1 AND keys = $3`, host, next.Keys, t.Keys)
}

func (d tenants) change(ctx context.Context, statement string, values ...any) error {
	result, err := d.db.ExecContext(ctx, statement, values...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errNoTenant
}

// newTenant makes a tenant with keys that nobody has typed.
func newTenant(id, host string) (tenant, error) {
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return tenant{}, err
	}
	name, ok := hostOf(ascii)
	if !ok || name != ascii {
		return tenant{}, errors.New("not the name of a host")
	}
	key, err := newKey(time.Time{})
	return tenant{ID: id, Host: name, Keys: string(key), ClientSecret: rand.Text()}, err
}

// newKey returns a new key pair as a JWK.
func newKey(from time.Time) ([]byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return keys.Key{ID: rand.Text(), Algorithm: "ES256", Sign: private, NotBefore: from}.MarshalJWK()
}

// rotated puts a new key before the keys of t. The old keys verify until they are removed.
func rotated(t tenant, from time.Time) (tenant, error) {
	key, err := newKey(from)
	if err != nil {
		return t, err
	}
	old, err := keys.Parse([]byte(t.Keys))
	if err != nil {
		return t, err
	}
	all := [][]byte{key}
	for _, k := range old {
		jwk, err := k.MarshalJWK()
		if err != nil {
			return t, err
		}
		all = append(all, jwk)
	}
	t.Keys = `{"keys":[` + string(bytes.Join(all, []byte(","))) + `]}`
	return t, nil
}
