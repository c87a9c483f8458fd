package main

import (
	"fmt"
	"sync/atomic"

	"github.com/cedar-policy/cedar-go"
)

// policies decides with policies that can be replaced at run time.
type policies struct {
	current atomic.Pointer[cedar.PolicySet]
}

// replace replaces all policies together. If the text cannot be parsed, the previous
// policies stay.
func (p *policies) replace(text []byte) error {
	parsed, err := cedar.NewPolicySetFromBytes("policies.cedar", text)
	if err == nil {
		p.current.Store(parsed)
	}
	return err
}

// allow reports whether the policies allow the action. Cedar skips a policy that fails. This
// policy may be a forbid, so allow returns an error if any policy fails.
func (p *policies) allow(principal cedar.Entity, action cedar.String, resource cedar.Entity, context cedar.RecordMap) (bool, error) {
	entities := cedar.EntityMap{principal.UID: principal, resource.UID: resource}
	for _, role := range roles {
		entities[role.UID] = role
	}
	decision, why := cedar.Authorize(p.current.Load(), entities, cedar.Request{
		Principal: principal.UID,
		Action:    cedar.NewEntityUID("Action", action),
		Resource:  resource.UID,
		Context:   cedar.NewRecord(context),
	})
	if len(why.Errors) > 0 {
		return false, fmt.Errorf("policy %s: %s", why.Errors[0].PolicyID, why.Errors[0].Message)
	}
	return decision == cedar.Allow, nil
}

// roles are the roles, and which role includes which: a parent has fewer rights.
var roles = []cedar.Entity{
	{UID: role("editor"), Parents: cedar.NewEntityUIDSet(role("viewer"))},
	{UID: role("viewer")},
}

func role(name string) cedar.EntityUID { return cedar.NewEntityUID("Role", cedar.String(name)) }
