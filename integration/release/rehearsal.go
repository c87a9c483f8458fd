package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// rehearsal has the data that the steps pass on.
type rehearsal struct {
	version string
	repo    string // the repository to release
	work    string // a temporary folder for everything else
	source  source // the committed tree
	path    string // the module path
	env     []string
	out     io.Writer
}

type step struct {
	name string
	do   func(*rehearsal, context.Context) error
}

var steps = []step{
	{"copy the committed tree", (*rehearsal).copyTree},
	{"check what would be released", (*rehearsal).checkTree},
	{"serve it as a module proxy does", (*rehearsal).serve},
	{"follow the README", (*rehearsal).followREADME},
	{"install the command line", (*rehearsal).installCommand},
	{"compile a consumer of every package", (*rehearsal).compileConsumers},
}

// rehearse takes all steps, and stops at the first failure.
func rehearse(ctx context.Context, repo, version string, out io.Writer) (err error) {
	work, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	repo, err = filepath.Abs(repo)
	if err != nil {
		return err
	}
	return (&rehearsal{version: version, repo: repo, work: work, out: out}).take(ctx, steps)
}

func (r *rehearsal) take(ctx context.Context, steps []step) error {
	for _, step := range steps {
		start := time.Now()
		r.say("== %s", step.name)
		if err := step.do(r, ctx); err != nil {
			return fmt.Errorf("cannot %s: %w", step.name, err)
		}
		r.say("   %.1f s", time.Since(start).Seconds())
	}
	return nil
}

func (r *rehearsal) say(format string, args ...any) {
	fmt.Fprintf(r.out, format+"\n", args...)
}

func (r *rehearsal) copyTree(ctx context.Context) (err error) {
	r.source, err = commitOf(ctx, r.repo, filepath.Join(r.work, "source"))
	if err != nil {
		return err
	}
	r.say("   commit %.12s of %s", r.source.commit, r.source.time.Format(time.DateTime))
	if r.source.changed != "" {
		r.say("   NOT in the release, because it is not committed:\n%s", indent(r.source.changed))
	}
	return nil
}

func (r *rehearsal) checkTree(ctx context.Context) error {
	module, err := r.source.module()
	if err != nil {
		return err
	}
	r.path = module.Module.Mod.Path
	if err := r.source.check(ctx, r.version); err != nil {
		return err
	}
	r.env, err = strangerEnv(ctx, r.work, r.path)
	return err
}

func (r *rehearsal) serve(context.Context) error {
	size, files, err := writeProxy(r.proxyDir(), r.source, r.path, r.version)
	r.say("   %s@%s: %d files, %d KiB", r.path, r.version, files, size>>10)
	return err
}

func (r *rehearsal) proxyDir() string { return filepath.Join(r.work, "proxy") }

func indent(text string) string {
	return "     " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n     ")
}
