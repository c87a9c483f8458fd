package ginjwt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxFile bounds a file with a key or a secret.
const maxFile = 1 << 20

// inFile reads a value from a file, as Docker and Kubernetes hand out secrets. A
// line break at its end is not a part of it.
func inFile(set func(*Config, string) error) func(*Config, string) error {
	return func(c *Config, path string) error {
		if path == "" {
			return errEmptyValue
		}
		value, err := readFile(path)
		if err != nil {
			return err
		}
		return set(c, strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r"))
	}
}

// readFile names no path in its errors: what stands there by mistake may be the
// secret itself.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the file cannot be opened: %w", causeOf(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file cannot be read: %w", causeOf(err))
	case len(text) > maxFile:
		return "", fmt.Errorf("the file has more than %d bytes", maxFile)
	case len(text) == 0:
		return "", errors.New("the file is empty")
	}
	return string(text), nil
}

// causeOf returns err without the path in it.
func causeOf(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return errors.New("it is not there, or not to be read")
}
