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

// Tokens and CSRF values are looked for in bodies, which stay whole for the
// handlers.

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
// body of a request, two at the most; none if the body is anything else, or larger
// than maxBody. Escapes of lone surrogates may stand in other members.
func jsonBodyValues(c *gin.Context, name string) (values []strictjson.Value) {
	if c.Request.ContentLength > maxBody {
		return nil // do not read what would be of no use
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

// maxBody is how much of a body is read ahead without a further thought.
const maxBody = 1 << 20

// errBodyGoesOn means that a body is longer than maxBody.
var errBodyGoesOn = errors.New("the body goes on")

// peekBody returns the body of a request, or its beginning with errBodyGoesOn, or
// what was read of it before an error. The body can be read afterwards as if it had
// not been. If a middleware has read it, it is what Gin keeps of it.
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

// aheadBody is a body that is read ahead of its reader, who gets it from its
// beginning all the same: what was read is kept in head, and behind that in file.
type aheadBody struct {
	head []byte
	file *spoolFile // nil: head is all that was read
	rest io.ReadCloser
	end  error // of rest; nil: not reached
	lost error // why there are bytes that could not be kept

	given int64 // how many bytes the reader has got
}

// aheadOf returns the body of r, in its place. What is nobody has read yet is not
// wrapped again.
func aheadOf(r *http.Request) *aheadBody {
	if b, ok := r.Body.(*aheadBody); ok && b.given == 0 {
		return b
	}
	b := &aheadBody{rest: r.Body}
	r.Body = b
	return b
}

// peek reads as much as peekBody returns. The length is what the client says.
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

// kept is how many bytes were read ahead.
func (b *aheadBody) kept() int64 {
	if b.file == nil {
		return int64(len(b.head))
	}
	return int64(len(b.head)) + b.file.size
}

// readFrom reads what is at a position: of what is kept, or else what comes next.
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

// Close removes what is kept on disk.
func (b *aheadBody) Close() error {
	if b.file != nil {
		b.file.remove()
	}
	return b.rest.Close()
}

// aheadReader reads a body from its beginning, and keeps all of it. It ends with
// errBodyGoesOn where more than most bytes would be kept.
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

// keep adds what was read to the file. After an error nobody reads on: a body with a
// gap is none.
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

// spoolFile is a temporary file that nobody else can open: it has no name any more,
// where the system allows that. It is gone when the request ends.
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
