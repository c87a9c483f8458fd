package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// read reads the JSON object in the body into v. If something is wrong, it answers the
// request and returns false.
//
// It requires the Content-Type of JSON. A form on another site cannot send this type, so it
// cannot log visitors in to a stranger's account.
func (a *app) read(c *gin.Context, v any) (ok bool) {
	if c.ContentType() != "application/json" {
		a.say(c, http.StatusUnsupportedMediaType, "The Content-Type must be application/json")
		return false
	}
	body, err := io.ReadAll(c.Request.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		a.say(c, http.StatusRequestEntityTooLarge, "The body is too large")
		return false
	}
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || json.Unmarshal(body, v) != nil {
		a.say(c, http.StatusBadRequest, "The body is not the JSON object that this route takes")
		return false
	}
	return true
}

// answer writes v as JSON, with a line break.
func (a *app) answer(c *gin.Context, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		a.fail(c, err)
		return
	}
	c.Data(status, "application/json", append(body, '\n'))
}

// say answers with a message in the format of ginjwt's answers, and ends the request.
func (a *app) say(c *gin.Context, status int, message string) {
	c.Abort()
	a.answer(c, status, gin.H{a.messageKey: message})
}

// fail answers after an error on the server's side: 500, or 503 for a store, with a general
// message. The error itself goes to the log.
func (a *app) fail(c *gin.Context, err error) { a.jwt.Refuse(c, err) }
