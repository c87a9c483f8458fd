package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// The maximum sizes of input.
const (
	largestToken = 1 << 20
	largestFile  = 1 << 20
)

// readFile reads a file, or standard input for "-".
func (a *app) readFile(path string) ([]byte, error) {
	if path == "-" {
		return a.readInput(largestFile)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, tidy(err)
	}
	defer file.Close()
	return readAll(file, path, largestFile)
}

// readInput reads standard input. A second call fails.
func (a *app) readInput(most int64) ([]byte, error) {
	if a.inputRead {
		return nil, errors.New("standard input can be read only once; put one of the two inputs in a file")
	}
	a.inputRead = true
	return readAll(a.stdin, "standard input", most)
}

func readAll(r io.Reader, name string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case errors.As(err, new(*os.PathError)):
		return nil, tidy(err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case int64(len(text)) > most:
		return nil, fmt.Errorf("%s: is larger than 1 MiB", name)
	}
	return text, nil
}

// tidy removes the system call from an error about a file. It also removes a name that
// is perhaps not a file name but a secret.
func tidy(err error) error {
	var pathError *os.PathError
	switch {
	case !errors.As(err, &pathError):
		return err
	case errors.Is(err, os.ErrNotExist), len(pathError.Path) > longestName:
		return fmt.Errorf("%s: %w", repeatable(pathError.Path), pathError.Err)
	}
	return fmt.Errorf("%s: %w", pathError.Path, pathError.Err)
}

// longestName is the maximum length of a file name.
const longestName = 255

// readToken returns the token of the argument, or from standard input.
func (a *app) readToken(args []string) (string, error) {
	text := ""
	if len(args) > 0 && args[0] != "-" {
		text = args[0]
		if _, err := os.Stat(text); err == nil {
			return "", hint(fmt.Errorf("%s: is a file, not a token", text), "read it from standard input: < %s", text)
		}
		if isTerminal(a.err.w) {
			a.err.line("%s", a.err.faint("note: your shell keeps the token in its history; on standard input it would not"))
		}
	} else {
		line, err := a.readTokenText()
		if err != nil {
			return "", err
		}
		text = line
	}
	if len(text) > largestToken {
		return "", errors.New("the token is larger than 1 MiB")
	}
	text = cleanToken(text)
	if text == "" {
		return "", hint(errors.New("there is no token"), "give it as the argument, or on standard input: ginjwt inspect < token.txt")
	}
	return text, nil
}

// readTokenText reads standard input to its end, or one line of a terminal.
func (a *app) readTokenText() (string, error) {
	if !isTerminal(a.stdin) {
		text, err := a.readInput(largestToken + 1024)
		return string(text), err
	}
	a.err.line("%s", a.err.faint("Paste the token, then press Enter:"))
	line, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err == io.EOF {
		err = nil
	}
	return line, err
}

// cleanToken removes what is often copied or saved with a token: blanks, quotes, the
// words of the Authorization header, and a byte order mark.
func cleanToken(text string) string {
	const around = " \t\r\n\"'`,;\ufeff"
	text = strings.Trim(text, around)
	for _, word := range []string{"authorization:", "bearer", "dpop:", "dpop"} {
		if len(text) > len(word) && strings.EqualFold(text[:len(word)], word) && strings.ContainsAny(text[len(word)-1:len(word)+1], ": \t") {
			text = strings.Trim(text[len(word):], around)
		}
	}
	return text
}
