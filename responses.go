package ginjwt

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// An ErrorHandler writes the response to a refused request. The handler chain is already
// aborted when it runs. If it writes nothing, the server sends the default response, the
// one of Config.ErrorProfile.
//
// Every response with a status of 400 or more gets a WWW-Authenticate header with the
// reason of the refusal (RFC 9110 §11.6.1). The exceptions are a handler that sets the
// header itself, and a handler that hides the route with a 404 or 410.
type ErrorHandler func(c *gin.Context, err *Error)

// responders are the handlers that respond, indexed by loader. Nil means not registered.
type responders [responderCount]ErrorHandler

// of returns the handler for an error, or nil if none is registered.
func (r *responders) of(err *Error) ErrorHandler {
	if fn := r[answers[err.row()].loader]; fn != nil {
		return fn
	}
	return r[failureLoader]
}

// flaskProfile is the default of Config.ErrorProfile.
const flaskProfile = "flask"

// profiles are the handlers for the values of Config.ErrorProfile.
var profiles = map[string]ErrorHandler{flaskProfile: FlaskError, "bearer": BearerError, "problem": ProblemError}

// refuser responds to refused requests.
type refuser struct {
	responders *responders
	profile    string // responds if no loader does
	challenges challenges
	messageKey string
	events     *events
}

// refuse aborts the handler chain and writes the response to err. It aborts first, so
// that a panic in a loader cannot let the request continue.
func (r *refuser) refuse(c *gin.Context, err error) {
	memory := new(refusalMemory)
	e := &memory.refused
	e.take(err)
	c.Abort()
	memory.entry = gin.Error{Err: e, Type: gin.ErrorTypePrivate}
	c.Errors = append(c.Errors, &memory.entry)
	r.events.refused(c.Request.Context(), e)
	if c.Writer.Written() {
		return // too late for another response
	}
	header := c.Writer.Header()
	room := headerRoom(memory.headers[:0])
	header["X-Content-Type-Options"] = room.one("nosniff")
	putCookies(header, e.cookies)
	if e.nonce != "" {
		putNonce(c, e.nonce)
	}
	loader := r.responders.of(e)
	if loader == nil && r.profile == flaskProfile && !e.atLogin { // attackers get this response more than anybody
		if isRefusal(e.Status) && isEmpty(header[challengeHeader]) {
			header[challengeHeader] = room.one(r.challenges.of(e))
		}
		answerFlask(c, room, memory.body[:0], e.Status, r.messageKey, e.Message)
		c.Writer.WriteHeaderNow()
		return
	}
	told := *e
	told.Token, told.messageKey = e.token, r.messageKey
	r.ask(c, room, loader, &told)
}

// ask calls the loader, if there is one. If it does not respond, the profile does.
func (r *refuser) ask(c *gin.Context, room headerRoom, loader ErrorHandler, err *Error) {
	writer := &challenger{ResponseWriter: c.Writer, challenge: r.challenges.of(err), room: room}
	defer func(own gin.ResponseWriter) { c.Writer = own }(c.Writer)
	c.Writer = writer
	c.Status(err.Status) // a loader that only writes a body must not respond with 200
	writer.answered = false
	if loader != nil {
		loader(c, err)
	}
	if !writer.answered && !writer.Written() {
		profiles[r.profile](c, err)
	}
	writer.WriteHeaderNow()
}

// refusalMemory is what a refusal needs, in one allocation. It comes from no pool: a
// middleware that keeps a body by mistake must not find the tokens of later requests in it.
type refusalMemory struct {
	refused Error
	entry   gin.Error // in the list of Gin
	headers [4]string
	body    [112]byte // for most messages
}

// headerRoom has room for the values of some headers, in one allocation. No two responses
// share it: a middleware may change the values of a header in place, as slices.DeleteFunc
// does.
type headerRoom []string

// one returns a header with a single value.
func (r *headerRoom) one(value string) []string {
	*r = append(*r, value)
	last := len(*r)
	return (*r)[last-1 : last : last]
}

func isEmpty(values []string) bool { return len(values) == 0 || values[0] == "" }

// FlaskError responds as Flask-JWT-Extended does: {"msg": "…"}, with the same status.
// It is the default. The reason is only in the WWW-Authenticate header.
func FlaskError(c *gin.Context, err *Error) {
	if err.atLogin { // RFC 9449 §5
		answerJSON(c, err.Status, gin.H{or(err.messageKey, "msg"): err.Message, "error": answers[err.row()].oauthError})
		return
	}
	answerFlask(c, make(headerRoom, 0, 2), make([]byte, 0, 128), err.Status, or(err.messageKey, "msg"), err.Message)
}

