package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a mistake on the command line. It does not repeat a word that may be a
// secret in the wrong place, because CI logs contain the errors.
type usageError struct{ message, hint string }

// mayBeSecret reports whether a word looks like a secret or a token, rather than a name
// or a path.
func mayBeSecret(word string) bool {
	if len(word) < 20 || strings.ContainsAny(word, ` /\`) {
		return false
	}
	dots, digits := strings.Count(word, "."), strings.ContainsAny(word, "0123456789")
	return len(word) > 40 && dots != 1 || dots == 0 && digits
}

// repeatable returns word, or "…" if word may be a secret.
func repeatable(word string) string {
	if mayBeSecret(word) {
		return "…"
	}
	return word
}

func (e *usageError) Error() string { return e.message }

func usage(c *cobra.Command, format string, args ...any) error {
	for i, arg := range args {
		if word, ok := arg.(string); ok {
			args[i] = repeatable(word)
		}
	}
	return &usageError{
		message: fmt.Sprintf(format, args...),
		hint:    fmt.Sprintf("see: %s --help", c.CommandPath()),
	}
}

// hintedError is an error with a hint on what to do next.
type hintedError struct {
	error
	hint string
}

func (e hintedError) Unwrap() error { return e.error }

// hint adds to err what to do about it.
func hint(err error, format string, args ...any) error {
	return hintedError{err, fmt.Sprintf(format, args...)}
}

// answered is the exit status of a command that has printed its result.
type answered int

func (s answered) Error() string { return "" }

// status prints err and returns the status to exit with.
func (a *app) status(err error) int {
	var own answered
	var wrong *usageError
	var hinted hintedError
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &own):
		return int(own)
	case errors.As(err, &wrong):
		a.complain(wrong)
		a.err.line("%s", wrong.hint)
		return statusUsage
	case errors.As(err, &hinted):
		a.complain(err)
		a.err.line("%s", hinted.hint)
		return statusFailure
	}
	a.complain(err)
	return statusFailure
}

// delivered returns the exit status: statusFailure if the output could not be written
// completely, so that nobody mistakes a part of it for success.
func (a *app) delivered(status int) int {
	if a.out.err == nil {
		return status
	}
	a.complain(fmt.Errorf("standard output: %w; the output is incomplete", unwrapped(a.out.err)))
	return statusFailure
}

// unwrapped removes the system call and the file name from an error.
func unwrapped(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// complain prints an error, or each of the errors that are joined in it.
func (a *app) complain(err error) {
	for _, err := range flatten(err) {
		a.err.line("%s %s", a.err.red("ginjwt:"), strings.TrimPrefix(err.Error(), "ginjwt: "))
	}
}

// flatten returns the errors that are joined in err, and nothing for nil.
func flatten(err error) (all []error) {
	if err == nil {
		return nil
	}
	var hinted hintedError
	if errors.As(err, &hinted) {
		err = hinted.error
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || !strings.Contains(err.Error(), "\n") {
		return []error{err}
	}
	for _, err := range joined.Unwrap() {
		all = append(all, flatten(err)...)
	}
	return all
}

// warn prints a warning.
func (a *app) warn(format string, args ...any) {
	a.err.line("%s %s", a.err.yellow("warning:"), fmt.Sprintf(format, args...))
}
