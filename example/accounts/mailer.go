package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"runtime/debug"
	"time"
)

// message is a mail in plain text.
type message struct{ to, subject, body string }

// mailer sends mails.
type mailer interface {
	send(ctx context.Context, m message) error
}

// mail sends a text in which args are filled in.
func (s *service) mail(ctx context.Context, to, subject, text string, args ...any) error {
	return s.mailer.send(ctx, message{to, subject, fmt.Sprintf(text, args...)})
}

// logMailer writes mails to a log, with their links: for development only, as whoever reads
// the log can log in as anybody. In real life send them with net/smtp, or with the API of a
// provider; turn off its tracking of clicks, which keeps the links.
type logMailer struct{ log *log.Logger }

func (l logMailer) send(_ context.Context, m message) error {
	l.log.Printf("mail to %s: %s\n\n%s", m.to, m.subject, m.body)
	return nil
}

// outbox does jobs that write mails, one after the other and apart from the request: its
// answer does not depend on what they find. Jobs are lost when the program ends; a table in
// the database keeps them.
type outbox struct {
	jobs chan func(context.Context) error
	log  *log.Logger
}

// errOutboxFull means that a mail will not be sent.
var errOutboxFull = errors.New("the outbox is full")

func newOutbox(log *log.Logger) *outbox {
	return &outbox{make(chan func(context.Context) error, 1000), log}
}

// add puts a job into the outbox. It does not wait, and reports false if the outbox is full.
func (o *outbox) add(job func(context.Context) error) bool {
	select {
	case o.jobs <- job:
		return true
	default:
		return false
	}
}

// run does jobs until ctx ends.
func (o *outbox) run(ctx context.Context) {
	for {
		select {
		case job := <-o.jobs:
			o.do(ctx, job)
		case <-ctx.Done():
			return
		}
	}
}

// do does one job. A panic in it does not end the program, as none in a request does.
func (o *outbox) do(ctx context.Context, job func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil {
			o.log.Printf("no mail was sent: panic: %v\n%s", reason, debug.Stack())
		}
	}()
	if err := job(ctx); err != nil {
		o.log.Printf("no mail was sent: %v", err)
	}
}
