package ginjwt

import (
	"bytes"
	"crypto/subtle"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// csrfValue returns the double-submit value of a request that carries its
// token in a cookie, empty where none is due: in the header or, if that is
// empty and CSRFCheckForm is on, in the form.
func (m *JWTManager) csrfValue(r *http.Request, kind cookieKind) (string, error) {
	if m.config.DisableCookieCSRFProtect || !m.needsCSRF(r.Method) {
		return "", nil
	}
	// Two headers are one value that matches nothing.
	value := strings.Join(r.Header.Values(kind.csrfHeader), ",")
	if value == "" && m.config.CSRFCheckForm {
		value = formValue(r, kind.csrfField)
	}
	if value == "" {
		return "", errCSRFMissing
	}
	return value, nil
}

func (m *JWTManager) needsCSRF(method string) bool {
	if len(m.config.CSRFMethods) > 0 {
		return slices.Contains(m.config.CSRFMethods, method)
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace: // safe: RFC 9110 §9.2.1
		return false
	}
	return true
}

// checkCSRF compares the value that was sent with the signed one. The value
// in the readable cookie is not looked at: whoever can plant a cookie can plant
// two.
func checkCSRF(claim value, sent string) error {
	if sent == "" {
		return nil
	}
	if claim == "" {
		return errNoCSRFClaim
	}
	signed, ok := claim.str()
	if !ok || subtle.ConstantTimeCompare([]byte(signed), []byte(sent)) != 1 {
		return errCSRFMismatch
	}
	return nil
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