// answerFlask writes the body into the given memory, if it has room.
func answerFlask(c *gin.Context, room headerRoom, body []byte, status int, key, message string) {
	body = appendASCII(append(body, '{'), key)
	body = appendASCII(append(body, ':'), message)
	body = append(body, "}\n"...)
	header := c.Writer.Header()
	if len(header["Content-Type"]) == 0 {
		header["Content-Type"] = room.one("application/json")
	}
	header["Content-Length"] = room.one(strconv.Itoa(len(body)))
	c.Status(status)
	if _, failed := c.Writer.Write(body); failed != nil {
		_ = c.Error(failed) // the client is gone
	}
}

// appendASCII appends s as a JSON string in ASCII, as Flask writes strings.
func appendASCII(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	const short, long = "\"\\\b\f\n\r\t", `"\bfnrt`
	b = append(b, '"')
	if isPlainASCII(s) {
		return append(append(b, s...), '"')
	}
	for _, r := range s {
		i := strings.IndexRune(short, r)
		switch {
		case i >= 0:
			b = append(b, '\\', long[i])
		case ' ' <= r && r < 0x7f:
			b = append(b, byte(r))
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				b = append(b, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
			}
		}
	}
	return append(b, '"')
}

// isPlainASCII reports whether JSON needs no escapes for s.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// BearerError responds as RFC 6750 §3.1 says: with status 400, 401 or 403, and the body
// {"error": "…", "error_description": "…", "reason": "…"}. For refusals without a code
// in RFC 6750 it uses the codes of RFC 9470 and RFC 6749. Failures of the server have
// the status 500 or 503. All errors of a kind have the same description. If the request
// has no token, the body has only the reason.
func BearerError(c *gin.Context, err *Error) {
	a := answers[err.row()]
	body := gin.H{"reason": err.reason()}
	if err.atLogin {
		a.oauthStatus = err.Status
	}
	if a.oauthError != "" {
		body["error"], body["error_description"] = a.oauthError, a.oauthText
	}
	c.JSON(a.oauthStatus, body)
}

// ProblemError responds as RFC 9457 says, with the status of [BearerError]. The member
// "error" has the code of BearerError, and "reason" has the reason.
func ProblemError(c *gin.Context, err *Error) {
	a := answers[err.row()]
	own := gin.H{"reason": err.reason()}
	if err.atLogin {
		a.oauthStatus = err.Status
	}
	if a.oauthError != "" {
		own["error"] = a.oauthError
	}
	answerProblem(c, a.oauthStatus, a.oauthText, own)
}

// answerProblem responds with the members of RFC 9457 §3.1 and with own ones.
func answerProblem(c *gin.Context, status int, detail string, own gin.H) {
	body := gin.H{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail}
	maps.Copy(body, own)
	c.Header("Content-Type", "application/problem+json")
	c.JSON(status, body)
}

// noStore keeps responses with tokens out of caches (RFC 6749 §5.1).
func noStore(c *gin.Context) {
	header, room := c.Writer.Header(), make(headerRoom, 0, 2)
	header["Cache-Control"], header["Pragma"] = room.one("no-store"), room.one("no-cache")
}

// keepOutOfCaches stops the back button of a browser from showing the response
// after a logout. It changes nothing if the application has set Cache-Control.
func keepOutOfCaches(c *gin.Context) {
	if header := c.Writer.Header(); len(header["Cache-Control"]) == 0 {
		header["Cache-Control"] = []string{"no-store"}
	}
}

// putNonce puts a nonce into the response. A cache must not give it to a later request
// (RFC 9449 §8.2).
func putNonce(c *gin.Context, nonce string) {
	c.Writer.Header()[nonceHeader] = []string{nonce}
	keepOutOfCaches(c)
}

// answerJSON responds as FlaskError does: as application/json, with a line break at the
// end.
func answerJSON(c *gin.Context, status int, body any) {
	b, err := json.Marshal(body, strictjson.Exact, jsontext.EscapeForHTML(true)) // the name of a device may be any text
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.Header("Content-Type", "application/json")
	c.Status(status)
	if _, err := c.Writer.Write(append(b, '\n')); err != nil {
		_ = c.Error(err) // the client is gone
	}
}
