package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func (a *app) keyRemoveCommand() *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use:   "remove FILE KID",
		Short: "Remove a key from a JWK Set",
		Long: `Removes a key from a JWK Set, such as a planned key that was added by mistake.
Services refuse the tokens of the key after they have read the file, so a key in use
is removed only with --force. To replace a key, use ginjwt key rotate.

` + aboutKID,
		Example:           `  ginjwt key remove keys.json 6ZJ0xM5E…`,
		Args:              fileAndKey,
		ValidArgsFunction: a.completeKeys,
		RunE: func(_ *cobra.Command, args []string) error {
			path, id := args[0], args[1]
			var before, left []keys.Key
			err := a.changeKeys(path, false, func(file *keyFile) error {
				before = slices.Clone(file.keys)
				removed, err := a.removeKey(file, id, force)
				id, left = removed, file.keys
				return err
			})
			if err != nil {
				return err
			}
			a.warnOfEnd(path, before, left)
			if a.json {
				return a.writeJSON(map[string]string{"removed": id})
			}
			a.out.line("%s: removed %s", path, id)
			return nil
		},
	}
	c.Flags().BoolVar(&force, "force", false, "do it even if services refuse tokens because of it")
	return c
}

// removeKey removes a key and returns its full ID.
func (a *app) removeKey(file *keyFile, id string, force bool) (string, error) {
	index, err := file.index(id)
	if err != nil {
		return "", err
	}
	id = idOf(file.keys[index])
	if len(file.keys) == 1 {
		return "", fmt.Errorf("%s: %s is the only key; remove the file if nobody needs it", file.path, id)
	}
	before := slices.Clone(file.keys)
	inUse := stateOf(file.keys[index], a.now()) == stateActive
	file.remove(index)
	if inUse && !force {
		return "", a.errInUse(file.path, id, "removes", before, file.keys)
	}
	return id, nil
}
