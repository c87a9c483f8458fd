package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"time"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// greeting is what a server tells about itself.
type greeting struct {
	Address, Token string
	Cores          int // that it may use
}

// usage is what a server has used since its start.
type usage struct {
	CPU   time.Duration
	Bytes uint64 // allocated on the heap
}

// Questions that a server answers.
const (
	askUsage   = "usage"
	askProfile = "profile" // begins it
	askEnd     = "end"     // ends it, and returns it
)

// serve is the server's process. It ends when its input does, which is when the process that
// started it has ended.
func serve(name, algorithm string, in io.Reader, out io.Writer) error {
	c, keys := contender.Named(name), contender.NewKeys(algorithm)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: c.Protected(keys), ReadHeaderTimeout: 10 * time.Second, Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	answers := json.NewEncoder(out)
	if err := answers.Encode(greeting{listener.Addr().String(), c.Token(keys), runtime.NumCPU()}); err != nil {
		return err
	}
	asked := make(chan error, 1)
	go func() {
		asked <- answerAll(json.NewDecoder(in), answers)
		_ = s.Close()
	}()
	if err := s.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return <-asked
}

// answerAll answers questions until there are no more.
func answerAll(questions *json.Decoder, answers *json.Encoder) error {
	var profile bytes.Buffer
	for {
		var question string
		if err := questions.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var answer any
		switch question {
		case askUsage:
			answer = usage{processorTime(), allocated()}
		case askProfile:
			profile.Reset()
			if err := pprof.StartCPUProfile(&profile); err != nil {
				return err
			}
		case askEnd:
			pprof.StopCPUProfile()
			answer = profile.Bytes()
		default:
			return fmt.Errorf("no such question: %q", question)
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
