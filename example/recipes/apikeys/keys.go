package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strings"
	"sync"
	"time"
)

// apiKey is what the service stores of an API key. The key itself is not in it.
type apiKey struct {
	ID      string
	Owner   string // the identity that tokens of this user have too
	Scopes  []string
	Expires time.Time
	Hash    [sha256.Size]byte
}

// newAPIKey returns a key, and the row to store. The client sees the key only once. The key
// has 130 random bits: nobody can guess it, so a fast hash is enough.
func newAPIKey(owner string, scopes []string, expires time.Time) (key string, row apiKey) {
	id := rand.Text()[:12] // not secret: it is in logs and finds the row
	key = "shop_" + id + "_" + rand.Text()
	return key, apiKey{ID: id, Owner: owner, Scopes: scopes, Expires: expires, Hash: sha256.Sum256([]byte(key))}
}

// keyTable stands for a table of your database, by ID.
type keyTable struct {
	now  func() time.Time
	mu   sync.Mutex
	rows map[string]apiKey
}

// verify returns the row of a key, and whether the key is good. An error means that the
// table did not reply. The table of this example always replies.
func (t *keyTable) verify(_ context.Context, key string) (row apiKey, good bool, err error) {
	parts := strings.Split(key, "_")
	if len(parts) != 3 {
		return apiKey{}, false, nil
	}
	t.mu.Lock()
	row = t.rows[parts[1]] // SELECT … WHERE id = $1
	t.mu.Unlock()
	hash := sha256.Sum256([]byte(key))
	isSame := subtle.ConstantTimeCompare(hash[:], row.Hash[:]) == 1
	return row, isSame && t.now().Before(row.Expires), nil
}

func (t *keyTable) add(row apiKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[row.ID] = row
}

// remove deletes a key of this owner, and reports whether there was one.
func (t *keyTable) remove(id, owner string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if row, ok := t.rows[id]; !ok || row.Owner != owner {
		return false
	}
	delete(t.rows, id)
	return true
}

// hasAll reports whether all of wanted are in scopes.
func hasAll(scopes, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(scope string) bool { return !slices.Contains(scopes, scope) })
}
