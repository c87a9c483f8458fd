package ginjwt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// The library looks for tokens and CSRF values in bodies, and leaves the bodies
// whole for the handlers.

func isJSON(contentType string) bool {
	mediaType := mediaTypeOf(contentType)
	return mediaType == "application/json" ||
		strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")
}

// mediaTypeOf returns the media type of a body, without its parameters.
func mediaTypeOf(contentType string) string {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.Trim(mediaType, blanks))
}

// jsonBodyValues returns the values of one member of the JSON object in the
// body, at most two. It returns none if the body is not an object, or is larger
// than maxBody. Other members may contain escapes of lone surrogates.
func jsonBodyValues(c *gin.Context, name string) (values []strictjson.Value) {
	if c.Request.ContentLength > maxBody {
		return nil // do not read a body that is too large
	}
	body, err := peekBody(c)
	if err != nil || len(body) > maxBody || !utf8.Valid(body) {
		return nil
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	err = strictjson.Members(body, string(body), func(member string, v strictjson.Value) {
		if member == name && len(values) < 2 {
			values = append(values, v)
		}
	}, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return values
}

// maxBody is how many bytes of a body are read ahead without further checks.
const maxBody = 1 << 20

// errBodyGoesOn means that a body is longer than maxBody.
var errBodyGoesOn = errors.New("the body goes on")

// peekBody returns the body of a request. If it is longer than maxBody, it
// returns the beginning and errBodyGoesOn. After a read error it returns what
// was read. The body can still be read from its beginning. If a middleware has
// read the body, peekBody returns the copy that Gin keeps.
func peekBody(c *gin.Context) ([]byte, error) {
	if kept, ok := c.Get(gin.BodyBytesKey); ok { // by ShouldBindBodyWith
		if body, ok := kept.([]byte); ok {
			return body, nil
		}
	}
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil, nil
	}
	return aheadOf(c.Request).peek(c.Request.ContentLength)
}

// aheadBody is a body that was read ahead. Its reader still receives all of it:
// the first bytes are kept in head, and further bytes in file.
type aheadBody struct {
	head []byte
	file *spoolFile // nil: head holds all bytes read so far
	rest io.ReadCloser
	end  error // of rest; nil: not reached
	lost error // why bytes could not be kept; nil: none are lost

	given int64 // how many bytes the reader has received
}

// aheadOf replaces the body of r by an aheadBody, and returns it. A wrapped
// body that nobody has read yet is not wrapped again.
func aheadOf(r *http.Request) *aheadBody {
	if b, ok := r.Body.(*aheadBody); ok && b.given == 0 {
		return b
	}
	b := &aheadBody{rest: r.Body}
	r.Body = b
	return b
}

// peek reads as much as peekBody returns. length is the Content-Length that the
// client sent.
func (b *aheadBody) peek(length int64) ([]byte, error) {
	if b.end == nil && len(b.head) == 0 {
		b.head, b.end = readAll(io.LimitReader(b.rest, maxBody+1), length)
		if b.end == nil && len(b.head) <= maxBody {
			b.end = io.EOF
		}
	}
	switch {
	case len(b.head) > maxBody:
		return b.head, errBodyGoesOn
	case b.end != io.EOF:
		return b.head, b.end
	}
	return b.head, nil
}

// readAll is io.ReadAll, but allocates once if length is small. A client can
// declare any length, so a large one is not trusted.
func readAll(r io.Reader, length int64) ([]byte, error) {
	if length <= 0 || length > 16<<10 {
		return io.ReadAll(r)
	}
	b := bytes.NewBuffer(make([]byte, 0, length+bytes.MinRead))
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}

// kept returns how many bytes are kept.
func (b *aheadBody) kept() int64 {
	if b.file == nil {
		return int64(len(b.head))
	}
	return int64(len(b.head)) + b.file.size
}

// readFrom reads at a position: from the kept bytes, or after them from the
// request.
func (b *aheadBody) readFrom(at int64, p []byte) (n int, err error) {
	head := int64(len(b.head))
	switch {
	case at < head:
		return copy(p, b.head[at:]), nil
	case at < b.kept():
		return b.file.readAt(p, at-head)
	case b.end != nil:
		return 0, b.end
	}
	n, b.end = b.rest.Read(p)
	return n, b.end
}

// Read is for the handler.
func (b *aheadBody) Read(p []byte) (n int, err error) {
	n, err = b.readFrom(b.given, p)
	b.given += int64(n)
	return n, err
}

// Close closes the body and removes the file.
func (b *aheadBody) Close() error {
	if b.file != nil {
		b.file.remove()
	}
	return b.rest.Close()
}

// aheadReader reads a body from its beginning, and keeps all of it. It returns
// errBodyGoesOn when it would keep more than most bytes.
type aheadReader struct {
	ctx  context.Context // of the request
	body *aheadBody
	at   int64
	most int64
}

func (a *aheadReader) Read(p []byte) (n int, err error) {
	isNew := a.at == a.body.kept()
	if isNew {
		p = p[:min(int64(len(p)), max(0, a.most-a.at))]
		if len(p) == 0 {
			return 0, errBodyGoesOn
		}
	}
	n, err = a.body.readFrom(a.at, p)
	if isNew && n > 0 {
		if failed := a.body.keep(a.ctx, p[:n]); failed != nil {
			return 0, failed
		}
	}
	a.at += int64(n)
	return n, err
}

// keep appends bytes to the file. After an error the body cannot be read
// further, because a part would be missing.
func (b *aheadBody) keep(ctx context.Context, p []byte) (err error) {
	if b.file == nil {
		b.file, err = newSpoolFile(ctx)
	}
	if err == nil {
		err = b.file.append(p)
	}
	if err != nil {
		b.lost, b.end = err, err
	}
	return err
}

// spoolFile is a temporary file that nobody else can open: its name is removed
// immediately, if the system allows it. The file is removed when the request ends.
type spoolFile struct {
	file   *os.File
	size   int64
	remove func()
}

func newSpoolFile(ctx context.Context) (*spoolFile, error) {
	file, err := os.CreateTemp("", "ginjwt-*")
	if err != nil {
		return nil, err
	}
	named := os.Remove(file.Name()) != nil
	remove := sync.OnceFunc(func() {
		_ = file.Close()
		if named {
			_ = os.Remove(file.Name())
		}
	})
	context.AfterFunc(ctx, remove)
	return &spoolFile{file: file, remove: remove}, nil
}

func (s *spoolFile) append(p []byte) error {
	_, err := s.file.WriteAt(p, s.size)
	if err == nil {
		s.size += int64(len(p))
	}
	return err
}

func (s *spoolFile) readAt(p []byte, at int64) (int, error) {
	return s.file.ReadAt(p[:min(int64(len(p)), s.size-at)], at)
}
