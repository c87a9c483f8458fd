package faults

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// What the child of KilledProcess is told.
const (
	addrVariable   = "GINJWT_FAULTS_ADDR"
	secretVariable = "GINJWT_FAULTS_SECRET"
	tokenVariable  = "GINJWT_FAULTS_TOKEN"
)

// IsChild reports whether this process is a child of KilledProcess: it needs no
// server of its own.
func IsChild() bool { return os.Getenv(addrVariable) != "" }

// KilledProcess kills a process in the middle of rotations, again and again,
// and goes on with the last token that it answered with, as its client would.
// It runs the test that calls it in a child, where it does not return. open
// connects to what addr names.
func KilledProcess(t *testing.T, addr string, open func(ctx context.Context, addr string) Stores) {
	t.Helper()
	if IsChild() {
		rotateForEver(t, open(t.Context(), os.Getenv(addrVariable)))
	}
	config := jwttest.Config(nil)
	u := userOf(t, config.SecretKey, open(t.Context(), addr))
	mgr := u.process()
	var pair ginjwt.TokenPair
	require.NoError(t, u.well("a login", func() (err error) {
		pair, err = mgr.CreateTokenPair(t.Context(), "alice")
		return err
	}))
	token, answered := pair.RefreshToken, 0
	for range 20 {
		last, n := lastAnswerOf(t, addr, config.SecretKey, token)
		pair, err := u.rotateWell(last)
		require.NoError(t, err, "whoever repeats the request is not logged out")
		require.NoError(t, u.visitWell(mgr, pair.AccessToken))
		token, answered = pair.RefreshToken, answered+n
	}
	require.Greater(t, answered, 20)
	var sessions []ginjwt.Session
	require.NoError(t, u.well("a list of sessions", func() (err error) {
		sessions, err = mgr.Sessions(t.Context(), "alice")
		return err
	}))
	require.Len(t, sessions, 1)
	t.Log(answered, "answers,", sessions[0].Generation, "generations")
}

// userOf returns a user of one process.
func userOf(t *testing.T, secret string, stores Stores) *user {
	mgr := ginjwt.New(ginjwt.Config{SecretKey: secret, Sessions: stores.Sessions, Blocklist: stores.Blocklist})
	require.NoError(t, mgr.InitApp(nil))
	w := newWorld(t, nil)
	w.managers = append(w.managers, mgr)
	return &user{world: w, name: "alice"}
}

// rotateForEver is what the child does.
func rotateForEver(t *testing.T, stores Stores) {
	u := userOf(t, os.Getenv(secretVariable), stores)
	token := os.Getenv(tokenVariable)
	for {
		pair, err := u.rotateWell(token)
		require.NoError(t, err)
		token = pair.RefreshToken
		fmt.Println(token)
	}
}

// lastAnswerOf starts a child, kills it after some answers, and returns the last
// of them with their number.
func lastAnswerOf(t *testing.T, addr, secret, token string) (last string, n int) {
	child := exec.Command(os.Args[0], "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$", "-test.count=1") // the test binary itself
	child.Env = append(os.Environ(), addrVariable+"="+addr, secretVariable+"="+secret, tokenVariable+"="+token)
	answers, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	defer func() { _ = child.Wait() }()
	defer func() { _ = child.Process.Kill() }()
	last, lines := token, bufio.NewReader(answers)
	for enough := 1 + rand.IntN(5); ; n++ {
		if n == enough {
			time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, func() { _ = child.Process.Kill() })
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			require.GreaterOrEqual(t, n, enough, "the child ended by itself: %s", last)
			return last, n
		}
		last = line[:len(line)-1]
	}
}
