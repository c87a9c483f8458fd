package server

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/example/spa/script/nodetest"
)

func TestClient(t *testing.T) {
	t.Parallel()
	code, err := scriptNamed("live")
	require.NoError(t, err)
	nodetest.Run(t, filepath.Join("script", "live_test.mjs"), map[string][]byte{"live.js": code})
}

func TestPages(t *testing.T) {
	t.Parallel()
	p := play(t)
	for path, want := range map[string][2]string{
		"/":                  {"text/html; charset=utf-8", `<script type="module" src="/script/app.js">`},
		"/script/live.js":    {"text/javascript; charset=utf-8", "createLive("},
		"/script/app.js":     {"text/javascript; charset=utf-8", "createLive("},
		"/script/session.js": {"text/javascript; charset=utf-8", "createSession("},
	} {
		answer := p.do("GET", path, "")
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, errors.Join(err, answer.Body.Close()))
		assert.Equal(t, 200, answer.StatusCode, path)
		assert.Equal(t, want[0], answer.Header.Get("Content-Type"), path)
		assert.Contains(t, string(body), want[1], path)
		assert.NotRegexp(t, `: string\b|\bas HTML`, string(body), path)
	}
	for _, path := range []string{"/script/other.js", "/script/live.ts", "/script/live"} {
		assert.Equal(t, "404 none", p.refusal(path), path)
	}
}
