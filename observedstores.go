package ginjwt

import (
	"context"
	"errors"
	"time"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// observedBlocklist is a blocklist that reports its failures as events.
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

// ContainsNow calls Contains if the list has no ContainsNow.
func (b observedBlocklist) ContainsNow(ctx context.Context, ids ...string) (bool, error) {
	current, ok := store.CurrentOf(b.list)
	if !ok {
		return b.Contains(ctx, ids...)
	}
	start := time.Now()
	blocked, err := current.ContainsNow(ctx, ids...)
	b.events.storeFailed(ctx, OperationBlocklistContains, start, err)
	return blocked, err
}

func (b observedBlocklist) AddMany(ctx context.Context, entries []store.Revocation) error {
	adder, ok := store.AdderOf(b.list)
	if !ok {
		return errors.ErrUnsupported // not called: Self returns nil then
	}
	start := time.Now()
	err := adder.AddMany(ctx, entries)
	b.events.storeFailed(ctx, OperationBlocklistAdd, start, err)
	return err
}

// Self returns nil if the list has no AddMany.
func (b observedBlocklist) Self() any {
	if _, ok := store.AdderOf(b.list); !ok {
		return nil
	}
	return b
}

// observedOnce is a store of used IDs that reports its failures as events.
type observedOnce struct {
	once   store.Once
	events *events
}

func (e *events) once(o store.Once) store.Once {
	if e == nil {
		return o
	}
	return observedOnce{o, e}
}

func (o observedOnce) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	start := time.Now()
	first, err := o.once.Claim(ctx, id, until)
	o.events.storeFailed(ctx, OperationOnceClaim, start, err)
	return first, err
}

// observedSessions is a store of sessions that reports its failures as events.
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

func (o observedSessions) DeleteMany(ctx context.Context, sessions []store.Session) error {
	deleter, ok := store.DeleterOf(o.store)
	if !ok {
		return errors.ErrUnsupported // not called: Self returns nil then
	}
	start := time.Now()
	err := deleter.DeleteMany(ctx, sessions)
	o.events.storeFailed(ctx, OperationSessionDelete, start, err)
	return err
}

// Self returns nil if the store has no DeleteMany.
func (o observedSessions) Self() any {
	if _, ok := store.DeleterOf(o.store); !ok {
		return nil
	}
	return o
}
