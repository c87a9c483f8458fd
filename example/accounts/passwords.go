package main

import (
	"crypto/rand"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

// bcrypt reads only 72 bytes. A longer password is refused, not cut off.
const (
	minPassword = 8  // characters
	maxPassword = 72 // bytes
)

// passwordProblem returns the problem with a new password, or "". In production also look the
// password up in a list of known passwords (NIST SP 800-63B §3.1.1.2).
func passwordProblem(password, repeated string) string {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return "A password has at least 8 characters."
	case len(password) > maxPassword:
		return "A password has at most 72 characters; letters with accents count as two, and signs of other scripts as up to four."
	case password != repeated:
		return "The two passwords are different. Type both again."
	}
	return ""
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

// match reports whether hash is the hash of password. An empty hash means that there is no user.
// It takes as long as any other hash, so that the time does not reveal which addresses exist.
func (p passwords) match(hash []byte, password string) bool {
	possible := len(hash) > 0 && len(password) <= maxPassword
	if !possible {
		hash, password = p.decoy, ""
	}
	same := bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
	return possible && same
}
