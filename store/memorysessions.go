package store

import (
	"context"
	"sync"
	"time"
)

var _ SessionStore = (*MemorySessions)(nil)

// MemorySessions is a [SessionStore] in this process's memory. The zero value
// is empty and ready to use. It drops expired sessions as it grows and starts
// no goroutine.
//
// Other processes know nothing of it, and it is empty after a restart: then all
// users have to log in again.
type MemorySessions struct {
	// Now tells the time by which sessions expire. Nil means [time.Now].
	Now func() time.Time

	mu       sync.RWMutex
	sessions map[string]Session
	byUser   map[string]map[string]struct{} // identity → IDs
	purgeAt  int                            // the size at which expired sessions are looked for
}

const minSessionPurge = 1024

// Create stores a new session. It never fails.
func (m *MemorySessions) Create(_ context.Context, s Session) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, exists := m.sessions[s.ID]; exists {
		return false, nil
	}
	if len(m.sessions) >= m.purgeAt {
		m.purge()
	}
	if m.byUser[s.Identity] == nil {
		m.byUser[s.Identity] = map[string]struct{}{}
	}
	m.byUser[s.Identity][s.ID] = struct{}{}
	m.sessions[s.ID] = s
	return true, nil
}

// Get returns a session. It never fails.
func (m *MemorySessions) Get(_ context.Context, id string) (Session, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s, ok := m.sessions[id]
	return s, ok, nil
}

// Replace puts next in the place of old. It never fails.
func (m *MemorySessions) Replace(_ context.Context, old, next Session) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stored, ok := m.sessions[old.ID]
	if !ok || stored.Generation != old.Generation ||
		!stored.RotatedAt.Equal(old.RotatedAt) || !stored.HandedOutAt.Equal(old.HandedOutAt) {
		return false, nil
	}
	m.sessions[old.ID] = next
	return true, nil
}

// Delete removes a session. It never fails.
func (m *MemorySessions) Delete(_ context.Context, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.sessions[id]
	m.remove(id)
	return ok, nil
}

// List returns the sessions of identity. It never fails.
func (m *MemorySessions) List(_ context.Context, realm, identity string) ([]Session, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var sessions []Session
	for id := range m.byUser[identity] {
		if m.sessions[id].Realm == realm {
			sessions = append(sessions, m.sessions[id])
		}
	}
	return sessions, nil
}

func (m *MemorySessions) remove(id string) {
	s, ok := m.sessions[id]
	if !ok {
		return
	}
	delete(m.sessions, id)
	delete(m.byUser[s.Identity], id)
	if len(m.byUser[s.Identity]) == 0 {
		delete(m.byUser, s.Identity)
	}
}

// purge drops what has expired. Looking again only when the store has doubled
// keeps the cost of a login constant.
func (m *MemorySessions) purge() {
	now := time.Now()
	if m.Now != nil {
		now = m.Now()
	}
	if m.sessions == nil {
		m.sessions, m.byUser = map[string]Session{}, map[string]map[string]struct{}{}
	}
	for id, s := range m.sessions {
		if s.ExpiresAt.Before(now) {
			m.remove(id)
		}
	}
	m.purgeAt = max(minSessionPurge, 2*len(m.sessions))
}
