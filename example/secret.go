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

// makeDataDir creates the directory of the database and the secret. Other users of the
// machine must not read it.
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

// private returns an error if other users may read or write a file. On Windows the mode
// does not tell.
func private(path string, info fs.FileInfo, mode string) error {
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return fmt.Errorf("%s is open to other users (mode %04o): chmod %s %[1]s", path, info.Mode().Perm(), mode)
}

// loadSecret returns the secret in dir. It creates one at the first start.
func loadSecret(dir string) (string, error) {
	path := filepath.Join(dir, "jwt-secret")
	err := createSecret(path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return readSecret(path)
}

// createSecret fails with fs.ErrExist if there is a secret: a new one would log everybody
// out.
func createSecret(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, newSecret()+"\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path)) // leave no half-written secret
	}
	return nil
}

// newSecret returns a secret of 64 random bytes, which is enough for HS512.
func newSecret() string {
	var secret [64]byte
	_, _ = rand.Read(secret[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// readSecret checks the mode of the open file, because path may name another file a
// moment later.
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
