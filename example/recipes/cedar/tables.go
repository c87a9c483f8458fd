package main

import (
	"context"

	"github.com/cedar-policy/cedar-go"

	"github.com/gin-jwt-extended/ginjwt"
)

type user struct{ Roles []string }

type document struct {
	ID, Owner string
	Published bool
}

// tables stands for your database. An error means that it did not reply.
type tables struct {
	user     func(ctx context.Context, identity string) (any, error) // nil: there is no such user
	document func(ctx context.Context, id string) (d document, found bool, err error)
}

var exampleTables = tables{
	user: func(_ context.Context, identity string) (any, error) {
		users := map[string]*user{"alice": {Roles: []string{"editor"}}, "bob": {}, "carol": {Roles: []string{"viewer"}}}
		if found := users[identity]; found != nil {
			return found, nil
		}
		return nil, nil
	},
	document: func(_ context.Context, id string) (document, bool, error) {
		documents := map[string]document{"17": {ID: "17", Owner: "bob"}, "18": {ID: "18", Owner: "alice", Published: true}}
		d, found := documents[id]
		return d, found, nil
	},
}

// principalOf returns the user of a token, with the roles that the database has now.
func principalOf(token *ginjwt.Token, u *user) cedar.Entity {
	var parents []cedar.EntityUID
	for _, name := range u.Roles {
		parents = append(parents, role(name))
	}
	return cedar.Entity{
		UID:     cedar.NewEntityUID("User", cedar.String(token.Identity)),
		Parents: cedar.NewEntityUIDSet(parents...),
	}
}

func (d document) entity() cedar.Entity {
	return cedar.Entity{
		UID: cedar.NewEntityUID("Document", cedar.String(d.ID)),
		Attributes: cedar.NewRecord(cedar.RecordMap{
			"owner":     cedar.NewEntityUID("User", cedar.String(d.Owner)),
			"published": cedar.Boolean(d.Published),
		}),
	}
}
