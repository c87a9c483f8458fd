package redisdb

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrorsTellNoIDs(t *testing.T) {
	t.Parallel()
	const text = "ERR unknown command 'ZMSCORE', with args beginning with: '{ginjwt}:blocklist' 'secret' "
	assert.EqualError(t, failure(errors.New(text)), "redisstore: ERR unknown command 'ZMSCORE'")
}
