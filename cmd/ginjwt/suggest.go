package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/spelling"
)

// didYouMean returns "; did you mean …?" with the name that is most similar to typed, or
// "" if no name is similar.
func didYouMean(typed string, names []string) string {
	if name, ok := nearest(typed, names); ok {
		return fmt.Sprintf("; did you mean %q?", name)
	}
	return ""
}

func nearest(typed string, names []string) (name string, ok bool) {
	typed = strings.ToLower(typed)
	least := len(typed)/3 + 1 // up to a third of the letters can be wrong
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

// command returns a ginjwt command that users can copy. Operands can come from a file, so
// they are quoted for the shell, and come after "--" if one begins with a dash.
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
