package base64url_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
)

func TestEveryTextStandsForOtherBytes(t *testing.T) {
	t.Parallel()
	for text, bytes := range map[string]string{"": "", "TQ": "M", "TWE": "Ma", "TWFu": "Man", "-_8": "\xfb\xff"} {
		decoded, err := base64url.AppendDecode([]byte("before "), []byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, "before "+bytes, string(decoded))
		assert.Equal(t, text, base64url.Encode([]byte(bytes)))
		assert.Equal(t, "before "+text, string(base64url.AppendEncode([]byte("before "), []byte(bytes))))
	}
	for name, text := range map[string]string{
		"padding": "TQ==", "bits that are left over": "TR", "a character of base64": "+/8", "one character": "T",
		"a line feed": "TW\nFu", "a carriage return": "TWFu\r", "a blank": "TW Fu", "no ASCII": "TWFü",
	} {
		_, err := base64url.AppendDecode(nil, []byte(text))
		assert.Error(t, err, name)
	}
}
