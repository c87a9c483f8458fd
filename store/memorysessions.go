package store

import (
	"context"
	"sync"
	"time"
)

var (
	_ SessionStore    = (*MemorySessions)(nil)
	_ SessionsDeleter = (*MemorySessions)(nil)
)

// MemorySessions is a [SessionStore] in the memory of this process. The zero value
// is empty and ready to use. It drops expired sessions as it grows, and starts no
// goroutine.
//
// Use MemorySessions only in a service with one process: other processes do not see it.
// The store is empty after a restart, so that all users must log in again.
type MemorySessions struct {
	// Now returns the current time, for the expiry of sessions. Nil means [time.Now].
	Now func() time.Time

	mu       sync.RWMutex
	sessions map[string]Session
	byUser   map[user]map[string]struct{} // the IDs of their sessions
	purgeAt  int                          // the size at which the store looks for expired sessions
}

type user struct{ realm, identity string }

func userOf(s Session) user { return user{s.Realm, s.Identity} }

const minSessionPurge = 1024

// Create stores a new session, and reports false if its ID is taken. It never fails.
func (m *MemorySessions) Create(_ context.Context, s Session) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, exists := m.sessions[s.ID]; exists {
		return false, nil
	}
	if len(m.sessions) >= m.purgeAt {
		m.purge()
	}
	whose := userOf(s)
	if m.byUser[whose] == nil {
		m.byUser[whose] = map[string]struct{}{}
	}
	m.byUser[whose][s.ID] = struct{}{}
	m.sessions[s.ID] = s
	return true, nil
}

// Get returns a session, and whether there is one. It never fails.
func (m *MemorySessions) Get(_ context.Context, id string) (Session, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s, ok := m.sessions[id]
	return s, ok, nil
}

// Replace stores next in the place of old, if the stored session is still old. It never
// fails.
func (m *MemorySessions) Replace(_ context.Context, old, next Session) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stored, ok := m.sessions[old.ID]
	if !ok || stored.Generation != old.Generation ||
		!stored.RotatedAt.Equal(old.RotatedAt) || !stored.HandedOutAt.Equal(old.HandedOutAt) {
		return false, nil
	}
	next.ID, next.Realm, next.Identity, next.Device, next.CreatedAt =
		stored.ID, stored.Realm, stored.Identity, stored.Device, stored.CreatedAt
	m.sessions[old.ID] = next
	return true, nil
}

// Delete removes a session, and reports whether there was one. It never fails.
func (m *MemorySessions) Delete(_ context.Context, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, deleted := m.sessions[id]
	m.remove(id)
	return deleted, nil
}

// DeleteMany removes sessions. It never fails.
func (m *MemorySessions) DeleteMany(_ context.Context, sessions []Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range sessions {
		m.remove(s.ID)
	}
	return nil
}

// Self returns m: see [SessionsDeleter].
func (m *MemorySessions) Self() any { return m }

// List returns the sessions of identity in realm. It never fails.
func (m *MemorySessions) List(_ context.Context, realm, identity string) ([]Session, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	ids := m.byUser[user{realm, identity}]
	sessions := make([]Session, 0, len(ids))
	for id := range ids {
		sessions = append(sessions, m.sessions[id])
	}
	return sessions, nil
}

func (m *MemorySessions) remove(id string) {
	s, ok := m.sessions[id]
	if !ok {
		return
	}
	whose := userOf(s)
	delete(m.sessions, id)
	delete(m.byUser[whose], id)
	if len(m.byUser[whose]) == 0 {
		delete(m.byUser, whose)
	}
}

// purge drops expired sessions. Create calls it only when the store has doubled, which
// keeps the cost of a login constant.
func (m *MemorySessions) purge() {
	now := time.Now()
	if m.Now != nil {
		now = m.Now()
	}
	if m.sessions == nil {
		m.sessions, m.byUser = map[string]Session{}, map[user]map[string]struct{}{}
	}
	for id, s := range m.sessions {
		if s.ExpiresAt.Before(now) {
			m.remove(id)
		}
	}
	m.purgeAt = max(minSessionPurge, 2*len(m.sessions))
}
