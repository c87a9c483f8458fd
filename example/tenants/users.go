package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"

	"golang.org/x/crypto/bcrypt"
)

// users is the table of the users of all tenants.
type users struct {
	db     *sql.DB
	cost   int    // of bcrypt
	nobody []byte // a hash of no password, so that unknown names take as long as others
}

func newUsers(db *sql.DB, cost int) (users, error) {
	nobody, err := bcrypt.GenerateFromPassword([]byte(rand.Text()), cost)
	return users{db, cost, nobody}, err
}

// tenantUsers are the users of one tenant. Every statement names the tenant.
type tenantUsers struct {
	users
	tenant string
}

// check reports whether a user has a password.
func (u tenantUsers) check(ctx context.Context, name, password string) (bool, error) {
	hash, err := u.hash(ctx, name)
	if err != nil {
		return false, err
	}
	known := []byte(hash)
	if hash == "" {
		known = u.nobody
	}
	return bcrypt.CompareHashAndPassword(known, []byte(password)) == nil && hash != "", nil
}

func (u tenantUsers) exists(ctx context.Context, name string) (bool, error) {
	hash, err := u.hash(ctx, name)
	return hash != "", err
}

// hash returns the hash of the password; empty: there is no such user.
func (u tenantUsers) hash(ctx context.Context, name string) (hash string, err error) {
	row := u.db.QueryRowContext(ctx, `SELECT password_hash FROM tenant_users WHERE tenant = $1 AND name = $2`, u.tenant, name)
	if err = row.Scan(&hash); errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return hash, err
}

// setPassword creates a user, or changes the password of a user.
func (u tenantUsers) setPassword(ctx context.Context, name, password string) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), u.cost)
	if err != nil {
		return err
	}
	_, err = u.db.ExecContext(ctx, `INSERT INTO tenant_users (tenant, name, password_hash) VALUES ($1, $2, $3)
		ON CONFLICT (tenant, name) DO UPDATE SET password_hash = excluded.password_hash`, u.tenant, name, string(hash))
	return err
}
