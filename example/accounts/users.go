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

// user is an account. Its ID is the identity in tokens, and does not change with the address.
type user struct {
	id           string
	address      string
	passwordHash []byte // empty until the address is confirmed
}

func (u user) confirmed() bool { return len(u.passwordHash) > 0 }

// state returns the states that links are bound to. No state may be empty, so the hash of the
// password has a word in front of it.
func (u user) state() []string {
	return []string{u.id, u.address, "password " + string(u.passwordHash)}
}

// same reports whether u and v are the same account in the same state.
func (u user) same(v user) bool {
	return u.id == v.id && u.address == v.address && bytes.Equal(u.passwordHash, v.passwordHash)
}

var (
	errChanged = errors.New("the account has changed, or is gone")
	errTaken   = errors.New("the address has another account")
)

// userStore keeps users. byID and byAddress return nil without an error if there is no such user.
type userStore interface {
	byID(ctx context.Context, id string) (*user, error)
	byAddress(ctx context.Context, address string) (*user, error)

	// create adds a user with an address that is not confirmed, or returns errTaken. In
	// production delete unconfirmed accounts when their link has expired.
	create(ctx context.Context, address string) (*user, error)

	// setPassword changes the user if the user has not changed since u was read. Otherwise it
	// returns errChanged. In SQL: UPDATE users SET … WHERE id = … AND address = … AND
	// password_hash = …. Store '' for no password, because NULL equals nothing.
	setPassword(ctx context.Context, u user, hash []byte) error

	// setAddress does the same for the address. It deletes an unconfirmed account with this
	// address, and returns errTaken for a confirmed one.
	setAddress(ctx context.Context, u user, address string) error
}

// parseAddress returns an address in the form that is compared and stored, or the problem with
// it. It ignores upper case, because no provider distinguishes alice from Alice.
func parseAddress(text string) (address, problem string) {
	text = strings.ToLower(strings.TrimSpace(text))
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || len(text) > 254 { // RFC 5321 §4.5.3.1.3
		return "", "Please type an e-mail address, such as alice@example.org."
	}
	return text, ""
}

// memoryUsers keeps users in memory.
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
