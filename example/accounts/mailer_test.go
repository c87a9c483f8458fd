package main

import (
	"context"
	"errors"
	"log"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLogMailer(t *testing.T) {
	t.Parallel()
	logged := &safeBuffer{}
	m := logMailer{log.New(logged, "", 0)}
	assert.NoError(t, m.send(t.Context(), message{alice, "Subject", "Text\n"}))
	assert.Equal(t, "mail to alice@example.org: Subject\n\nText\n", logged.String())
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register(alice)
	s.mailer = failingMailer{}
	b := s.newBrowser()
	shows(t, b.submit(b.open("/reset"), "address", alice), 200, "Look into your mailbox")
	s.deliver(alice)
	assert.Contains(t, s.logged.String(), "no mail was sent: the mail server is away\n")

	for s.outbox.add(func(context.Context) error { return nil }) {
	}
	shows(t, b.submit(b.open("/reset"), "address", alice), 503, "Please try again later")

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.outbox.run(ctx) }()
	for !s.outbox.add(func(context.Context) error { cancel(); return nil }) {
		runtime.Gosched()
	}
	<-done
}

// A job that panics ends neither the program nor the outbox.
func TestOutboxAfterAPanic(t *testing.T) {
	t.Parallel()
	logged := &safeBuffer{}
	o := newOutbox(log.New(logged, "", 0))
	assert.True(t, o.add(func(context.Context) error { panic("no template") }))
	ctx, cancel := context.WithCancel(t.Context())
	assert.True(t, o.add(func(context.Context) error { cancel(); return nil }))
	assert.NotPanics(t, func() { o.run(ctx) })
	assert.Contains(t, logged.String(), "no mail was sent: panic: no template\n")
	assert.ErrorIs(t, ctx.Err(), context.Canceled, "the next job is done")
}

type failingMailer struct{}

func (failingMailer) send(context.Context, message) error {
	return errors.New("the mail server is away")
}
