// Package doctor checks the settings of package ginjwt. [Diagnose] finds settings that
// InitApp refuses, that are insecure, or that have no effect, and says what to set
// instead. Use it at startup or in CI. The command ginjwt doctor prints the same
// findings.
package doctor

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt"
)

// Severity says how serious a [Finding] is. A larger value is more serious.
type Severity int

// The severities of findings.
const (
	Note    Severity = iota + 1 // has no effect, or could be better
	Warning                     // weakens the protection, or does not do what it seems to do
	Danger                      // lets an attacker in
	Refused                     // InitApp returns an error
)

// String returns "note", "warning", "danger" or, for Refused, "error".
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Danger:
		return "danger"
	case Refused:
		return "error"
	}
	return fmt.Sprintf("Severity(%d)", int(s))
}

// MarshalText returns String as bytes, for encoders such as encoding/json.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is a setting that you should change.
type Finding struct {
	Severity Severity
	Field    string // of Config, such as "CookieSameSite" or "Issuers[0].Audience"; empty if only Setting is known
	Setting  string // its JWT_… name; empty if it has none
	Problem  string // what is wrong, and why it matters
	Fix      string // what to set instead
}

// String returns the finding in one line, such as
//
//	warning: CookieSameSite (JWT_COOKIE_SAMESITE): problem. Fix.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s %s", f.Severity, f.name(), f.Problem, f.Fix)
}

// Diagnose returns settings that are insecure, contradictory or without effect. The
// most serious findings come first. Findings of the same severity are in the order of
// the fields. Each problem that InitApp would return is one finding with the severity
// Refused. Each of Config.Warnings is one finding with the severity Warning.
//
// Diagnose knows only the settings: a key that a DecodeKeyLoader returns counts as
// missing. It changes nothing, starts nothing, and shows no secret.
func Diagnose(c ginjwt.Config) []Finding {
	findings := slices.Concat(refusals(c), warnings(c), effective(c).findings())
	order := func(f Finding) int {
		field, _, _ := strings.Cut(f.Field, "[") // of Issuers[0].Name
		return slices.Index(configFields, field)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(order(a), order(b)))
	})
	return findings
}

// name returns the field, with its setting if it has one.
func (f Finding) name() string {
	switch {
	case f.Setting == "":
		return f.Field
	case f.Field == "":
		return f.Setting
	}
	return f.Field + " (" + f.Setting + ")"
}

// configFields are the names of the fields of Config, in order.
var configFields = fieldNames()

func fieldNames() (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[ginjwt.Config]()) {
		names = append(names, field.Name)
	}
	return names
}

// refusals returns a finding for each problem that InitApp would return.
func refusals(c ginjwt.Config) (findings []Finding) {
	for _, problem := range problemsIn(c.Validate()) {
		what, fix := splitAdvice(problem.Err.Error())
		findings = append(findings, finding(Refused, problem.Field, what, fix))
	}
	return findings
}

// warnings returns a finding for each warning of LoadConfig.
func warnings(c ginjwt.Config) (findings []Finding) {
	for _, w := range c.Warnings {
		field := ""
		if i := slices.IndexFunc(configFields, func(name string) bool { return ginjwt.SettingOf(name) == strings.TrimSuffix(w.Setting, "_FILE") }); i >= 0 {
			field = configFields[i]
		}
		findings = append(findings, Finding{Warning, field, w.Setting, sentence(w.Problem), sentence(w.Fix)})
	}
	return findings
}

// problemsIn returns the problems that are joined in err.
func problemsIn(err error) (found []*ginjwt.ConfigError) {
	switch err := err.(type) {
	case *ginjwt.ConfigError:
		return []*ginjwt.ConfigError{err}
	case interface{ Unwrap() []error }:
		for _, joined := range err.Unwrap() {
			found = append(found, problemsIn(joined)...)
		}
	}
	return found
}

// splitAdvice splits the text of an error at the first semicolon outside of brackets.
// What follows says what to do.
func splitAdvice(text string) (what, fix string) {
	for i := range text {
		before := text[:i]
		if strings.HasPrefix(text[i:], "; ") && strings.Count(before, "(") == strings.Count(before, ")") {
			return sentence(before), sentence(text[i+2:])
		}
	}
	return sentence(text), "Correct the value. InitApp refuses these settings."
}

// sentence turns the text of an error into a sentence.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func finding(severity Severity, field, what, fix string) Finding {
	return Finding{severity, field, ginjwt.SettingOf(field), what, fix}
}
