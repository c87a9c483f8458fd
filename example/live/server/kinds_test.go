package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// connection is a connection of one of the four kinds.
type connection interface {
	next() string // the text of a message, or how the connection ended
}

// next waits for the next message or the end, with a time limit.
func next(c connection) string {
	came := make(chan string, 1)
	go func() { came <- c.next() }()
	select {
	case text := <-came:
		return text
	case <-time.After(patience):
		return "nothing"
	}
}

// kinds open connections of each kind, with all libraries that a client may use.
var kinds = map[string]func(p *played) connection{
	"gorilla by gorilla":    func(p *played) connection { return dialGorilla(p, p.ticketed("/live/gorilla?after=0")) },
	"gorilla by coder":      func(p *played) connection { return dialCoder(p, p.ticketed("/live/gorilla?after=0")) },
	"coder by gorilla":      func(p *played) connection { return dialGorilla(p, p.ticketed("/live/coder?after=0")) },
	"coder by coder":        func(p *played) connection { return dialCoder(p, p.ticketed("/live/coder?after=0")) },
	"first by gorilla":      func(p *played) connection { return firstByGorilla(p) },
	"first by coder":        func(p *played) connection { return firstByCoder(p) },
	"events":                func(p *played) connection { return openEvents(p, p.ticketed("/live/events?after=0")) },
	"download":              func(p *played) connection { return openDownload(p, p.ticketed("/live/export?rows=1000000000")) },
	"long poll":             func(p *played) connection { return openPoll(p) },
	"gorilla with a header": func(p *played) connection { return dialGorilla(p, "/live/gorilla?after=0", bearer(p)...) },
}

func bearer(p *played) []string { return []string{"Authorization", "Bearer " + p.pair.AccessToken} }

func headers(pairs []string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

type gorillaConn struct {
	p *played
	*gorilla.Conn
}

func dialGorilla(p *played, path string, header ...string) gorillaConn {
	p.t.Helper()
	conn, answer, err := gorilla.DefaultDialer.DialContext(p.t.Context(), strings.Replace(p.url, "http", "ws", 1)+path, headers(header))
	require.NoError(p.t, err)
	_ = answer.Body.Close()
	p.t.Cleanup(func() { _ = conn.Close() })
	return gorillaConn{p, conn}
}

func firstByGorilla(p *played) connection {
	conn := dialGorilla(p, "/first?after=0")
	require.NoError(p.t, conn.WriteJSON(map[string]string{"token": p.pair.AccessToken}))
	return conn
}

func (c gorillaConn) next() string {
	_, text, err := c.ReadMessage()
	if closed, ok := errors.AsType[*gorilla.CloseError](err); ok {
		return fmt.Sprint(closed.Code, " ", closed.Text)
	}
	return received(text, err)
}

type coderConn struct {
	p *played
	*coder.Conn
}

func dialCoder(p *played, path string, header ...string) coderConn {
	p.t.Helper()
	conn, _, err := coder.Dial(p.t.Context(), p.url+path, &coder.DialOptions{HTTPHeader: headers(header)}) //nolint:bodyclose // the body is the connection
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	return coderConn{p, conn}
}

func firstByCoder(p *played) connection {
	conn := dialCoder(p, "/first?after=0")
	require.NoError(p.t, conn.Write(p.t.Context(), coder.MessageText, []byte(`{"token":"`+p.pair.AccessToken+`"}`)))
	return conn
}

func (c coderConn) next() string {
	_, text, err := c.Read(context.Background())
	if closed, ok := errors.AsType[coder.CloseError](err); ok {
		return fmt.Sprint(int(closed.Code), " ", closed.Reason)
	}
	return received(text, err)
}

func received(text []byte, err error) string {
	var m message
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return err.Error()
	}
	return m.Text
}

// stream is the body of a response.
type stream struct {
	*bufio.Reader
}

func open(p *played, path string) stream {
	p.t.Helper()
	answer := p.do("GET", path, "")
	p.t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(p.t, 200, answer.StatusCode)
	return stream{bufio.NewReader(answer.Body)}
}

type events struct{ stream }

func openEvents(p *played, path string) connection { return events{open(p, path)} }

// next returns "session-end CAUSE" for the last event. For a stream that just ends it returns
// the error.
func (e events) next() string {
	name := ""
	for {
		line, err := e.ReadString('\n')
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case err != nil:
			return err.Error()
		case field == "event":
			name = value
		case field == "data" && name == "":
			return received([]byte(value), nil)
		case field == "data":
			_, err := io.ReadAll(e) // nothing follows
			if err != nil {
				return err.Error()
			}
			return name + " " + value
		}
	}
}

type download struct{ stream }

func openDownload(p *played, path string) connection { return download{open(p, path)} }

func (d download) next() string {
	if _, err := io.Copy(io.Discard, d); err != nil {
		return err.Error()
	}
	return "whole"
}

// poll is a long poll that asks again after each response.
type poll struct {
	answers chan string
}

func openPoll(p *played) connection {
	answers := make(chan string)
	send := func(text string) bool {
		select {
		case answers <- text:
			return true
		case <-p.t.Context().Done():
			return false
		}
	}
	go func() {
		for after := "?after=0"; ; {
			r, _ := http.NewRequestWithContext(p.t.Context(), "GET", p.url+"/api/next"+after, nil)
			r.Header.Set("Authorization", "Bearer "+p.pair.AccessToken)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				send(err.Error())
				return
			}
			var messages []message
			_ = json.NewDecoder(answer.Body).Decode(&messages) // a refusal has no messages
			_ = answer.Body.Close()
			if answer.StatusCode != 200 {
				send(refusalOf(answer))
				return
			}
			for _, m := range messages {
				after = fmt.Sprint("?after=", m.ID)
				if !send(m.Text) {
					return
				}
			}
		}
	}()
	return poll{answers}
}

// refusalOf returns the status and the reason of a refusal.
func refusalOf(answer *http.Response) string {
	reason := regexp.MustCompile(`reason="(\w+)"`).FindStringSubmatch(answer.Header.Get("WWW-Authenticate") + `reason="none"`)[1]
	return fmt.Sprint(answer.StatusCode, " ", reason)
}

func (p poll) next() string { return <-p.answers }

// eachKind opens a connection of each kind, and waits for a first message. It passes the name of
// the kind to the test: "WebSocket", "events", "download" or "long poll".
func eachKind(t *testing.T, run func(t *testing.T, p *played, c connection, kind string), configure ...func(*ginjwt.Config, *http.Server)) {
	t.Helper()
	for name, open := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := play(t, configure...)
			c := open(p)
			kind := name
			if strings.Contains(name, " by ") || strings.Contains(name, " with ") {
				kind = "WebSocket"
			}
			p.say("hello")
			if kind != "download" {
				require.Equal(t, "hello", next(c))
			}
			run(t, p, c, kind)
		})
	}
}
