package ginjwt

import (
	"strconv"
	"strings"
)

// This file writes names into lines, so that no name is taken for anything else.

// words joins names.
func words(names []string, separator string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = word(name)
	}
	return strings.Join(quoted, separator)
}

// word returns a name, in quotes if it could be taken for something else in a line.
func word(name string) string {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/:*._-#()?=%@~$!{}[]", c) >= 0:
		default:
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}
