package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// writeProxy writes the files of a module proxy with one version of one module. It returns
// the size of the zip and the number of files in it.
func writeProxy(dir string, s source, path, version string) (size int64, files int, err error) {
	escaped, err := module.EscapePath(path)
	if err != nil {
		return 0, 0, err
	}
	dir = filepath.Join(dir, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, 0, err
	}
	if err := writeFacts(dir, s, version); err != nil {
		return 0, 0, err
	}
	return writeZip(filepath.Join(dir, version+".zip"), s, module.Version{Path: path, Version: version})
}

// writeFacts writes all files of the proxy except the zip.
func writeFacts(dir string, s source, version string) error {
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{version, s.time.UTC()})
	if err != nil {
		return err
	}
	goMod, err := os.ReadFile(filepath.Join(s.dir, "go.mod"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "list"), []byte(version+"\n"), 0o644),
		os.WriteFile(filepath.Join(dir, version+".info"), info, 0o644),
		os.WriteFile(filepath.Join(dir, version+".mod"), goMod, 0o644),
	)
}

func writeZip(name string, s source, m module.Version) (size int64, files int, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, 0, err
	}
	if err := errors.Join(zip.CreateFromDir(f, m, s.dir), f.Close()); err != nil {
		return 0, 0, err
	}
	checked, err := zip.CheckZip(m, name)
	if err != nil {
		return 0, 0, err
	}
	stat, err := os.Stat(name)
	if err != nil {
		return 0, 0, err
	}
	return stat.Size(), len(checked.Valid), nil
}
