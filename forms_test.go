package ginjwt_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

const (
	noCSRFValue    = `{"msg":"Missing CSRF token"}` + "\n"
	wrongCSRFValue = `{"msg":"CSRF double submit tokens do not match"}` + "\n"
	mebibyte       = 1 << 20
)

// formApp reads tokens from cookies and CSRF values from forms.
type formApp struct {
	mgr         *ginjwt.JWTManager
	engine      *gin.Engine
	clock       *jwttest.Clock
	token, csrf string
}

func newFormApp(t testing.TB, change func(*ginjwt.Config)) *formApp {
	t.Helper()
	a := &formApp{clock: &jwttest.Clock{}, engine: gin.New()}
	config := jwttest.Config(a.clock)
	config.TokenLocation, config.CSRFCheckForm = []ginjwt.Location{ginjwt.InCookies}, true
	change(&config)
	a.mgr = ginjwt.New(config)
	require.NoError(t, a.mgr.InitApp(a.engine))
	a.token = jwttest.AccessToken(t, a.mgr, "alice")
	csrf, err := a.mgr.GetCSRFToken(t.Context(), a.token)
	require.NoError(t, err)
	a.csrf = csrf
	return a
}

func (a *formApp) request(contentType, cookie string, body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Cookie", "access_token_cookie="+cookie)
	return r
}

func (a *formApp) send(contentType, cookie string, body io.Reader) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.engine.ServeHTTP(w, a.request(contentType, cookie, body))
	return w
}

const formData = `multipart/form-data; boundary=b`

func filePart(size int) string {
	return "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n" + strings.Repeat("0123456789abcdef", size/16) + "\r\n"
}

func fieldPart(name, value string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

const lastBoundary = "--b--\r\n"

func TestCSRFValuesBehindFiles(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(c *ginjwt.Config) { c.MaxFormSize = 4 * mebibyte })
	var sent string
	a.engine.POST("/", a.mgr.JWTRequired(), a.mgr.JWTRequired(), func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		require.NoError(t, err)
		assert.True(t, sent == string(body), "the handler gets all of the body")
		identify(c)
	})
	good, bad, end := fieldPart("csrf_token", a.csrf), fieldPart("csrf_token", "x"), lastBoundary
	for _, test := range []struct{ name, body, want string }{
		{"behind a file", filePart(2*mebibyte) + good + end, "alice"},
		{"behind two files", filePart(mebibyte) + filePart(mebibyte) + good + end, "alice"},
		{"between files", filePart(2*mebibyte) + good + filePart(mebibyte) + end, "alice"},
		{"between a small and a large file", filePart(16) + good + filePart(2*mebibyte) + end, "alice"},
		{"behind a large field", fieldPart("text", strings.Repeat("x", 2*mebibyte)) + good + end, "alice"},
		{"behind other fields", strings.Repeat(fieldPart("a", "1"), 900) + good + end, "alice"},
		{"the last that is read", filePart(4*mebibyte-512) + good + end, "alice"},
		{"wrong behind a file", filePart(2*mebibyte) + bad + end, wrongCSRFValue},
		{"too long behind a file", filePart(2*mebibyte) + fieldPart("csrf_token", a.csrf+strings.Repeat(" ", 2000)) + end, wrongCSRFValue},
		{"empty behind a file", filePart(2*mebibyte) + fieldPart("csrf_token", "") + end, noCSRFValue},
		{"none behind a file", filePart(2*mebibyte) + end, noCSRFValue},
		{"another behind a file", filePart(2*mebibyte) + fieldPart("CSRF_token", a.csrf) + end, noCSRFValue},
		{"a file of that name", filePart(2*mebibyte) + strings.Replace(good, `"csrf_token"`, `"csrf_token"; filename="x"`, 1) + end, noCSRFValue},
		{"behind more than is read", filePart(4*mebibyte) + good + end, noCSRFValue},
		{"behind too many parts", strings.Repeat(fieldPart("a", "1"), 1000) + good + end, noCSRFValue},
		{"too many parts behind it", good + strings.Repeat(fieldPart("a", "1"), 1000) + end, noCSRFValue},
		{"twice", filePart(16) + good + filePart(16) + good + end, wrongCSRFValue},
		{"good and bad", good + filePart(16) + bad + end, wrongCSRFValue},
		{"bad and good behind a large file", bad + filePart(2*mebibyte) + good + end, wrongCSRFValue},
		{"no last boundary", good + filePart(16), noCSRFValue},
		{"half a boundary", good + "--b", noCSRFValue},
		{"cut off in the value", filePart(2*mebibyte) + good[:len(good)-4], noCSRFValue},
		{"cut off in a large file", filePart(2 * mebibyte), noCSRFValue},
		{"another boundary", strings.ReplaceAll(good+end, "--b", "--c"), noCSRFValue},
		{"nothing", "", noCSRFValue},
	} {
		sent = test.body
		for name, reader := range map[string]func(io.Reader) io.Reader{
			"at once":         func(r io.Reader) io.Reader { return r },
			"in halves":       iotest.HalfReader,
			"EOF with a byte": iotest.DataErrReader,
		} {
			w := a.send(formData, a.token, reader(strings.NewReader(test.body)))
			assert.Equal(t, test.want, w.Body.String(), "%s, %s", test.name, name)
		}
	}
}

