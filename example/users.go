package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// user is a row of the table users. Its JSON has only what the user may see.
type user struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Admin bool   `json:"admin"`

	note            string
	passwordHash    []byte
	passwordVersion int64 // increases with every change of the password
}

const userColumns = "id, name, admin, note, password_hash, password_version"

// users is the table of users. If there is no such user, its methods return nil and no
// error.
type users struct{ db database }

// create adds a user. The first user is an admin. It returns nil if the name is taken: the
// database decides, so that only one of two requests at once gets the name.
func (u users) create(ctx context.Context, name string, passwordHash []byte) (*user, error) {
	tx, err := u.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	if u.db.dialect == sqlstore.PostgreSQL { // otherwise two at once could both be first; SQLite has one writer
		if _, err := tx.ExecContext(ctx, "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return nil, err
		}
	}
	created, err := one(tx.QueryRowContext(ctx, `
		INSERT INTO users (name, password_hash, admin)
		VALUES ($1, $2, NOT EXISTS (SELECT 1 FROM users))
		ON CONFLICT DO NOTHING
		RETURNING `+userColumns, name, string(passwordHash)))
	if err != nil {
		return nil, err
	}
	return created, tx.Commit()
}

func (u users) byID(ctx context.Context, id int64) (*user, error) {
	return one(u.db.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE id = $1", id))
}

func (u users) byName(ctx context.Context, name string) (*user, error) {
	return one(u.db.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE lower(name) = lower($1)", name))
}

// setPassword changes the password of a user. It returns nil if the password was changed
// after its version was read.
func (u users) setPassword(ctx context.Context, id, version int64, passwordHash []byte) (*user, error) {
	return one(u.db.QueryRowContext(ctx, `
		UPDATE users SET password_hash = $1, password_version = password_version + 1
		WHERE id = $2 AND password_version = $3
		RETURNING `+userColumns, string(passwordHash), id, version))
}

func (u users) setNote(ctx context.Context, id int64, note string) error {
	_, err := u.db.ExecContext(ctx, "UPDATE users SET note = $1 WHERE id = $2", note, id)
	return err
}

func (u users) delete(ctx context.Context, id int64) error {
	_, err := u.db.ExecContext(ctx, "DELETE FROM users WHERE id = $1", id)
	return err
}

// first returns the oldest users, up to limit.
func (u users) first(ctx context.Context, limit int) ([]*user, error) {
	rows, err := u.db.QueryContext(ctx, "SELECT "+userColumns+" FROM users ORDER BY id LIMIT $1", limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []*user
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func one(row *sql.Row) (*user, error) {
	u, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return u, err
}

func scan(row interface{ Scan(...any) error }) (*user, error) {
	u := &user{}
	err := row.Scan(&u.ID, &u.Name, &u.Admin, &u.note, &u.passwordHash, &u.passwordVersion)
	if err != nil {
		return nil, err
	}
	return u, nil
}
