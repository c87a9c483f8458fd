package recipes

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The client of ent is generated code, which is not kept: the recipe generates it, then
// runs its own tests.
func TestEnt(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"generate", "./testdata/entusers/ent"}, {"test", "-count=1", "./testdata/entusers"}} {
		output, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
		require.NoError(t, err, "go %v:\n%s", args, output)
	}
}
