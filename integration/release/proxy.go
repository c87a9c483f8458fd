package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// served is what a module proxy has of a version.
type served struct {
	files int
	size  int64
}

// serve writes what a module proxy would serve of the committed tree into folder,
// in the layout of GOPROXY=file://folder (go.dev/ref/mod#goproxy-protocol).
func serve(ctx context.Context, folder, repository, version string) (served, error) {
	text, err := committed(ctx, repository, "go.mod")
	if err != nil {
		return served{}, err
	}
	if err := checkGoMod(text); err != nil {
		return served{}, err
	}
	if _, err := committed(ctx, repository, "LICENSE"); err != nil {
		return served{}, errors.New("there is no LICENSE: nobody may use the module")
	}
	at := filepath.Join(folder, filepath.FromSlash(modulePath), "@v")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return served{}, err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Now().UTC()})
	if err != nil {
		return served{}, err
	}
	for name, content := range map[string][]byte{"list": []byte(version + "\n"), version + ".info": info, version + ".mod": text} {
		if err := os.WriteFile(filepath.Join(at, name), content, 0o600); err != nil {
			return served{}, err
		}
	}
	return writeZip(filepath.Join(at, version+".zip"), repository, version)
}

// committed returns a file as it was committed.
func committed(ctx context.Context, repository, name string) ([]byte, error) {
	command := exec.CommandContext(ctx, "git", "show", "HEAD:"+name)
	command.Dir = repository
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s is not committed: %w", name, err)
	}
	return text, nil
}

// checkGoMod refuses what works here, but not for others: they ignore replace and
// exclude, and go install refuses both.
func checkGoMod(text []byte) error {
	file, err := modfile.Parse("go.mod", text, nil)
	switch {
	case err != nil:
		return err
	case file.Module == nil || file.Module.Mod.Path != modulePath:
		return errors.New("go.mod is not that of " + modulePath)
	case len(file.Replace) > 0:
		return fmt.Errorf("go.mod replaces %s: others would get another one, and go install refuses", file.Replace[0].Old.Path)
	case len(file.Exclude) > 0:
		return fmt.Errorf("go.mod excludes %s: go install refuses that", file.Exclude[0].Mod.Path)
	}
	return nil
}

// writeZip packs what is committed, without the modules in folders of their own.
func writeZip(path, repository, version string) (served, error) {
	file, err := os.Create(path)
	if err != nil {
		return served{}, err
	}
	defer file.Close()
	if err := modzip.CreateFromVCS(file, module.Version{Path: modulePath, Version: version}, repository, "HEAD", ""); err != nil {
		return served{}, fmt.Errorf("the zip of the module: %w", err)
	}
	packed, err := zip.OpenReader(path)
	if err != nil {
		return served{}, err
	}
	defer packed.Close()
	info, err := file.Stat()
	if err != nil {
		return served{}, err
	}
	return served{len(packed.File), info.Size()}, nil
}
