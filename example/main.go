// Command example is a small service with tokens in headers and in cookies, refresh token
// rotation, and sessions that users can list and end. It needs no settings and stores all
// data in an SQLite database:
//
//	go run ./example
//
// DATABASE_URL=postgres://… moves all data to PostgreSQL. REDIS_URL=redis://… moves the
// sessions to Redis. With these servers any number of processes can run. All JWT_…
// environment variables work too. The flag -admin localhost:9090 serves metrics there. Read
// routes.go first.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/bcrypt"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // then a second signal ends the program at once
	err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "example:", err)
		os.Exit(1)
	}
}

// startTime is how long the servers of the stores may take to answer at startup.
const startTime = 5 * time.Second

// run serves until ctx ends.
func run(ctx context.Context, args []string, lookup lookupFunc, stdout, stderr io.Writer) error {
	flags, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, ok := lookup("GIN_MODE"); !ok {
		gin.SetMode(gin.ReleaseMode)
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))

	listener, err := net.Listen("tcp", flags.addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	dir := flags.dir
	loopback := isLoopback(listener)
	if !loopback {
		log.Warn("this address is reachable from other machines: put a proxy with TLS in front of it, or others can read passwords")
	}

	if err := makeDataDir(dir); err != nil {
		return err
	}
	config, err := loadConfig(dir, loopback, lookup)
	if err != nil {
		return err
	}
	start, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	db, err := openDatabase(start, dir, lookup)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	s, err := openStores(ctx, start, db, lookup, log)
	if err != nil {
		return err
	}
	defer func() { _ = s.close() }()
	metrics, err := observe(&config, s.blocklist, log)
	if err != nil {
		return err
	}
	engine, err := newEngine(db, s, config, bcrypt.DefaultCost, log)
	if err != nil {
		return err
	}
	stopAdmin, err := serveAdmin(ctx, flags.admin, metrics, log)
	if err != nil {
		return err
	}
	defer stopAdmin()
	welcome(stdout, urlOf(flags.addr, listener), dir)
	return serve(ctx, listener, engine, log)
}

// options are the flags of the command line.
type options struct {
	addr, admin string // addresses to listen on; an empty admin: no metrics
	dir         string
}

func parseFlags(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("example", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "localhost:8080", "address to listen on")
	flags.StringVar(&o.admin, "admin", "", "address that serves /metrics; keep it private; empty: no metrics")
	flags.StringVar(&o.dir, "data", filepath.Join("data", "ginjwt-example"), "directory of the database and the secret")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

func isLoopback(listener net.Listener) bool {
	tcp, ok := listener.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// urlOf returns the URL of the service on this machine. The port of addr may be 0; the
// listener knows the real port.
func urlOf(addr string, listener net.Listener) string {
	host, _, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "http://" + net.JoinHostPort(host, port)
}

func welcome(w io.Writer, url, dir string) {
	fmt.Fprintf(w, `Listening on %[1]s, data in %[2]s. Try:

JSON='Content-Type: application/json'
ALICE='{"name":"alice","password":"correct horse"}'
curl -s %[1]s/register -H "$JSON" -d "$ALICE"
LOGIN=$(curl -s %[1]s/login -H "$JSON" -d "$ALICE")
ACCESS=$(echo "$LOGIN" | cut -d '"' -f 4)
REFRESH=$(echo "$LOGIN" | cut -d '"' -f 14)
curl -s %[1]s/me -H "Authorization: Bearer $ACCESS"
curl -s %[1]s/sessions -H "Authorization: Bearer $ACCESS"
curl -s -X POST %[1]s/refresh -H "Authorization: Bearer $REFRESH"
curl -s -X POST %[1]s/logout -H "Authorization: Bearer $ACCESS"
curl -s %[1]s/me -H "Authorization: Bearer $ACCESS"
curl -s -X POST %[1]s/refresh -H "Authorization: Bearer $REFRESH"

Or open %[1]s/web in a browser. Ctrl-C ends it.
`, url, dir)
}
