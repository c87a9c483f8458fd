// Package schema describes the tables of the application.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// User is a user of the application.
type User struct{ ent.Schema }

// Fields returns the columns.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("id"),
		field.String("password_hash").Sensitive(),
		field.Int("token_version").Default(1),
	}
}
