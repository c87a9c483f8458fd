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

// mail sends a text, formatted with args.
func (s *service) mail(ctx context.Context, to, subject, text string, args ...any) error {
	return s.mailer.send(ctx, message{to, subject, fmt.Sprintf(text, args...)})
}

// logMailer writes mails to a log, with their links. Use it for development only: everybody who
// reads the log can log in as any user. In production send mails with net/smtp, or with the API
// of a provider. Turn off the provider's click tracking, which stores the links.
type logMailer struct{ log *log.Logger }

func (l logMailer) send(_ context.Context, m message) error {
	l.log.Printf("mail to %s: %s\n\n%s", m.to, m.subject, m.body)
	return nil
}

// outbox runs jobs that write mails, one after the other, outside of the request. So the response
// does not depend on what a job finds. Jobs are lost when the program ends. In production keep
// them in a table of the database.
type outbox struct {
	jobs chan func(context.Context) error
	log  *log.Logger
}

// errOutboxFull means that a mail will not be sent.
var errOutboxFull = errors.New("the outbox is full")

func newOutbox(log *log.Logger) *outbox {
	return &outbox{make(chan func(context.Context) error, 1000), log}
}

// add puts a job into the outbox without waiting. It returns false if the outbox is full.
func (o *outbox) add(job func(context.Context) error) bool {
	select {
	case o.jobs <- job:
		return true
	default:
		return false
	}
}

// run runs jobs until ctx ends.
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

// do runs one job. A panic in it does not end the program.
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