// Every position of the border between memory and disk gives the same result.
func TestCSRFValuesAroundAMebibyte(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(*ginjwt.Config) {})
	var sent string
	a.engine.POST("/", a.mgr.JWTRequired(), func(c *gin.Context) {
		var body bytes.Buffer
		_, err := io.CopyBuffer(struct{ io.Writer }{&body}, struct{ io.Reader }{c.Request.Body}, make([]byte, 777))
		require.NoError(t, err)
		assert.True(t, sent == body.String())
		identify(c)
	})
	field := fieldPart("csrf_token", a.csrf)
	for size := mebibyte - len(field) - 200; size <= mebibyte+32; size += 7 {
		sent = fieldPart("a", strings.Repeat("x", size)) + field + fieldPart("b", "2") + lastBoundary
		w := a.send(formData, a.token, strings.NewReader(sent))
		require.Equal(t, "alice", w.Body.String(), size)
	}
}

func TestHandlersReadFormsAsIfNobodyHad(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(*ginjwt.Config) {})
	content := strings.Repeat("0123456789abcdef", 2*mebibyte/16)
	a.engine.POST("/formfile", a.mgr.JWTRequired(), func(c *gin.Context) {
		header, err := c.FormFile("file")
		require.NoError(t, err)
		file, err := header.Open()
		require.NoError(t, err)
		defer file.Close()
		got, err := io.ReadAll(file)
		require.NoError(t, err)
		assert.True(t, content == string(got))
		c.String(200, c.PostForm("note"))
	})
	a.engine.POST("/reader", a.mgr.JWTRequired(), func(c *gin.Context) {
		parts, err := c.Request.MultipartReader()
		require.NoError(t, err)
		var names []string
		for {
			part, err := parts.NextPart()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			names = append(names, part.FormName())
		}
		c.String(200, strings.Join(names, " "))
	})
	body := filePart(2*mebibyte) + fieldPart("note", "buy milk") + fieldPart("csrf_token", a.csrf) + lastBoundary
	for path, want := range map[string]string{"/formfile": "buy milk", "/reader": "file note csrf_token"} {
		r := a.request(formData, a.token, strings.NewReader(body))
		r.URL.Path = path
		w := httptest.NewRecorder()
		a.engine.ServeHTTP(w, r)
		assert.Equal(t, want, w.Body.String())
	}
}

// counter is an endless body that counts the bytes read from it.
type counter struct {
	start string
	read  int
}

func (c *counter) Read(p []byte) (int, error) {
	n := copy(p, c.start[min(c.read, len(c.start)):])
	if n == 0 {
		n = len(p)
		clear(p)
	}
	c.read += n
	return n, nil
}

