package ginjwt

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// formReader finds CSRF values in forms.
type formReader struct {
	maxSize int64                                                              // of a form with files
	verify  func(ctx context.Context, encoded string, audience []string) error // reports whether a token is valid and not revoked
}

// value returns a field of the form in a request of any method, never from the
// query string. If the field occurs twice, the joined value matches nothing.
// The body stays whole for the handler.
func (f *formReader) value(c *gin.Context, field, token string, audience []string) (string, error) {
	if values := parsedBefore(c.Request, field); len(values) > 0 {
		return strings.Join(values, ","), nil
	}
	var values []string
	var err error
	switch contentType := c.Request.Header.Get("Content-Type"); mediaTypeOf(contentType) {
	case gin.MIMEPOSTForm:
		values = urlencodedValues(c, field)
	case gin.MIMEMultipartPOSTForm:
		_, params, _ := mime.ParseMediaType(contentType) // empty if one is malformed
		values, err = f.multipartValues(c, params["boundary"], field, token, audience)
	}
	return strings.Join(values, ","), err
}

// parsedBefore returns the values of a field in a form that a middleware has
// already parsed.
func parsedBefore(r *http.Request, field string) []string {
	if values := r.PostForm[field]; len(values) > 0 {
		return values
	}
	if r.MultipartForm != nil {
		return r.MultipartForm.Value[field]
	}
	return nil
}

// urlencodedValues returns the values of a field in the first maxBody bytes.
func urlencodedValues(c *gin.Context, field string) []string {
	body, err := peekBody(c)
	switch err {
	case nil:
	case errBodyGoesOn:
		body = body[:bytes.LastIndexByte(body, '&')+1] // without the incomplete pair
	default:
		return nil
	}
	if !utf8.Valid(body) { // Flask-JWT-Extended does not read it either
		return nil
	}
	return queryValues(string(body), field)
}

// multipartValues returns the values of a field in the first maxBody bytes. If
// there are none, it searches the rest of the form for the first field. Once it
// has found a field, it does not read on: later bytes cannot prove that the
// sender knows the CSRF value, and files need not be kept.
//
// A form that ends without its last boundary has no values.
func (f *formReader) multipartValues(c *gin.Context, boundary, field, token string, audience []string) ([]string, error) {
	if boundary == "" {
		return nil, nil
	}
	body, err := peekBody(c)
	values, parsed := formFields(bytes.NewReader(body), boundary, field, maxFormParts)
	switch {
	case err == nil && parsed == io.EOF:
		return values, nil
	case err != errBodyGoesOn:
		return nil, nil
	case len(values) > 0:
		return values, nil
	}
	return f.laterValue(c, boundary, field, token, audience)
}

// laterValue returns the first value of a field that comes after files. The
// files are kept on disk for the handler, so it first checks the token: a
// stranger must not fill the disk.
func (f *formReader) laterValue(c *gin.Context, boundary, field, token string, audience []string) ([]string, error) {
	ctx := c.Request.Context()
	if c.Request.ContentLength > f.maxSize {
		return nil, nil
	}
	if err := f.verify(ctx, token, audience); err != nil {
		if e := asError(err); e.Kind == ErrExpiredToken || e.Status >= http.StatusInternalServerError {
			return nil, err // the client can get a new token, or a store failed
		}
		return nil, nil // a missing CSRF value is reported before an invalid token
	}
	body := aheadOf(c.Request)
	values, _ := formFields(&aheadReader{ctx: ctx, body: body, most: f.maxSize}, boundary, field, 1)
	if body.lost != nil {
		return nil, unavailable(body.lost)
	}
	return values, nil
}

const (
	maxFormValue = 1 << 10 // longer than any CSRF value
	maxFormParts = 1000    // as in net/http
)

// formFields returns the values of a field, at most as many as most. The error
// is io.EOF at the end of the form.
func formFields(body io.Reader, boundary, field string, most int) (values []string, err error) {
	form := multipart.NewReader(body, boundary)
	for range maxFormParts {
		part, err := form.NextPart()
		if err != nil {
			return values, err
		}
		if !isField(part, field) {
			continue
		}
		value, err := io.ReadAll(io.LimitReader(part, maxFormValue+1)) // if cut short, it matches nothing
		if err != nil {
			return values, err
		}
		if values = append(values, string(value)); len(values) == most {
			return values, nil
		}
	}
	return values, multipart.ErrMessageTooLarge
}

// isField reports whether a part is a form field with this name, and not a
// file.
func isField(part *multipart.Part, name string) bool {
	_, params, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	_, isFile := params["filename"]
	return !isFile && params["name"] == name
}

// postForm returns the form in the body of a request, never the query string.
func postForm(c *gin.Context) (url.Values, bool) {
	if !strings.EqualFold(c.ContentType(), gin.MIMEPOSTForm) {
		return nil, false
	}
	if parsed := c.Request.PostForm; len(parsed) > 0 {
		return parsed, true
	}
	body, err := peekBody(c)
	if err != nil {
		return nil, false
	}
	form, err := url.ParseQuery(string(body))
	return form, err == nil
}
