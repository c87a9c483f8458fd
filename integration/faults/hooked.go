package faults

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// hooked is a log that tells what a process has done with it, and may refuse it.
type hooked struct {
	replica.Log
	asks     func() // for what is new; before it does
	failed   func() // to ask for the head, or to begin a restoration
	began    func(asked time.Time)
	loaded   func()      // an entry
	appended func()      // an entry
	refuses  func() bool // to append
}

var errRefused = errors.New("the server takes nothing of this process")

func (h *hooked) Head(ctx context.Context) (replica.Head, error) {
	if h.asks != nil {
		h.asks()
	}
	head, err := h.Log.Head(ctx)
	if err != nil && h.failed != nil {
		h.failed()
	}
	return head, err
}

func (h *hooked) Begin(ctx context.Context, from, to string, expected []string) error {
	asked := time.Now()
	err := h.Log.Begin(ctx, from, to, expected)
	switch {
	case err != nil && h.failed != nil:
		h.failed()
	case err == nil && h.began != nil:
		h.began(asked)
	}
	return err
}

func (h *hooked) Since(ctx context.Context, at replica.Position, add func(idset.Entry)) (replica.Position, error) {
	if h.asks != nil {
		h.asks()
	}
	return h.Log.Since(ctx, at, add)
}

func (h *hooked) Load(ctx context.Context, add func(idset.Entry)) (replica.Position, error) {
	return h.Log.Load(ctx, func(e idset.Entry) {
		if h.loaded != nil {
			h.loaded()
		}
		add(e)
	})
}

func (h *hooked) GiveBack(ctx context.Context, entries []idset.Entry) error {
	return h.Append(ctx, entries)
}

func (h *hooked) Append(ctx context.Context, entries []idset.Entry) error {
	if h.refuses != nil && h.refuses() {
		return errRefused
	}
	err := h.Log.Append(ctx, entries)
	for range entries {
		if h.appended != nil {
			h.appended()
		}
	}
	return err
}

// after returns a function that calls f when it is called for the nth time.
func after(n int, f func()) func() {
	var called atomic.Int64
	return func() {
		if called.Add(1) == int64(n) {
			f()
		}
	}
}
