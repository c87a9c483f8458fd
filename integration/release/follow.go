package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/integration/testserver"
)

// addressInREADME is the address of the README's program and of its curl commands.
const addressInREADME = "localhost:8080"

// followREADME follows the README in an empty folder.
func (r *rehearsal) followREADME(ctx context.Context) error {
	screen, err := readFirstScreen(r.source.dir)
	if err != nil {
		return err
	}
	in, err := r.emptyFolder("app")
	if err != nil {
		return err
	}
	if err := in.all(ctx, "go mod init example.com/app", "go get "+r.path+"@"+r.version); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(in.dir, "main.go"), []byte(screen.program), 0o644); err != nil {
		return err
	}
	if err := in.all(ctx, "go build -o app ."); err != nil {
		return err
	}
	return r.converse(ctx, in, screen.session)
}

// converse starts the program and types the commands of the README.
func (r *rehearsal) converse(ctx context.Context, in folder, session []answer) error {
	in.env = append(withoutSettings(in.env), "no_proxy=*", "CURL_HOME="+in.dir)
	address, err := testserver.FreeAddress()
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	program, err := start(ctx, in, port)
	if err != nil {
		return err
	}
	defer program.end()
	if err := program.listens(ctx, address); err != nil {
		return err
	}
	r.say("   its program compiles and runs; %d commands of its session follow", len(session))
	return typed(ctx, in, strings.NewReplacer(addressInREADME, address), session)
}

// typed types the commands in one shell, so that variables stay set, and compares their
// output with the README.
func typed(ctx context.Context, in folder, addresses *strings.Replacer, session []answer) error {
	const mark = "\x04"
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var script strings.Builder
	for _, answer := range session {
		fmt.Fprintf(&script, "%s\nprintf '\\004'\n", addresses.Replace(answer.command))
	}
	printed, err := in.run(ctx, "bash", "--noprofile", "--norc", "-c", "exec 2>&1\n"+script.String())
	if err != nil {
		return err
	}
	outputs := strings.Split(printed, mark)
	if len(outputs) <= len(session) {
		return fmt.Errorf("the session of README.md ends early, after\n%s", indent(printed))
	}
	for i, answer := range session {
		if got, want := strings.TrimSpace(outputs[i]), strings.TrimSpace(answer.output); got != want {
			return fmt.Errorf("README.md shows another answer to\n%s\nit shows\n%s\nthe answer is\n%s",
				indent("$ "+answer.command), indent(want), indent(got))
		}
	}
	return nil
}

// program is a running program.
type program struct {
	cmd    *exec.Cmd
	output *bytes.Buffer // read it only after the program has ended
	ended  chan struct{}
}

func start(ctx context.Context, in folder, port string) (*program, error) {
	p := &program{cmd: exec.CommandContext(ctx, filepath.Join(in.dir, "app")), output: &bytes.Buffer{}, ended: make(chan struct{})}
	p.cmd.Dir = in.dir
	p.cmd.Env = append(in.env, "PORT="+port, "JWT_SECRET_KEY="+rand.Text()+rand.Text())
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *program) end() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// listens waits until the program accepts connections.
func (p *program) listens(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return errors.New("the program of the README ended at once:\n" + indent(p.output.String()))
		case <-ctx.Done():
			return errors.New("the program of the README does not listen on $PORT")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// withoutSettings removes variables that change how the program works.
func withoutSettings(environ []string) (kept []string) {
	for _, variable := range environ {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "JWT_") && name != "GIN_MODE" {
			kept = append(kept, variable)
		}
	}
	return kept
}
