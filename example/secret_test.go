package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newDataDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "some", "data")
	require.NoError(t, makeDataDir(dir))
	return dir
}

func TestSecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	secret, err := loadSecret(dir)
	require.NoError(t, err)
	assert.Len(t, secret, 86) // 64 bytes in base64
	again, err := loadSecret(dir)
	require.NoError(t, err)
	assert.Equal(t, secret, again)

	other, err := loadSecret(newDataDir(t))
	require.NoError(t, err)
	assert.NotEqual(t, secret, other)
}

func TestSecretIsPrivate(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	_, err := loadSecret(dir)
	require.NoError(t, err)
	path := filepath.Join(dir, "jwt-secret")
	for file, mode := range map[string]fs.FileMode{dir: 0o700, filepath.Dir(dir): 0o700, path: 0o600} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm(), file)
	}

	for _, mode := range []fs.FileMode{0o604, 0o640, 0o602} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = loadSecret(dir)
		require.EqualError(t, err, fmt.Sprintf("%s is open to other users (mode %04o): chmod 600 %[1]s", path, mode))
	}
	require.NoError(t, os.Chmod(path, 0o600))
	_, err = loadSecret(dir)
	require.NoError(t, err)

	require.NoError(t, os.Chmod(dir, 0o755))
	require.EqualError(t, makeDataDir(dir), dir+" is open to other users (mode 0755): chmod 700 "+dir)
}

func TestEmptySecretIsRefused(t *testing.T) {
	t.Parallel()
	dir := newDataDir(t)
	path := filepath.Join(dir, "jwt-secret")
	require.NoError(t, os.WriteFile(path, []byte("\n"), 0o600))
	_, err := loadSecret(dir)
	require.EqualError(t, err, path+" is empty: remove it to get a new secret")
}
