package main

import (
	"crypto/rand"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// bcrypt reads no more than 72 bytes. A longer password is refused rather
// than cut off.
const (
	minPassword = 8
	maxPassword = 72
	maxName     = 32
)

// validName takes names that are easy to tell apart and safe to show.
func validName(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	return name != "" && len(name) <= maxName && strings.Trim(name, allowed) == ""
}

func validPassword(password string) bool {
	return len(password) >= minPassword && len(password) <= maxPassword
}

// passwords hashes passwords and compares them with their hashes.
type passwords struct {
	cost  int
	decoy []byte // the hash of a password that nobody has
}

func newPasswords(cost int) (passwords, error) {
	decoy, err := bcrypt.GenerateFromPassword([]byte(rand.Text()), cost)
	return passwords{cost, decoy}, err
}

func (p passwords) hash(password string) ([]byte, error) {
	return bcrypt.GenerateFromPassword([]byte(password), p.cost)
}

// match reports whether hash is that of password. A nil hash, for a user who
// does not exist, takes as long as any other: who measures learns no names.
func (p passwords) match(hash []byte, password string) bool {
	possible := hash != nil && len(password) <= maxPassword
	if !possible {
		hash, password = p.decoy, ""
	}
	same := bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
	return possible && same
}
