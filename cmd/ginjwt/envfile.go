package main

import (
	"fmt"
	"regexp"
	"strings"
)

// envFile has the variables of a .env file, and remarks on lines that other programs read
// differently.
type envFile struct {
	values   environment
	notes    []string // differences of docker run and of shells
	warnings []string // values that other programs read differently
}

var (
	envName  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	exported = regexp.MustCompile(`^\s*export\s+`)
	comment  = regexp.MustCompile(`[ \t]#`)
	expanded = regexp.MustCompile(`(^|[^\\])[$` + "`" + `]`)
	inDouble = regexp.MustCompile(`^(?:[^\\]|\\[^$abfv])*\\[$abfv]`) // an escape that python-dotenv reads differently
	forShell = regexp.MustCompile(`[\s\\'"&|;<>()]`)                 // characters that a shell interprets
)

// parseEnvFile reads the KEY=value lines of a .env file. A line can begin with "export".
// Values in '…' are literal. Values in "…" can contain \n, \t, \" and \\, and can span
// several lines. # begins a comment. Nothing is expanded. The notes and warnings name
// lines that docker run --env-file, docker compose, a shell or python-dotenv read
// differently. Errors name the line, and never show a value.
func parseEnvFile(text string) (envFile, error) {
	file := envFile{values: environment{}}
	if strings.Contains(text, "\r\n") {
		file.notes = append(file.notes, "the lines end in CRLF, as on Windows; a shell that reads the file adds the carriage returns to the values")
	}
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	for number := 1; text != ""; {
		line, rest, _ := strings.Cut(text, "\n")
		name, value, found := strings.Cut(line, "=")
		before := name
		name = strings.TrimSpace(exported.ReplaceAllString(name, ""))
		switch {
		case strings.TrimSpace(line) == "", strings.HasPrefix(strings.TrimSpace(line), "#"):
			text = rest
			number++
			continue
		case !found || !envName.MatchString(name):
			return file, fmt.Errorf("line %d: is not KEY=value", number)
		}
		// a value in quotes can continue on the next lines
		read, used, err := envValue(value, text[len(line)-len(value):])
		if err != nil {
			return file, fmt.Errorf("line %d: %s: %w", number, name, err)
		}
		start := len(line) - len(value)
		file.note(number, name, before, text[start:start+used], read)
		file.values[name] = read
		number += strings.Count(text[:start+used], "\n") + 1
		text = strings.TrimPrefix(text[start+used:], "\n")
	}
	return file, nil
}

// envValue reads the value at the beginning of line. rest is the file from there on, and
// used is the number of bytes that belong to the value.
func envValue(line, rest string) (value string, used int, err error) {
	blanks := len(line) - len(strings.TrimLeft(line, " \t"))
	quoted := rest[blanks:]
	if quoted == "" || quoted[0] != '"' && quoted[0] != '\'' {
		if comment := comment.FindStringIndex(line); comment != nil {
			return strings.TrimSpace(line[:comment[0]]), len(line), nil
		}
		return strings.TrimSpace(line), len(line), nil
	}
	value, length, ok := unquote(quoted)
	if !ok {
		return "", 0, fmt.Errorf("the quote %c is not closed", quoted[0])
	}
	used = blanks + length
	after, _, _ := strings.Cut(rest[used:], "\n")
	if tail := strings.TrimSpace(after); tail != "" && tail[0] != '#' {
		return "", 0, fmt.Errorf("there is text after the closing quote")
	}
	return value, used + len(after), nil
}

// unquote reads the quoted text at the beginning of s.
func unquote(s string) (value string, length int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return b.String(), i + 1, true
		case c == '\\' && s[0] == '"' && i+1 < len(s):
			i++
			b.WriteString(unescaped(s[i]))
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, false
}

func unescaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case '"', '\\', '$', '\'':
		return string(rune(c))
	}
	return `\` + string(rune(c))
}

// note adds the remarks on a line with a JWT_ setting. before is the text before the "=",
// and behind is the text after it.
func (f *envFile) note(number int, name, before, behind, read string) {
	say := func(list *[]string, text string) {
		*list = append(*list, fmt.Sprintf("line %d: %s%s", number, name, text))
	}
	if _, twice := f.values[name]; twice {
		say(&f.notes, " is set again; the last value counts")
	}
	if !strings.HasPrefix(name, "JWT_") {
		return
	}
	if strings.TrimLeft(before, " \t") != name {
		say(&f.notes, `: docker run --env-file does not accept "export" or blanks before the "="`)
	}
	written := strings.TrimSpace(behind)
	switch {
	case written == read && behind != read:
		say(&f.notes, ": blanks around the value were removed; docker run --env-file keeps them")
	case written != read:
		say(&f.notes, ": quotes and comments were removed; docker run --env-file keeps them in the value")
	}
	if isOtherInDotenv(written, read) {
		say(&f.warnings, ": has a backslash or a ${…} that python-dotenv, which Flask uses, reads differently; use another value, or set it in another way")
	}
	switch plain := unprotected(written, read); {
	case expanded.MatchString(plain):
		say(&f.warnings, ": has a $ or a ` outside of '…': docker compose and shells replace it, and docker run does not; write '…' around the value, or use another value")
	case plain == read && forShell.MatchString(read):
		say(&f.notes, ": a shell that reads the file gets another value, because the value has no quotes")
	}
}

// isOtherInDotenv reports whether python-dotenv reads a value in quotes differently: in
// '…' it replaces ${…}, and reads \\ as one backslash.
func isOtherInDotenv(written, read string) bool {
	switch written[:min(1, len(written))] {
	case "'":
		return strings.Contains(read, `\\`) || strings.HasSuffix(read, `\`) || strings.Contains(read, "${")
	case `"`:
		return inDouble.MatchString(unprotected(written, read))
	}
	return false
}

// unprotected returns the part of a value that is not in '…', as it is written.
func unprotected(written, read string) string {
	switch written[:min(1, len(written))] {
	case "'":
		return ""
	case `"`:
		_, length, _ := unquote(written)
		return written[:length]
	}
	return read
}
