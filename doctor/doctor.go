// Package doctor looks over the settings of package ginjwt, for start-up and CI
// alike: [Diagnose] explains what is refused, what is insecure, and what does
// nothing, each with what to write instead. The command ginjwt doctor prints the
// same.
package doctor

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt"
)

// Severity says how urgent a [Finding] is. More is worse.
type Severity int

// The severities of findings.
const (
	Note    Severity = iota + 1 // useless, or better in another way
	Warning                     // weakens the protection, or works differently than it looks
	Danger                      // lets others in, or opens what should be shut
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

// MarshalText is String, for encoders.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is something in the settings that is better changed.
type Finding struct {
	Severity Severity
	Field    string // of Config, such as "CookieSameSite" or "Issuers[0].Audience"; empty if only Setting is known
	Setting  string // its JWT_… name; empty where there is none
	Problem  string // what is wrong, and what an attacker or a user would notice
	Fix      string // what to write instead
}

// String returns the finding in one line, such as
//
//	warning: CookieSameSite (JWT_COOKIE_SAMESITE): problem. Fix.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s %s", f.Severity, f.name(), f.Problem, f.Fix)
}

// Diagnose explains what in the settings is insecure, contradictory or
// useless, the most severe first, then in the order of the fields. What InitApp
// would refuse is Refused, one finding for each of its problems. Each of
// Config.Warnings is a Warning.
//
// It knows the settings only: a key that a DecodeKeyLoader brings is missing
// here. It changes nothing, starts nothing, and shows no secret.
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

// name is the field, with its setting if it has one.
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

// refusals returns what InitApp refuses.
func refusals(c ginjwt.Config) (findings []Finding) {
	for _, problem := range problemsIn(c.Validate()) {
		what, fix := splitAdvice(problem.Err.Error())
		findings = append(findings, finding(Refused, problem.Field, what, fix))
	}
	return findings
}

// warnings returns what LoadConfig found.
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

// splitAdvice splits an error at the semicolon, outside of brackets, after which
// it says what to do.
func splitAdvice(text string) (what, fix string) {
	for i := range text {
		before := text[:i]
		if strings.HasPrefix(text[i:], "; ") && strings.Count(before, "(") == strings.Count(before, ")") {
			return sentence(before), sentence(text[i+2:])
		}
	}
	return sentence(text), "Correct it: InitApp refuses these settings."
}

// sentence makes one of the text of an error.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func finding(severity Severity, field, what, fix string) Finding {
	return Finding{severity, field, ginjwt.SettingOf(field), what, fix}
}
