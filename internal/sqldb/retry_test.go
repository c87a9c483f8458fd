package sqldb

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errUndone = errors.New("undone")

func wasUndone(err error) bool { return errors.Is(err, errUndone) }

// Others may hold their locks for longer than ten attempts without a pause take.
func TestAttemptsAreSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, attempts := time.Now(), 0
		got, err := retry(t.Context(), wasUndone, func(context.Context) (string, error) {
			attempts++
			if attempts <= 2 {
				assert.Zero(t, time.Since(begin), "there is no pause before the second attempt")
			}
			if time.Since(begin) < 100*time.Millisecond {
				return "", errUndone
			}
			return "done", nil
		})
		require.NoError(t, err)
		assert.Equal(t, "done", got)
		assert.LessOrEqual(t, attempts, maxAttempts)
	})
}

func TestAttemptsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, attempts := time.Now(), 0
		_, err := retry(t.Context(), wasUndone, func(context.Context) (string, error) {
			attempts++
			return "", errUndone
		})
		require.ErrorIs(t, err, errUndone)
		assert.Equal(t, maxAttempts, attempts)
		assert.Less(t, time.Since(begin), time.Second/2, "half of the default timeout")
	})
}

func TestAttemptsEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := retry(ctx, wasUndone, func(context.Context) (string, error) { return "", errUndone })
		require.ErrorIs(t, err, errUndone)
		assert.Equal(t, 10*time.Millisecond, time.Since(begin))
	})
}
