package main

import (
	"crypto/rand"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

// bcrypt reads only 72 bytes. A longer password is refused, not cut off.
const (
	minPassword = 8  // characters
	maxPassword = 72 // bytes
	maxName     = 32
)

// validName accepts names that are easy to distinguish and safe to show.
func validName(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
	return name != "" && len(name) <= maxName && strings.Trim(name, allowed) == ""
}

// passwordProblem returns a message for the user that tells what is wrong with a new
// password; empty: nothing.
func passwordProblem(password string) string {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return "A password has at least 8 characters"
	case len(password) > maxPassword:
		return "A password has at most 72 characters; letters with accents count as two, and characters of other scripts as up to four"
	}
	return ""
}

// passwords hashes passwords and compares passwords with hashes.
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

// match reports whether hash is the hash of password. A nil hash, for a user who does not
// exist, takes as long as any other: the response time does not tell which names exist.
func (p passwords) match(hash []byte, password string) bool {
	possible := hash != nil && len(password) <= maxPassword
	if !possible {
		hash, password = p.decoy, ""
	}
	same := bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil
	return possible && same
}
