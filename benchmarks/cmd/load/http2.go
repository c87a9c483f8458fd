package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// http2Conn is a connection of HTTP/2 without TLS. One goroutine serves all its streams and
// writes frames in batches, so that it costs less than the server that is measured.
type http2Conn struct {
	conn    net.Conn
	reader  *bufio.Reader
	writer  *bufio.Writer
	framer  *http2.Framer
	fields  []hpack.HeaderField
	encoder *hpack.Encoder
	encoded bytes.Buffer
	streams int
	next    uint32               // stream; clients have the odd numbers
	begun   map[uint32]time.Time // the streams that are open
}

func dialHTTP2(s *server, streams int) (client, error) {
	conn, err := dial(s)
	if err != nil {
		return nil, err
	}
	c := &http2Conn{
		conn: conn, reader: bufio.NewReader(conn), writer: bufio.NewWriter(conn),
		streams: streams, next: 1, begun: map[uint32]time.Time{},
		fields: []hpack.HeaderField{
			{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"},
			{Name: ":authority", Value: s.Address}, {Name: ":path", Value: "/protected"},
			{Name: "authorization", Value: "Bearer " + s.Token},
		},
	}
	c.framer = http2.NewFramer(c.writer, c.reader)
	c.framer.SetReuseFrames()
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.encoded)
	return c, c.greet()
}

// window is room for all bodies that a connection will ever receive here.
const window = 1 << 30

func (c *http2Conn) greet() error {
	if _, err := c.writer.WriteString(http2.ClientPreface); err != nil {
		return err
	}
	if err := c.framer.WriteSettings(http2.Setting{ID: http2.SettingEnablePush, Val: 0}); err != nil {
		return err
	}
	return c.framer.WriteWindowUpdate(0, window)
}

func (c *http2Conn) close() { _ = c.conn.Close() }

func (c *http2Conn) send(most int, enough func() bool) (latencies []time.Duration, err error) {
	for i := 0; i < min(c.streams, most) && !enough(); i++ {
		if err := c.request(); err != nil {
			return nil, err
		}
	}
	for len(c.begun) > 0 {
		latency, ends, err := c.receive()
		if err != nil {
			return nil, err
		}
		if !ends {
			continue
		}
		latencies = append(latencies, latency)
		if len(latencies)+len(c.begun) < most && !enough() {
			if err := c.request(); err != nil {
				return nil, err
			}
		}
	}
	return latencies, nil
}

// request opens a stream. Its headers, which the server knows already, are a few bytes.
func (c *http2Conn) request() error {
	c.encoded.Reset()
	for _, field := range c.fields {
		if err := c.encoder.WriteField(field); err != nil {
			return err
		}
	}
	id := c.next
	c.next += 2
	c.begun[id] = time.Now()
	return c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: c.encoded.Bytes(), EndStream: true, EndHeaders: true,
	})
}

// receive reads a frame, and sends what was written before if it has to wait for the frame.
// It reports whether a response ended, and how long its request took.
func (c *http2Conn) receive() (latency time.Duration, ends bool, err error) {
	if c.reader.Buffered() == 0 {
		if err := c.writer.Flush(); err != nil {
			return 0, false, err
		}
	}
	frame, err := c.framer.ReadFrame()
	if err != nil {
		return 0, false, err
	}
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			return 0, false, c.framer.WriteSettingsAck()
		}
	case *http2.MetaHeadersFrame:
		if frame.PseudoValue("status") != "200" || frame.StreamEnded() {
			return 0, false, fmt.Errorf("the status was %q", frame.PseudoValue("status"))
		}
	case *http2.DataFrame:
		if string(frame.Data()) != contender.Identity || !frame.StreamEnded() {
			return 0, false, fmt.Errorf("the body was %q", frame.Data())
		}
		begun := c.begun[frame.StreamID]
		delete(c.begun, frame.StreamID)
		return time.Since(begun), true, nil
	case *http2.RSTStreamFrame:
		return 0, false, fmt.Errorf("the server ended a stream: %s", frame.ErrCode)
	case *http2.GoAwayFrame:
		return 0, false, fmt.Errorf("the server ended the connection: %s", frame.ErrCode)
	}
	return 0, false, nil
}
