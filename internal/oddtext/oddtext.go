// Package oddtext recognises secrets, keys and settings that were damaged on their way into
// the configuration: by copying, editors, shells or other programming languages.
//
// No function returns true for random bytes, or for their base64 or hexadecimal form, so
// that no good secret causes a warning or an error. The calling packages say what a result
// means and what to do about it.
package oddtext

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	python      = regexp.MustCompile(`(?s)^\s*[bBrRuUfF]{1,2}(?:'.*'|".*")\s*$`)
	pythonByte  = regexp.MustCompile(`\\x[0-9a-fA-F]{2}`)
	lastComment = regexp.MustCompile(`\S\s+#`)
	comment     = regexp.MustCompile(`^\s+#`)
	placeholder = regexp.MustCompile(`^(\$\{[ -|~\p{L}]*\}|\$[A-Za-z_][A-Za-z0-9_]*|\{\{[ -~\p{L}]*\}\}|<[ -=?-~\p{L}]*>)$`)
)

// isText distinguishes text from random bytes, which are rarely valid UTF-8 without control
// characters. It allows any white space.
func isText(s string) bool {
	isControl := func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }
	return utf8.ValidString(s) && !strings.ContainsFunc(s, isControl)
}

// quotes are the pairs of quotation marks.
var quotes = [][2]string{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"\u201c", "\u201d"}, {"\u2018", "\u2019"}}

// InQuotes reports whether s is one quoted text. A comment may follow, and white space may
// be around it.
func InQuotes(s string) bool {
	trimmed := strings.TrimSpace(s)
	for _, marks := range quotes {
		if inner, ok := strings.CutPrefix(trimmed, marks[0]); ok {
			_, behind, closed := strings.Cut(inner, marks[1])
			return closed && (behind == "" || comment.MatchString(behind)) && isText(s)
		}
	}
	return false
}

// Unquote removes the quotation marks at the beginning and end of s. ok is false if there
// are none.
func Unquote(s string) (inner string, ok bool) {
	for _, marks := range quotes {
		if len(s) >= len(marks[0])+len(marks[1]) && strings.HasPrefix(s, marks[0]) && strings.HasSuffix(s, marks[1]) {
			return s[len(marks[0]) : len(s)-len(marks[1])], true
		}
	}
	return s, false
}

// IsPython reports whether s is how Python writes text or bytes: letters such as b, and
// quotes.
func IsPython(s string) bool { return python.MatchString(s) && isText(s) }

// HasPythonBytes reports whether s holds bytes as Python writes them, such as \xf9.
func HasPythonBytes(s string) bool { return pythonByte.MatchString(s) && isText(s) }

// EndsInComment reports whether s ends in what other readers take for a comment.
func EndsInComment(s string) bool { return lastComment.MatchString(s) && isText(s) }

// EndsInLineBreak reports whether a text ends in a line break.
func EndsInLineBreak(s string) bool { return strings.TrimRight(s, "\r\n") != s && isText(s) }

// HasBlanksAround reports whether a text begins or ends with white space, including line
// breaks.
func HasBlanksAround(s string) bool { return strings.TrimSpace(s) != s && isText(s) }

// CutLineEnd returns the secret in a file: its content without one line break, LF or CR LF,
// at the end. It removes nothing else, because a binary secret may end in any byte.
func CutLineEnd(file string) string {
	if line, ok := strings.CutSuffix(file, "\n"); ok {
		return strings.TrimSuffix(line, "\r")
	}
	return file
}

// HasByteOrderMark reports whether a text begins with a byte order mark in UTF-8.
func HasByteOrderMark(s string) bool { return strings.HasPrefix(s, "\ufeff") && isText(s) }

// IsUTF16 reports whether s is UTF-16 text that is mostly ASCII, in either byte order, with
// or without a byte order mark: in most units one byte is zero, and the other is not. A byte
// order mark alone is no evidence, because random bytes may begin with it.
func IsUTF16(s string) bool {
	var zeros [2]int // in even and in odd places
	for i := range len(s) {
		if s[i] == 0 {
			zeros[i%2]++
		}
	}
	units := len(s) / 2
	return units >= 4 && min(zeros[0], zeros[1]) == 0 && 4*max(zeros[0], zeros[1]) >= 3*units
}

// IsPlaceholder reports whether s is the name of a variable, in the syntax of a shell or a
// template, that was not replaced by its value.
func IsPlaceholder(s string) bool { return placeholder.MatchString(s) }

var (
	// pathBeginning matches beginnings that only paths have. A slash alone is not enough,
	// because base64 may begin with it.
	pathBeginning = regexp.MustCompile(`^(?:file:|~/|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\|@/|\$\{?[A-Za-z_]+\}?/|` +
		`/(?:etc|run|var|home|usr|opt|app|mnt|tmp|root|srv|data|secrets?|keys?|config|vault|Users)/)`)

	// smallPath matches a path of two names or more without a capital letter. A secret in
	// base64 has some.
	smallPath = regexp.MustCompile(`^(?:/[a-z0-9._-]+){2,}$`)
)

// keyFileEndings are those of the names of files with keys.
var keyFileEndings = []string{".pem", ".key", ".pub", ".crt", ".cer", ".cert", ".der", ".p8", ".pk8", ".p12", ".pfx", ".jks", ".jwk", ".jwks", ".json", ".ppk", ".txt", ".asc", ".secret"}

// IsPath reports whether s looks like the path of a file. It does not ask for the file.
func IsPath(s string) bool {
	const longest = 4096 // PATH_MAX of Linux
	if len(s) > longest || strings.ContainsAny(s, "\n\r") || !isText(s) {
		return false
	}
	isKeyFile := slices.Contains(keyFileEndings, strings.ToLower(path.Ext(s))) && !strings.ContainsAny(s, `"{}`)
	return isKeyFile || pathBeginning.MatchString(s) || smallPath.MatchString(s)
}
