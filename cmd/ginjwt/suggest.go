package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/spelling"
)

// didYouMean returns a question for the end of an error: the name that is the
// nearest to what was typed, if any is near.
func didYouMean(typed string, names []string) string {
	if name, ok := nearest(typed, names); ok {
		return fmt.Sprintf("; did you mean %q?", name)
	}
	return ""
}

func nearest(typed string, names []string) (name string, ok bool) {
	typed = strings.ToLower(typed)
	least := len(typed)/3 + 1 // a third of it may be wrong
	for _, candidate := range names {
		lower := strings.ToLower(candidate)
		d := spelling.Distance(typed, lower)
		if len(typed) >= 3 && strings.HasPrefix(lower, typed) {
			d = min(d, 1)
		}
		if d < least || d == least && name == "" {
			name, least = candidate, d
		}
	}
	return name, name != ""
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,=-]+$`)

// command returns a command of ginjwt to copy: its name, its operands and its
// flags. What comes from a file is quoted, so that no shell runs it, and what
// begins with a dash is no flag.
func command(name, flags string, operands ...string) string {
	dash := false
	for i, operand := range operands {
		dash = dash || strings.HasPrefix(operand, "-")
		if !plainWord.MatchString(operand) {
			operands[i] = "'" + strings.ReplaceAll(operand, "'", `'\''`) + "'"
		}
	}
	words := strings.Join(operands, " ")
	if flags == "" {
		flags = " "
	} else {
		flags = " " + flags + " "
	}
	if dash {
		return "ginjwt " + name + flags + "-- " + words
	}
	return strings.TrimRight("ginjwt "+name+" "+words+flags, " ")
}
