package ginjwt

import (
	"context"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// observedBlocklist is a blocklist whose failures are events.
type observedBlocklist struct {
	list   store.Blocklist
	events *events
}

func (e *events) blocklist(list store.Blocklist) store.Blocklist {
	if e == nil {
		return list
	}
	return observedBlocklist{list, e}
}

func (b observedBlocklist) Add(ctx context.Context, id string, expires time.Time) error {
	start := time.Now()
	err := b.list.Add(ctx, id, expires)
	b.events.storeFailed(ctx, OperationBlocklistAdd, start, err)
	return err
}

func (b observedBlocklist) Contains(ctx context.Context, ids ...string) (bool, error) {
	start := time.Now()
	blocked, err := b.list.Contains(ctx, ids...)
	b.events.storeFailed(ctx, OperationBlocklistContains, start, err)
	return blocked, err
}

// observedSessions is a store of sessions whose failures are events.
type observedSessions struct {
	store  store.SessionStore
	events *events
}

func (e *events) sessions(s store.SessionStore) store.SessionStore {
	if e == nil {
		return s
	}
	return observedSessions{s, e}
}

func (o observedSessions) Create(ctx context.Context, s store.Session) (bool, error) {
	start := time.Now()
	created, err := o.store.Create(ctx, s)
	o.events.storeFailed(ctx, OperationSessionCreate, start, err)
	return created, err
}

func (o observedSessions) Get(ctx context.Context, id string) (store.Session, bool, error) {
	start := time.Now()
	s, ok, err := o.store.Get(ctx, id)
	o.events.storeFailed(ctx, OperationSessionGet, start, err)
	return s, ok, err
}

func (o observedSessions) Replace(ctx context.Context, old, next store.Session) (bool, error) {
	start := time.Now()
	replaced, err := o.store.Replace(ctx, old, next)
	o.events.storeFailed(ctx, OperationSessionReplace, start, err)
	return replaced, err
}

func (o observedSessions) Delete(ctx context.Context, id string) (bool, error) {
	start := time.Now()
	deleted, err := o.store.Delete(ctx, id)
	o.events.storeFailed(ctx, OperationSessionDelete, start, err)
	return deleted, err
}

func (o observedSessions) List(ctx context.Context, realm, identity string) ([]store.Session, error) {
	start := time.Now()
	sessions, err := o.store.List(ctx, realm, identity)
	o.events.storeFailed(ctx, OperationSessionList, start, err)
	return sessions, err
}
