package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net/mail"
	"strings"
	"sync"
)

// user is an account. Its ID is the identity in tokens, and stays when the address changes.
type user struct {
	id           string
	address      string
	passwordHash []byte // empty until the address is confirmed
}

func (u user) confirmed() bool { return len(u.passwordHash) > 0 }

// state is what links are bound to. None of it is empty: what is not known binds nothing.
func (u user) state() []string {
	return []string{u.id, u.address, "password " + string(u.passwordHash)}
}

// same reports whether u and v are the same state of the same account.
func (u user) same(v user) bool {
	return u.id == v.id && u.address == v.address && bytes.Equal(u.passwordHash, v.passwordHash)
}

var (
	errChanged = errors.New("the account has changed, or is gone")
	errTaken   = errors.New("the address has another account")
)

// userStore keeps users. byID and byAddress return nil, and no error, if there is no such user.
type userStore interface {
	byID(ctx context.Context, id string) (*user, error)
	byAddress(ctx context.Context, address string) (*user, error)

	// create adds a user whose address is not confirmed, or returns errTaken. In real life
	// delete accounts that are not confirmed when their link has expired.
	create(ctx context.Context, address string) (*user, error)

	// setPassword changes the user if it is still as it was read, and returns errChanged if
	// not. In SQL: UPDATE users SET … WHERE id = … AND address = … AND password_hash = …, with ''
	// where there is no password: NULL equals nothing.
	setPassword(ctx context.Context, u user, hash []byte) error

	// setAddress is the same for the address. It deletes an account with this address that
	// nobody has confirmed; a confirmed one is an errTaken.
	setAddress(ctx context.Context, u user, address string) error
}

// parseAddress returns an address as it is compared and stored, or what is wrong with it.
// Upper case does not count: no provider tells alice from Alice.
func parseAddress(text string) (address, problem string) {
	text = strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || len(text) > 254 { // RFC 5321 §4.5.3.1.3
		return "", "Please type an e-mail address, such as alice@example.org."
	}
	return text, ""
}

// memoryUsers keeps users until the program ends.
type memoryUsers struct {
	mu  sync.Mutex
	all map[string]user // by ID
}

func newMemoryUsers() *memoryUsers { return &memoryUsers{all: map[string]user{}} }

func (m *memoryUsers) byID(_ context.Context, id string) (*user, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if u, ok := m.all[id]; ok {
		return &u, nil
	}
	return nil, nil
}

func (m *memoryUsers) byAddress(_ context.Context, address string) (*user, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.find(address), nil
}

func (m *memoryUsers) find(address string) *user {
	for _, u := range m.all {
		if u.address == address {
			return &u
		}
	}
	return nil
}

func (m *memoryUsers) create(_ context.Context, address string) (*user, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.find(address) != nil {
		return nil, errTaken
	}
	u := user{id: rand.Text(), address: address}
	m.all[u.id] = u
	return &u, nil
}

func (m *memoryUsers) setPassword(_ context.Context, u user, hash []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.all[u.id].same(u) {
		return errChanged
	}
	u.passwordHash = hash
	m.all[u.id] = u
	return nil
}

func (m *memoryUsers) setAddress(_ context.Context, u user, address string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.all[u.id].same(u) {
		return errChanged
	}
	if other := m.find(address); other != nil {
		if other.confirmed() {
			return errTaken
		}
		delete(m.all, other.id)
	}
	u.address = address
	m.all[u.id] = u
	return nil
}
