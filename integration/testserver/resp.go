package testserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const answerTimeout = 5 * time.Second

// redisCommand sends one command to a Redis server, on a connection of its own.
// The parts of an array are separated by line feeds.
func redisCommand(addr string, args ...string) (answer string, err error) {
	conn, err := net.DialTimeout("tcp", addr, answerTimeout)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(answerTimeout))
	if _, err := io.WriteString(conn, respArray(args)); err != nil {
		return "", err
	}
	return readRESP(bufio.NewReader(conn))
}

func respArray(args []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return b.String()
}

func readRESP(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, text := line[0], strings.TrimRight(line[1:], "\r\n")
	switch kind {
	case '-':
		return "", errors.New(text)
	case '$':
		return readBulk(r, text)
	case '*':
		return readArray(r, text)
	default:
		return text, nil
	}
}

func readBulk(r *bufio.Reader, length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return "", err
	}
	text := make([]byte, n+len("\r\n"))
	_, err = io.ReadFull(r, text)
	return string(text[:n]), err
}

func readArray(r *bufio.Reader, length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return "", err
	}
	parts := make([]string, n)
	for i := range parts {
		if parts[i], err = readRESP(r); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, "\n"), nil
}
