package sqlstore_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/sqlstore"
)

// Where nothing is committed nothing is written, and where others' writes may be missed,
// or seen too early, nobody is let in, whether or not anybody asks Ready.
func TestServersThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	d := newMariaDB(t)
	store := d.newStore(t, sqlstore.Options{Prefix: "u_", Timeout: patient.Timeout})
	require.NoError(t, d.newBlocklist(t, store).Add(t.Context(), "revoked", time.Now().Add(time.Hour)))
	for settings, refusal := range map[string]string{
		"?autocommit=0":                        "sqlstore: autocommit is 0, so that nothing is ever committed: remove it from the DSN, or set it to 1 on the server",
		"?tx_isolation=%27READ-UNCOMMITTED%27": "sqlstore: transactions see what others have not committed: set the isolation level to READ-COMMITTED or REPEATABLE-READ",
	} {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			by := d.with(t, settings)
			store := newTested(t, by.pool, by.dialect, sqlstore.Options{Prefix: "u_", Timeout: patient.Timeout})
			b := store.Blocklist(t.Context())
			_, err := b.Contains(t.Context(), "revoked")
			require.EqualError(t, err, refusal)
			require.EqualError(t, b.Add(t.Context(), "another", time.Time{}), refusal)
			_, err = store.Sessions().Create(t.Context(), newSession(sessionID(1), "alice"))
			require.EqualError(t, err, refusal)
			_, err = store.Once().Claim(t.Context(), "id", time.Now().Add(time.Hour))
			require.EqualError(t, err, refusal)
			assert.EqualError(t, store.Migrate(t.Context()), refusal)
			assert.EqualError(t, b.Ready(t.Context()), refusal)
			assert.Zero(t, b.Status().Complete)
		})
	}
}