func TestNobodyFillsTheDiskWithoutAGoodToken(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(c *ginjwt.Config) { c.MaxFormSize = 8 * mebibyte })
	a.engine.POST("/", a.mgr.JWTRequired(), identify)
	old := a.token
	a.clock.Advance(time.Hour)
	revoked := jwttest.AccessToken(t, a.mgr, "alice")
	token, err := a.mgr.DecodeToken(t.Context(), revoked)
	require.NoError(t, err)
	require.NoError(t, a.mgr.RevokeToken(t.Context(), token))
	for _, test := range []struct {
		name, token, want string
		most              int
	}{
		{"no token", "x", noCSRFValue, mebibyte + 1},
		{"forged", old + "x", noCSRFValue, mebibyte + 1},
		{"expired", old, `{"msg":"Token has expired"}` + "\n", mebibyte + 1},
		{"revoked", revoked, noCSRFValue, mebibyte + 1},
		{"good", jwttest.AccessToken(t, a.mgr, "alice"), noCSRFValue, 8 * mebibyte},
	} {
		body := &counter{start: filePart(16)[:80]}
		w := a.send(formData, test.token, body)
		assert.Equal(t, test.want, w.Body.String(), test.name)
		assert.Equal(t, test.most, body.read, test.name)
	}
	body := &counter{start: filePart(16)[:80]}
	r := a.request(formData, jwttest.AccessToken(t, a.mgr, "alice"), body)
	r.ContentLength = 8*mebibyte + 1
	w := httptest.NewRecorder()
	a.engine.ServeHTTP(w, r)
	assert.Equal(t, noCSRFValue, w.Body.String())
	assert.Equal(t, mebibyte+1, body.read, "it says itself that it is too long")
}

func TestFormsKeepTheLimitOfTheApplication(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(*ginjwt.Config) {})
	limit := func(c *gin.Context) { c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, 2<<20) } // 2 MiB
	a.engine.POST("/", limit, a.mgr.JWTRequired(), func(c *gin.Context) {
		_, err := io.ReadAll(c.Request.Body)
		assert.ErrorContains(t, err, "request body too large")
		identify(c)
	})
	field := fieldPart("csrf_token", a.csrf)
	assert.Equal(t, noCSRFValue, a.send(formData, a.token, strings.NewReader(filePart(3*mebibyte)+field+lastBoundary)).Body.String())
	assert.Equal(t, "alice", a.send(formData, a.token, strings.NewReader(field+filePart(3*mebibyte)+lastBoundary)).Body.String())
	assert.Equal(t, "alice", a.send(formData, a.token, strings.NewReader(filePart(mebibyte)+field+filePart(mebibyte)+lastBoundary)).Body.String())
}

func TestABodyThatBreaksOffHasNoCSRFValue(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(*ginjwt.Config) {})
	a.engine.POST("/", a.mgr.JWTRequired(), identify)
	for _, size := range []int{16, 2 * mebibyte} {
		for contentType, body := range map[string]string{
			formData:                            filePart(size) + fieldPart("csrf_token", a.csrf)[:60],
			"application/x-www-form-urlencoded": "csrf_token=" + a.csrf + "&a=" + strings.Repeat("x", size/4),
		} {
			w := a.send(contentType, a.token, io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)))
			assert.Equal(t, noCSRFValue, w.Body.String())
		}
	}
}

// Werkzeug 3.1.8 reads the same values from these forms.
func TestCSRFValuesOfFormsThatAreNotQuiteWellFormed(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(*ginjwt.Config) {})
	a.engine.POST("/", a.mgr.JWTRequired(), identify)
	const urlencoded = "application/x-www-form-urlencoded"
	field := "csrf_token=" + a.csrf
	for _, test := range []struct{ contentType, body, want string }{
		{urlencoded + "; charset=utf-8", field, "alice"},
		{urlencoded + ";charset=iso-8859-1", field, "alice"},
		{"APPLICATION/X-WWW-FORM-URLENCODED", field, "alice"},
		{urlencoded + " ;x", field, "alice"},
		{urlencoded + ";", field, "alice"},
		{urlencoded + "; a=b; a=c", field, "alice"},
		{urlencoded + `; charset="utf`, field, "alice"},
		{urlencoded + "/x", field, noCSRFValue},
		{urlencoded + ",text/plain", field, noCSRFValue},
		{"multipart/form-data; boundary", field, noCSRFValue},

		{formData, fieldPart("csrf_token", a.csrf) + lastBoundary, "alice"},
		{formData, strings.Replace(fieldPart("csrf_token", a.csrf), "form-data", "attachment", 1) + lastBoundary, "alice"},
		{formData, strings.Replace(fieldPart(`csrf_token"; filename="`, a.csrf), "form-data", "FORM-DATA", 1) + lastBoundary, noCSRFValue},
		{formData, fieldPart("Csrf_token", a.csrf) + lastBoundary, noCSRFValue},

		{urlencoded, "a=%zz&" + field, "alice"},
		{urlencoded, "a;b=1&" + field, "alice"},
		{urlencoded, "csrf%5ftoken=" + strings.ReplaceAll(a.csrf, "-", "%2d"), "alice"},
		{urlencoded, "csrf%5ftoken%=" + a.csrf, noCSRFValue},
		{urlencoded, field + "%zz", wrongCSRFValue},
		{urlencoded, field + ";a=1", wrongCSRFValue},
		{urlencoded, field + "&" + field, wrongCSRFValue}, // D16
		{urlencoded, "a=\xff&" + field, noCSRFValue},
	} {
		w := a.send(test.contentType, a.token, strings.NewReader(test.body))
		assert.Equal(t, test.want, w.Body.String(), "%s: %s", test.contentType, test.body)
	}
}

