package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// makeDataDir makes the directory of the database and the secret. Both are
// nobody's business but ours.
func makeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return private(dir, info, "700")
}

// private refuses what others may read or write. On Windows the mode says
// nothing about that.
func private(path string, info fs.FileInfo, mode string) error {
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("%s is open to other users (mode %04o): chmod %s %[1]s", path, info.Mode().Perm(), mode)
}

// loadSecret returns the secret in dir, and makes it on the first start.
func loadSecret(dir string) (string, error) {
	path := filepath.Join(dir, "jwt-secret")
	err := createSecret(path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return readSecret(path)
}

// createSecret fails with fs.ErrExist rather than write over a secret: that
// would log out everybody.
func createSecret(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, newSecret()+"\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // half a secret is none
	}
	return nil
}

// newSecret has the 64 bytes that the strongest of the algorithms, HS512,
// asks for.
func newSecret() string {
	var secret [64]byte
	_, _ = rand.Read(secret[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// readSecret looks at the mode of the file that it has open, not of what may
// be at path a moment later.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if err := private(path, info, "600"); err != nil {
		return "", err
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(b))
	if secret == "" {
		return "", fmt.Errorf("%s is empty: remove it to get a new secret", path)
	}
	return secret, nil
}
