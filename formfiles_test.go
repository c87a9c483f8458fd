package ginjwt_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// net/http removes the temporary files of a form only if it finds the form in the request
// that it made. Handlers parse the form in a copy of the request.
func TestFilesOfFormsAreGoneAfterTheRequest(t *testing.T) {
	t.Parallel()
	paths := make(chan string, 1)
	upload := func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseMultipartForm(1))
		file, err := r.MultipartForm.File["file"][0].Open()
		if assert.NoError(t, err) {
			paths <- file.(*os.File).Name()
			assert.NoError(t, file.Close())
		}
	}
	mgr, engine := newManager(t, jwttest.Config(nil), func(mgr *ginjwt.JWTManager) {
		mgr.ErrorLoader(func(c *gin.Context, _ *ginjwt.Error) { upload(c.Writer, c.Request) })
	})
	engine.POST("/public", gin.WrapF(upload))
	engine.POST("/required", mgr.JWTRequired(), gin.WrapF(upload))
	engine.POST("/group", mgr.JWTRequired(), mgr.JWTRequired(ginjwt.AnyType()), gin.WrapF(upload))
	mux := http.NewServeMux()
	mux.Handle("/", engine)
	mux.Handle("/door", mgr.Middleware()(http.HandlerFunc(upload)))
	mux.Handle("/handler", mgr.HTTPHandler(gin.WrapF(upload)))
	mux.Handle("/refused", mgr.Middleware(ginjwt.Scopes("admin"))(http.NotFoundHandler()))
	mux.HandleFunc("/refuses", func(w http.ResponseWriter, r *http.Request) { mgr.RefuseRequest(w, r, ginjwt.ErrUserLookup) })
	for _, path := range []string{"/public", "/required", "/group", "/door", "/handler", "/refused", "/refuses"} {
		server := httptest.NewServer(mux)
		r := fileUpload(t, server.URL+path)
		r.Header.Set("Authorization", "Bearer "+jwttest.AccessToken(t, mgr, "alice"))
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		file := <-paths
		server.Close() // waits for the request
		assert.NoFileExists(t, file, path)
	}
}

func fileUpload(t *testing.T, target string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "large")
	require.NoError(t, err)
	_, err = part.Write(make([]byte, 11*mebibyte)) // net/http keeps 10 MiB in memory in any case
	require.NoError(t, err)
	require.NoError(t, form.Close())
	r, err := http.NewRequestWithContext(t.Context(), "POST", target, &body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}
