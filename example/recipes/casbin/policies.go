package main

import (
	"context"
	_ "embed"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"
	"github.com/casbin/casbin/v3/persist"

	"github.com/gin-jwt-extended/ginjwt"
)

//go:embed model.conf
var modelText string

// policies decides with a copy of the policies in memory.
type policies struct {
	now    func() time.Time
	from   persist.Adapter
	maxAge time.Duration // of the copy; with an older copy nothing is allowed
	copied atomic.Pointer[policyCopy]
	oneAt  sync.Mutex // one reload at a time, so that an older copy never replaces a newer one
}

// policyCopy is never changed after it is stored.
type policyCopy struct {
	enforcer *casbin.Enforcer
	asOf     time.Time
}

// reload replaces the copy. If an error occurs, the previous copy stays.
func (p *policies) reload() error {
	p.oneAt.Lock()
	defer p.oneAt.Unlock()
	asOf := p.now() // before the policies are read
	rules, err := model.NewModelFromString(modelText)
	if err != nil {
		return err
	}
	enforcer, err := casbin.NewEnforcer(rules, p.from) // loads the policies
	if err != nil {
		return err
	}
	p.copied.Store(&policyCopy{enforcer, asOf})
	return nil
}

// follow reloads the policies until ctx ends.
func (p *policies) follow(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := p.reload(); err != nil {
				log.Printf("policies: %v", err)
			}
		}
	}
}

// allow reports whether a policy allows the action.
func (p *policies) allow(subject, kind, id, action string) (bool, error) {
	current := p.copied.Load()
	if current == nil || p.now().Sub(current.asOf) > p.maxAge {
		return false, fmt.Errorf("%w: the policies are too old", ginjwt.ErrUnavailable)
	}
	allowed, err := current.enforcer.Enforce(subject, kind, id, action)
	return allowed && err == nil, err
}