func TestFormsThatWereParsedBefore(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(c *ginjwt.Config) { c.Sessions = &ginjwt.MemorySessions{} })
	pair := jwttest.TokenPair(t, a.mgr, "alice")
	for name, parse := range map[string]gin.HandlerFunc{
		"c.PostForm":         func(c *gin.Context) { c.PostForm("_method") },
		"ParseForm":          func(c *gin.Context) { _ = c.Request.ParseForm() },
		"ParseMultipartForm": func(c *gin.Context) { _ = c.Request.ParseMultipartForm(1 << 10) },
		"c.MultipartForm":    func(c *gin.Context) { _, _ = c.MultipartForm() },
		"bound":              func(c *gin.Context) { _ = c.ShouldBind(&struct{}{}) },
		"bound-as-a-body":    func(c *gin.Context) { _ = c.ShouldBindBodyWith(&struct{}{}, binding.JSON) },
	} {
		group := a.engine.Group("/"+name, parse)
		group.POST("/note", a.mgr.JWTRequired(), identify)
		group.DELETE("/note", a.mgr.JWTRequired(), identify)
		group.POST("/refresh", a.mgr.RefreshHandler())
		do := func(method, query, contentType, body string) string {
			r := httptest.NewRequest(method, "/"+name+"/note"+query, strings.NewReader(body))
			r.Header.Set("Content-Type", contentType)
			r.Header.Set("Cookie", "access_token_cookie="+a.token)
			w := httptest.NewRecorder()
			a.engine.ServeHTTP(w, r)
			return w.Body.String()
		}
		for _, method := range []string{"POST", "DELETE"} {
			for contentType, body := range form(t, "csrf_token", a.csrf, "note", "buy milk") {
				assert.Equal(t, "alice", do(method, "", contentType, body), "%s %s %s", name, method, contentType)
			}
			for contentType, body := range form(t, "csrf_token", a.csrf, "csrf_token", a.csrf) {
				assert.Equal(t, wrongCSRFValue, do(method, "", contentType, body), "%s %s %s", name, method, contentType)
			}
			for contentType, body := range form(t, "note", "buy milk") {
				assert.Equal(t, noCSRFValue, do(method, "?csrf_token="+a.csrf, contentType, body), "%s %s %s", name, method, contentType)
			}
		}
		refresh := jwttest.Do(a.engine, "POST", "/"+name+"/refresh", jwttest.Form("grant_type", "refresh_token", "refresh_token", pair.RefreshToken))
		assert.Equal(t, 200, refresh.Code, name)
	}
}

