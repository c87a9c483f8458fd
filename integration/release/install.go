package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// installCommand installs the CLI, and checks that it knows its version.
func (r *rehearsal) installCommand(ctx context.Context) error {
	in, err := r.emptyFolder("install")
	if err != nil {
		return err
	}
	if err := in.all(ctx, "go install "+r.path+"/cmd/ginjwt@"+r.version); err != nil {
		return err
	}
	said, err := in.run(ctx, filepath.Join(r.work, "bin", "ginjwt"), "version")
	if err != nil {
		return err
	}
	r.say("   it says: %s", strings.TrimSpace(said))
	if words := strings.Fields(said); len(words) < 2 || words[1] != r.version {
		return fmt.Errorf("ginjwt version says %q, and not %s", said, r.version)
	}
	return nil
}
