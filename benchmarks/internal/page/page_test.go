package page

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInclude(t *testing.T) {
	t.Parallel()
	const part = Part("results")
	page, err := part.Include([]byte("# Speed\n\n<!-- results -->\nold\n<!-- /results -->\n\nend\n"), "new\n")
	require.NoError(t, err)
	assert.Equal(t, "# Speed\n\n<!-- results -->\nnew\n<!-- /results -->\n\nend\n", string(page))
	text, err := part.In(page)
	require.NoError(t, err)
	assert.Equal(t, "new\n", text)

	page, err = part.Include(nil, "new\n")
	require.NoError(t, err)
	assert.Equal(t, "<!-- results -->\nnew\n<!-- /results -->\n", string(page))

	const noMarks = "the page has no marks <!-- results --> and <!-- /results -->"
	_, err = part.Include([]byte("# Speed\n<!-- results -->\n"), "new\n")
	assert.EqualError(t, err, noMarks)
	_, err = part.In([]byte("<!-- /results -->\n<!-- results -->\n"))
	assert.EqualError(t, err, noMarks)
}

func TestIncludeIn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "speed.md")
	page, err := Part("speed").IncludeIn(path, "new\n")
	require.NoError(t, err)
	assert.Equal(t, "<!-- speed -->\nnew\n<!-- /speed -->\n", string(page))
	require.NoError(t, os.WriteFile(path, []byte("# Speed\n"), 0o600))
	_, err = Part("speed").IncludeIn(path, "new\n")
	assert.ErrorContains(t, err, path+": the page has no marks <!-- speed -->")
}

func TestSignificant(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		1234.5: "1234", 10: "10", 9.96: "10.0", 1: "1.0", 0.5: "0.50", 0.049: "0.049", 0.0004: "0.000",
	} {
		assert.Equal(t, want, Significant(v), v)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	values := []float64{9, 1, 5}
	assert.Equal(t, 5.0, Median(values))
	assert.Equal(t, []float64{9, 1, 5}, values)
	assert.Equal(t, 2.5, Median([]float64{4, 1, 2, 3}))
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 2.0, Quantile([]float64{5, 4, 3, 2, 1}, 0.25))
	assert.Equal(t, 1.75, Quantile([]float64{4, 3, 2, 1}, 0.25))
	assert.Equal(t, 7.0, Quantile([]float64{7}, 0.75))
}