func TestJSONThatWasBoundBefore(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.TokenLocation, config.Sessions = []ginjwt.Location{ginjwt.InJSON}, &ginjwt.MemorySessions{}
	mgr, engine := newManager(t, config)
	type note struct {
		Text string `json:"text"`
	}
	bind := func(c *gin.Context) { _ = c.ShouldBindBodyWith(&note{}, binding.JSON) }
	engine.POST("/notes", bind, mgr.JWTRequired(), func(c *gin.Context) {
		var n note
		require.NoError(t, c.ShouldBindBodyWith(&n, binding.JSON))
		c.String(200, n.Text)
	})
	engine.POST("/after", mgr.JWTRequired(), bind, identify)
	engine.POST("/refresh", bind, mgr.RefreshHandler())
	pair := jwttest.TokenPair(t, mgr, "alice")
	body := `{"access_token":"` + pair.AccessToken + `","text":"buy milk"}`
	assert.Equal(t, "buy milk", jwttest.Do(engine, "POST", "/notes", jwttest.JSON(body)).Body.String())
	assert.Equal(t, "alice", jwttest.Do(engine, "POST", "/after", jwttest.JSON(body)).Body.String())
	assert.Equal(t, 200, jwttest.Do(engine, "POST", "/refresh", jwttest.JSON(`{"refresh_token":"`+pair.RefreshToken+`"}`)).Code)

	missing := `{"msg":"Missing \"access_token\" key in json data."}`
	large := `{"access_token":"` + pair.AccessToken + `","text":"` + strings.Repeat("x", mebibyte) + `"}`
	for _, length := range []int64{int64(len(large)), -1} {
		w := jwttest.Do(engine, "POST", "/notes", jwttest.JSON(large), func(r *http.Request) { r.ContentLength = length })
		assert.JSONEq(t, missing, w.Body.String(), "as large as if nobody had read it")
	}
}

// A value in a body that another middleware has read and not stored cannot be found.
func TestABodyThatWasConsumedHasNothing(t *testing.T) {
	t.Parallel()
	a := newFormApp(t, func(c *ginjwt.Config) { c.TokenLocation = []ginjwt.Location{ginjwt.InCookies, ginjwt.InJSON} })
	a.engine.POST("/", func(c *gin.Context) { _, _ = io.ReadAll(c.Request.Body) }, a.mgr.JWTRequired(), identify)
	for contentType, body := range form(t, "csrf_token", a.csrf) {
		assert.Equal(t, noCSRFValue, a.send(contentType, a.token, strings.NewReader(body)).Body.String())
	}
	w := jwttest.Do(a.engine, "POST", "/", jwttest.JSON(`{"access_token":"`+a.token+`"}`))
	assert.Equal(t, 401, w.Code)
}

// openSpools returns the temporary files that this process has open.
func openSpools(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, entry := range entries {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name())); err == nil && strings.HasPrefix(name, dir) {
			names = append(names, name)
		}
	}
	return names
}

// The test is not parallel, because TMPDIR belongs to the whole process.
func TestTemporaryFilesAreGoneAfterTheRequest(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // because a garbage collection also closes the files
	a := newFormApp(t, func(*ginjwt.Config) {})
	a.engine.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) { c.AbortWithStatus(500) }))
	during := func(c *gin.Context) {
		entries, err := os.ReadDir(dir)
		assert.NoError(t, err)
		assert.Empty(t, entries, "nobody else can open it")
		assert.Len(t, openSpools(t, dir), 1, "one, however many look")
	}
	hangUp := make(chan func(), 1)
	for path, handler := range map[string]gin.HandlerFunc{
		"/unread": func(*gin.Context) {},
		"/half":   func(c *gin.Context) { _, _ = io.CopyN(io.Discard, c.Request.Body, mebibyte+5) },
		"/panics": func(*gin.Context) { panic("oh") },
		"/closes": func(c *gin.Context) {
			assert.NoError(t, c.Request.Body.Close())
			assert.Empty(t, openSpools(t, dir))
		},
		"/hangs": func(c *gin.Context) {
			(<-hangUp)()
			<-c.Request.Context().Done()
		},
	} {
		a.engine.POST(path, a.mgr.JWTRequired(), a.mgr.JWTRequired(), during, handler)
	}
	server := httptest.NewServer(a.engine)
	defer server.Close()
	body := filePart(2*mebibyte) + fieldPart("csrf_token", a.csrf) + lastBoundary
	for _, path := range []string{"/unread", "/half", "/panics", "/closes", "/hangs"} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header = a.request(formData, a.token, nil).Header
		if path == "/hangs" {
			hangUp <- server.CloseClientConnections
		}
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		assert.Equal(t, path == "/hangs", err != nil, path)
		assert.Eventually(t, func() bool { return len(openSpools(t, dir)) == 0 }, time.Minute, time.Millisecond, path)
	}
}

