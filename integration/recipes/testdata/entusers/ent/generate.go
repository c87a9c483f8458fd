// Package ent is the client that ent generates from the schema. It is not kept here.
package ent

//go:generate go tool ent generate ./schema
