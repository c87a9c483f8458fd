package ginjwt

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// Tokens and CSRF values are looked for in bodies, which stay whole for the
// handlers.

func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.Trim(mediaType, blanks))
	return mediaType == "application/json" ||
		strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")
}

// jsonBodyValues returns the values of one member of the JSON object in the
// body of r, two at the most; none if the body is anything else, or larger than
// maxBody. Escapes of lone surrogates may stand in other members.
func jsonBodyValues(r *http.Request, name string) (values []strictjson.Value) {
	body, complete := peekBody(r)
	if !complete || !utf8.Valid(body) {
		return nil
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	err := strictjson.Members(body, string(body), func(member string, v strictjson.Value) {
		if member == name && len(values) < 2 {
			values = append(values, v)
		}
	}, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return values
}

// maxBody is how much of a body is read to find a token or a CSRF value.
const maxBody = 1 << 20

// peekBody reads the beginning of the body of r, and puts it back. It reports
// whether that is all of it.
func peekBody(r *http.Request) (body []byte, complete bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, true
	}
	if r.ContentLength > maxBody && isJSON(r.Header.Get("Content-Type")) {
		return nil, false // do not read what would be of no use
	}
	body, err := readAll(io.LimitReader(r.Body, maxBody+1), r.ContentLength)
	r.Body = &peekedBody{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body, err == nil && len(body) <= maxBody
}

// readAll is io.ReadAll, in one piece where the length is known and small: a
// client only says how long a body will be.
func readAll(r io.Reader, length int64) ([]byte, error) {
	if length <= 0 || length > 16<<10 {
		return io.ReadAll(r)
	}
	b := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead))
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// peekedBody is a body whose beginning was read before.
type peekedBody struct {
	io.Reader
	io.Closer
}

// formValue returns a field of the form in the body of r, whatever its method,
// and leaves the body whole for the handler. It is found in the first
// maxBody bytes or not at all; two fields are one value that matches nothing.
func formValue(r *http.Request, field string) string {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	switch mediaType {
	case "application/x-www-form-urlencoded":
		body, _ := peekBody(r)
		form, _ := url.ParseQuery(string(body)) // drops what it cannot read
		return strings.Join(form[field], ",")
	case "multipart/form-data":
		body, _ := peekBody(r)
		return multipartValue(multipart.NewReader(bytes.NewReader(body), params["boundary"]), field)
	}
	return ""
}

const (
	maxFormValue = 1 << 10 // more than any CSRF value has
	maxFormParts = 1000    // as in net/http
)

func multipartValue(form *multipart.Reader, field string) string {
	var values []string
	for range maxFormParts {
		part, err := form.NextPart()
		if err != nil {
			break
		}
		if part.FormName() == field && part.FileName() == "" {
			value, _ := io.ReadAll(io.LimitReader(part, maxFormValue)) // if cut short, it matches nothing
			values = append(values, string(value))
		}
	}
	return strings.Join(values, ",")
}

// postForm returns the form in the body of a request; never the query string.
func postForm(c *gin.Context) (url.Values, bool) {
	if !strings.EqualFold(c.ContentType(), gin.MIMEPOSTForm) {
		return nil, false
	}
	body, complete := peekBody(c.Request)
	form, err := url.ParseQuery(string(body))
	return form, complete && err == nil
}
