// Package users has the users of both services. A real service has a table instead.
package users

import "crypto/subtle"

// User is a row of the table.
type User struct {
	ID   uint
	Name string
	Role string

	password string // a hash of it, in a real service
}

var table = []*User{
	{ID: 7, Name: "alice", Role: "admin", password: "wonderland"},
	{ID: 8, Name: "bob", Role: "user", password: "builder"},
}

// Find returns the user with this ID; nil if there is none.
func Find(id uint) *User {
	for _, user := range table {
		if user.ID == id {
			return user
		}
	}
	return nil
}

// Login returns the user with this name and password; nil if there is none.
func Login(name, password string) *User {
	for _, user := range table {
		if user.Name == name && subtle.ConstantTimeCompare([]byte(user.password), []byte(password)) == 1 {
			return user
		}
	}
	return nil
}