// The test is not parallel, because TMPDIR belongs to the whole process.
func TestNoSpaceForAFormIsNoVerdict(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	a := newFormApp(t, func(*ginjwt.Config) {})
	a.engine.POST("/", a.mgr.JWTRequired(), identify)
	w := a.send(formData, a.token, strings.NewReader(filePart(2*mebibyte)+fieldPart("csrf_token", a.csrf)+lastBoundary))
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, `{"msg":"Service unavailable"}`+"\n", w.Body.String())
	w = a.send(formData, a.token, strings.NewReader(fieldPart("csrf_token", a.csrf)+filePart(2*mebibyte)+lastBoundary))
	assert.Equal(t, "alice", w.Body.String(), "the field in front needs no space")
}

// FuzzForms compares with net/http: a form that passes has exactly one field, the parser
// of net/http finds the same field, and the handler reads every byte. Flask accepts a field
// whose disposition is not form-data; net/http does not.
func FuzzForms(f *testing.F) {
	a := newFormApp(f, func(*ginjwt.Config) {})
	var sent, got []byte
	a.engine.POST("/", a.mgr.JWTRequired(ginjwt.Optional()), func(c *gin.Context) {
		got, _ = io.ReadAll(c.Request.Body)
		identify(c)
	})
	file := []byte(filePart(mebibyte))
	f.Add(formData, []byte(fieldPart("csrf_token", "CSRF")+lastBoundary), false, uint8(0))
	f.Add(formData, []byte(fieldPart("csrf_token", "CSRF")+lastBoundary), true, uint8(1))
	f.Add(formData, []byte(fieldPart("csrf_token", "CSRF")+filePart(16)+fieldPart("csrf_token", "x")+lastBoundary), true, uint8(2))
	f.Add(formData, []byte(strings.Replace(fieldPart("csrf_token", "CSRF"), "form-data", "other", 1)+fieldPart("csrf_token", "x")+lastBoundary), true, uint8(2))
	f.Add("application/x-www-form-urlencoded; charset=utf-8", []byte("a=1&csrf_token=CSRF"), false, uint8(1))
	f.Add("application/json", []byte(`{"csrf_token":"CSRF"}`), false, uint8(2))
	f.Fuzz(func(t *testing.T, contentType string, body []byte, behindFile bool, chunks uint8) {
		sent = bytes.ReplaceAll(body, []byte("CSRF"), []byte(a.csrf))
		if behindFile {
			sent = append(bytes.Clone(file), sent...)
		}
		var reader io.Reader = bytes.NewReader(sent)
		switch chunks % 3 {
		case 1:
			reader = iotest.DataErrReader(reader)
		case 2:
			reader = iotest.HalfReader(reader)
		}
		got = nil
		w := a.send(contentType, a.token, reader)
		if w.Code != http.StatusOK {
			require.Contains(t, []string{noCSRFValue, wrongCSRFValue}, w.Body.String())
			return
		}
		require.Equal(t, "alice", w.Body.String())
		require.True(t, bytes.Equal(sent, got), "the handler read %d of %d bytes", len(got), len(sent))
		r := a.request(contentType, "", bytes.NewReader(sent))
		if err := r.ParseMultipartForm(1 << 30); hasOtherField(r.Header.Get("Content-Type"), sent) {
			require.Contains(t, string(sent), a.csrf)
		} else if err == nil || len(r.PostForm) > 0 {
			require.Equal(t, a.csrf, r.PostForm["csrf_token"][0])
		} else { // the form is damaged after the field
			require.True(t, behindFile, "%v", err)
			require.Contains(t, string(sent), a.csrf)
		}
	})
}

// hasOtherField reports whether a form has a CSRF field whose disposition is not form-data.
func hasOtherField(contentType string, body []byte) bool {
	_, params, _ := mime.ParseMediaType(contentType)
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return false
		}
		disposition, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if disposition != "form-data" && params["name"] == "csrf_token" {
			return true
		}
	}
}
