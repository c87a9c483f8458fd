// Package threats has no code, only tests: what attackers and accidents send to
// an application that uses ginjwt, and what it answers.
//
// The name of a subtest begins with the number of its entry in the list of
// threats, such as T045, and says what is sent. The tests use the public API
// and real requests, many of them raw bytes over a loopback connection.
package threats
