package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// Shutdown does not wait for WebSockets. The program closes them, and waits for their end.
func TestTheProgramEndsWithItsConnections(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Sessions = &ginjwt.MemorySessions{}
	config.Blocklist = &ginjwt.MemoryBlocklist{}
	listener, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- serve(ctx, listener, config) }()

	host := listener.Addr().String()
	answer, err := http.Post("http://"+host+"/api/token", "application/json",
		strings.NewReader(`{"username":"alice","password":"correct horse"}`))
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	var pair ginjwt.TokenPair
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&pair))
	header := http.Header{"Authorization": {"Bearer " + pair.AccessToken}}
	conn, handshake, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+host+"/live/gorilla", header)
	require.NoError(t, err)
	_ = handshake.Body.Close()
	defer func() { _ = conn.Close() }()

	stop()
	_, _, err = conn.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseGoingAway), "%v", err)
	assert.NoError(t, <-ended)
}
