package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

var errChangesInput = &usageError{"standard input cannot be changed", "name a file"}

// changeKeys changes a file with a JWK or a JWK Set. The result is a JWK Set. It writes
// nothing if services would refuse the result.
func (a *app) changeKeys(path string, dryRun bool, edit func(*keyFile) error) error {
	apply := func(text []byte) ([]byte, error) {
		file := &keyFile{path: path, text: text}
		if err := file.parse(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if file.form == formPEM {
			return nil, hint(fmt.Errorf("%s: is a PEM text, which cannot store key IDs and times", path),
				"make a JWK Set from it: ginjwt key add keys.json --from %s --verify-unnamed", path)
		}
		if err := edit(file); err != nil {
			return nil, err
		}
		if err := checkList(file); err != nil {
			return nil, err
		}
		return file.encoded()
	}
	if path == "-" {
		return errChangesInput
	}
	if !dryRun {
		return a.change(path, apply)
	}
	text, err := a.readFile(path)
	if err != nil {
		return err
	}
	_, err = apply(text)
	return err
}

// checkList returns an error if services would refuse the keys of a file.
func checkList(file *keyFile) error {
	if _, err := keys.NewSet(file.keys...); err != nil {
		return fmt.Errorf("%s: not changed, because services would refuse it: %s", file.path, strings.TrimPrefix(err.Error(), "keys: "))
	}
	return nil
}

// completeKeys completes files, then the key IDs in the file. The shell waits for it, so
// it does not read pipes. The shell prints the IDs, so it leaves out IDs with control
// characters, and IDs with a meaning for cobra's completion script.
func (a *app) completeKeys(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	info, err := os.Stat(args[0])
	if err != nil || !info.Mode().IsRegular() {
		return nil, cobra.ShellCompDirectiveError
	}
	list, err := a.readKeys(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	odd := func(id string) bool { return safe(id) != id || strings.HasPrefix(id, "_activeHelp_") }
	return slices.DeleteFunc(ids(list), odd), cobra.ShellCompDirectiveNoFileComp
}

func fileAndKey(c *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usage(c, "takes a file and a key ID (see: ginjwt key list FILE)")
	}
	return nil
}

// aboutKID ends the help of commands that take a key ID.
const aboutKID = `You can shorten a key ID: write "…" or "..." for the rest. Write a key ID that
begins with a dash after two dashes: ginjwt key remove -- keys.json -Gdq541F…`

// index returns the index of the key with an ID. An ID that ends with "…" is the
// beginning of a key ID.
func (f *keyFile) index(id string) (int, error) {
	names := ids(f.keys)
	if index := slices.Index(names, id); index >= 0 {
		if slices.Contains(names[index+1:], id) { // keys for different algorithms can have the same ID
			return 0, hint(fmt.Errorf("%s: has several keys with the ID %q", f.path, id), "give each key its own kid in the file")
		}
		return index, nil
	}
	see := "see: " + command("key list", "", f.path)
	begin, cut := strings.CutSuffix(strings.Replace(id, "...", "…", 1), "…")
	begins := func(name string) bool { return cut && begin != "" && strings.HasPrefix(name, begin) }
	first := slices.IndexFunc(names, begins)
	switch {
	case first < 0:
		return 0, hint(fmt.Errorf("%s: has no key %q%s", f.path, id, didYouMean(strings.TrimSuffix(id, "…"), names)), "%s", see)
	case slices.ContainsFunc(names[first+1:], begins):
		return 0, hint(fmt.Errorf("%s: has several keys whose IDs begin with %q", f.path, begin), "%s", see)
	}
	return first, nil
}
