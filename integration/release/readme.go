package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// firstScreen is what the README asks a newcomer to do.
type firstScreen struct {
	program string   // the source of a main.go
	session []answer // commands to the running program, and their output
}

type answer struct{ command, output string }

var (
	block      = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	linkToMain = regexp.MustCompile(`\]\(([\w./-]*/main\.go)\)`)
)

// readFirstScreen finds the first program of the README and the first session of curl
// commands.
func readFirstScreen(dir string) (s firstScreen, err error) {
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		return s, err
	}
	blocks := block.FindAllStringSubmatch(string(readme), -1)
	for _, block := range blocks {
		language, text := block[1], block[2]
		switch {
		case s.program == "" && language == "go" && strings.HasPrefix(text, "package main\n"):
			s.program = text
		case s.session == nil && strings.Contains(text, "\n$ curl "), s.session == nil && strings.HasPrefix(text, "$ curl "):
			s.session = parseSession(text)
		}
	}
	if s.program == "" {
		s.program, err = linkedProgram(dir, string(readme))
	}
	if err == nil && s.session == nil {
		err = errors.New("README.md has no block with a session of curl")
	}
	return s, err
}

// linkedProgram returns the first main.go that the README links to, for a README that shows
// only a part of the program.
func linkedProgram(dir, readme string) (string, error) {
	link := linkToMain.FindStringSubmatch(readme)
	if link == nil {
		return "", errors.New("README.md neither has a block of Go that begins with package main nor links to a main.go")
	}
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(link[1])))
	return string(text), err
}

// parseSession reads commands ("$ …"), their continuation lines ("> …") and output. It
// ignores empty lines and lines that begin with "# ".
func parseSession(text string) (answers []answer) {
	for line := range strings.Lines(text) {
		last := len(answers) - 1
		switch command, typed := strings.CutPrefix(line, "$ "); {
		case typed:
			answers = append(answers, answer{command: strings.TrimSpace(command)})
		case line == "\n" || strings.HasPrefix(line, "# ") || last < 0:
		case strings.HasPrefix(line, "> "):
			answers[last].command += "\n" + strings.TrimSpace(line[2:])
		default:
			answers[last].output += line
		}
	}
	return answers
}
