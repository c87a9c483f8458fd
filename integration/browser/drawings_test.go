package browser

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// phone is the width in pixels of the narrowest screen on which drawings are readable.
const phone = 375

// misplaced is an expression: the texts of a drawing that leave a box in which their
// middle is, such as the whole page, or that are smaller than 11 pixels on a phone.
const misplaced = `(() => {
	const scale = 375 / document.documentElement.viewBox.baseVal.width;
	const within = (inner, outer) => inner.x >= outer.x && inner.y >= outer.y &&
		inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;
	const holds = (box, text) => box.x <= text.x + 1 + text.width / 2 && text.x + 1 + text.width / 2 <= box.x + box.width &&
		box.y <= text.y + text.height / 2 && text.y + text.height / 2 <= box.y + box.height;
	const boxes = [...document.querySelectorAll("rect")].map((rect) => rect.getBBox());
	return [...document.querySelectorAll("text")].filter((text) => {
		const place = text.getBBox(), size = parseFloat(getComputedStyle(text).fontSize);
		return size * scale < 11 || boxes.some((box) => holds(box, place) && !within(place, box));
	}).map((text) => text.textContent);
})()`

// The drawings of the documentation are readable on a phone.
func TestDrawingsFit(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "docs", "drawings")
	drawings, err := filepath.Glob(filepath.Join(folder, "*.svg"))
	require.NoError(t, err)
	require.NotEmpty(t, drawings)
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	t.Cleanup(server.Close)
	user := newUser(t, &withBackForwardCache)
	for _, path := range drawings {
		tab := user.open(server.URL + "/" + filepath.Base(path))
		assert.LessOrEqual(t, eval[float64](tab, "document.documentElement.viewBox.baseVal.width"), phone*1.05, path)
		assert.Empty(t, eval[[]string](tab, misplaced), path)
	}
}
