package ginjwt

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Stores of other processes, of this version or an older one, know an ID by its bytes.
func TestDerivedIDsKeepTheirBytes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "c043cd3d-3cee-8216-9466-f5f464fa506e", derivedID("session", "north", `a"b`))
	for _, texts := range [][]string{{}, {""}, {"a", ""}, {"a b", `"`, "\\", "\x00\xff", "ü\u2028", strings.Repeat("x", 1000)}} {
		require.Equal(t, quotedID(texts), derivedID(texts...), "%q", texts)
	}
}

// quotedID makes an ID in the words of package fmt.
func quotedID(texts []string) string { return hashedID(fmt.Appendf(nil, "ginjwt %q", texts)) }
