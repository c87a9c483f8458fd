package clients

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

// names are those that clients.mjs has.
var names = []string{"fetch", "axios", "axios-auth-refresh", "ky", "got"}

// errand is what a client has to do, as clients.mjs reads it.
type errand struct {
	Client       string            `json:"client"`
	URL          string            `json:"url"`
	RefreshURL   string            `json:"refreshURL"`
	Access       *string           `json:"access,omitempty"`  // sent in the Authorization header
	Headers      map[string]string `json:"headers,omitempty"` // sent where there is no access token
	RefreshToken string            `json:"refreshToken"`
}

// TestClientsFollowTheReasons shows that the rule of docs/front-end.md leads each client
// to the right end, whatever the reason of a refusal.
func TestClientsFollowTheReasons(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var errands []errand
	for _, client := range names {
		for _, r := range refusals {
			errands = append(errands, s.errand(client, r))
		}
	}
	s.expire()
	outcomes := run(t, errands)
	require.Len(t, outcomes, len(errands))
	for i, client := range names {
		for j, r := range refusals {
			t.Run(client+" "+r.name, func(t *testing.T) {
				t.Parallel()
				assert.Equal(t, r.requests, s.seen(client, r))
				assert.Equal(t, r.outcome, outcomes[i*len(refusals)+j])
			})
		}
	}
}

// run lets the clients do their errands, and returns what came of each: "ok", "log in"
// or "give up".
func run(t *testing.T, errands []errand) (outcomes []string) {
	t.Helper()
	runScript(t, "clients.mjs", errands, &outcomes)
	return outcomes
}

// runScript runs a script of this folder. input is its standard input in JSON, output its
// standard output. env is added to its environment.
func runScript(t *testing.T, script string, input, output any, env ...string) {
	t.Helper()
	node := testserver.Program(t, "node", "nodejs")
	if _, err := os.Stat("node_modules"); err != nil {
		testserver.Missing(t, "the clients are not installed: run npm ci in integration/clients")
	}
	given, err := json.Marshal(input)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = bytes.NewReader(given)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	written, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	require.NoError(t, json.Unmarshal(written, output))
}
