// Package ent is the code that ent generates of the schema.
package ent

//go:generate go run -mod=mod entgo.io/ent/cmd/ent generate ./schema
