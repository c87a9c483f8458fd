package sqlstore_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
	"github.com/gin-jwt-extended/ginjwt/storetest"
)

// requireFirst claims an ID that nobody has claimed, and claims it again.
func requireFirst(t *testing.T, of *tested, id string) {
	t.Helper()
	for _, want := range []bool{true, false} {
		first, err := of.Once().Claim(t.Context(), id, time.Now().Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, want, first)
	}
}

func TestOnce(t *testing.T) {
	onAll(t, func(t *testing.T, d *database) {
		storetest.Once(t, func(t *testing.T) (handles []store.Once) {
			options := patient
			options.Prefix = "t" + strings.ToLower(rand.Text()) + "_"
			d.newStore(t, options)
			for range 4 {
				handles = append(handles, newTested(t, open(t, d.driver, d.dsn), d.dialect, options).Once())
			}
			return handles
		})
	})
}
