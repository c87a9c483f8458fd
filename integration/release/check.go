package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// check returns every reason not to release the tree as this version.
func (s source) check(ctx context.Context, version string) error {
	file, err := s.module()
	if err != nil {
		return err
	}
	err = errors.Join(
		checkVersion(file.Module.Mod.Path, version),
		checkDirectives(file),
		s.checkFiles(),
		s.checkLicense(),
		s.checkTags(ctx, version),
	)
	if err != nil {
		return err // "go mod tidy" would only repeat an error about replace
	}
	return s.checkTidy(ctx)
}

func checkVersion(path, version string) error {
	if module.CanonicalVersion(version) != version || module.IsPseudoVersion(version) {
		return fmt.Errorf("the version %q is not like v1.2.3 or v1.2.3-rc.1", version)
	}
	return module.Check(path, version)
}

// checkDirectives refuses replace and exclude in go.mod, and requirements of nested
// modules. "go install" refuses a module with replace or exclude, and modules that require
// it ignore them.
func checkDirectives(file *modfile.File) error {
	var errs []error
	for _, replace := range file.Replace {
		errs = append(errs, fmt.Errorf("go.mod replaces %s: users do not get the replacement, and go install refuses it; remove it", replace.Old.Path))
	}
	for _, exclude := range file.Exclude {
		errs = append(errs, fmt.Errorf("go.mod excludes %s: users do not get the exclusion, and go install refuses it; remove it", exclude.Mod))
	}
	for _, require := range file.Require {
		if strings.HasPrefix(require.Mod.Path, file.Module.Mod.Path+"/") {
			errs = append(errs, fmt.Errorf("go.mod requires %s, a module of this repository, which is never released", require.Mod.Path))
		}
	}
	return errors.Join(errs...)
}

// checkFiles refuses a tree if the module zip would lack files. Only files of nested
// modules are left out on purpose.
func (s source) checkFiles() error {
	files, err := zip.CheckDir(s.dir)
	errs := []error{files.SizeError}
	for _, file := range files.Invalid {
		errs = append(errs, s.notServed(file))
	}
	for _, file := range files.Omitted {
		if !leftOutOnPurpose(file) {
			errs = append(errs, s.notServed(file))
		}
	}
	if refused := errors.Join(errs...); refused != nil {
		return refused
	}
	return err
}

// leftOutOnPurpose compares the text of the reason, because package zip does not export its
// errors.
func leftOutOnPurpose(file zip.FileError) bool {
	reason := file.Err.Error()
	return strings.HasSuffix(reason, "is in another module") || filepath.Base(file.Path) == ".git"
}

func (s source) notServed(file zip.FileError) error {
	name, err := filepath.Rel(s.dir, file.Path)
	if err != nil {
		name = file.Path
	}
	return fmt.Errorf("module proxies would not serve %s: %w", filepath.ToSlash(name), file.Err)
}

// checkLicense refuses a tree without a license. Without one, nobody is allowed to use the
// module, and pkg.go.dev does not show its documentation.
func (s source) checkLicense() error {
	text, err := os.ReadFile(filepath.Join(s.dir, "LICENSE"))
	if err != nil || strings.TrimSpace(string(text)) == "" {
		return errors.New("LICENSE is missing or empty in the commit")
	}
	return nil
}

// checkTags refuses tags of nested modules, because such a tag is a release of the nested
// module. It also refuses a version that is already the tag of another commit, because
// proxies never change a version.
func (s source) checkTags(ctx context.Context, version string) error {
	git := folder{dir: s.dir, env: os.Environ()}
	list, err := git.run(ctx, "git", "tag", "--list", "--format=%(refname:short) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)")
	if err != nil {
		return err
	}
	nested, err := s.nested()
	errs := []error{err}
	for line := range strings.Lines(list) {
		tag, commit, _ := strings.Cut(strings.TrimSpace(line), " ")
		if tag == version && commit != s.commit {
			errs = append(errs, fmt.Errorf("the tag %s exists and is another commit: choose another version", tag))
		}
		for _, dir := range nested {
			if strings.HasPrefix(tag, dir+"/v") {
				errs = append(errs, fmt.Errorf("the tag %s is a release of the nested module %s, and only the root is released", tag, dir))
			}
		}
	}
	return errors.Join(errs...)
}

// checkTidy refuses a go.mod or go.sum that "go mod tidy" would change.
func (s source) checkTidy(ctx context.Context) error {
	in := folder{dir: s.dir, env: append(os.Environ(), "GOWORK=off")}
	if diff, err := in.run(ctx, "go", "mod", "tidy", "-diff"); err != nil {
		return fmt.Errorf("go.mod or go.sum is not tidy; run go mod tidy:\n%s%w", diff, err)
	}
	return nil
}
