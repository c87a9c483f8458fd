package main

import (
	"fmt"
	"regexp"
	"strings"
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
		d := distance(typed, lower)
		if len(typed) >= 3 && strings.HasPrefix(lower, typed) {
			d = min(d, 1)
		}
		if d < least || d == least && name == "" {
			name, least = candidate, d
		}
	}
	return name, name != ""
}

// distance is that of Damerau and Levenshtein: how many letters must be added,
// removed, changed or swapped with their neighbour.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
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
