package schema_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/internal/schema"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	code := schema.Version{Number: 5, Oldest: 4}
	for _, c := range []struct {
		number, oldest int64
		err            string
	}{
		{0, 0, "the schema has version 0, and this code needs version 5"},
		{4, 3, "the schema has version 4, and this code needs version 5"},
		{5, 4, ""},
		{5, 1, ""},
		{6, 5, ""},
		{6, 1, ""},
		{6, 6, "the schema has version 6, which is too new for this code of version 5"},
		{7, 5, "the schema has version 7, which is too new for this code of version 5"},
		{7, 1, "the schema has version 7, which is too new for this code of version 5"},
		{100, 100, "the schema has version 100, which is too new for this code of version 5"},
	} {
		err := schema.Version{Number: c.number, Oldest: c.oldest}.Check(code)
		if c.err == "" {
			assert.NoError(t, err, c.number)
			continue
		}
		assert.EqualError(t, err, c.err)
	}
}
