package server

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// echo is a whole handler for coder/websocket: it sends each message back.
func echo(c *gin.Context) {
	ctx, gone := context.WithCancel(ginjwt.SessionContext(c))
	defer gone()
	conn, err := websocket.Accept(c.Writer, c.Request, nil) // refuses pages of other hosts
	if err != nil {
		return // the library has responded
	}
	defer func() { _ = conn.CloseNow() }()
	go func() {
		defer gone() // the client has disconnected
		for echoOne(ctx, conn) == nil {
		}
	}()
	<-ctx.Done()
	if end, ok := errors.AsType[*ginjwt.SessionEnd](context.Cause(ctx)); ok {
		_ = conn.Close(3000, string(end.Cause)) // waits for the client's close frame
	}
}

func echoOne(ctx context.Context, conn *websocket.Conn) error {
	kind, text, err := conn.Read(context.Background()) // not ctx
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	wait, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	return conn.Write(wait, kind, text)
}

func TestEcho(t *testing.T) {
	t.Parallel()
	config := jwttest.Config(nil)
	config.Sessions, config.Blocklist = &ginjwt.MemorySessions{}, &ginjwt.MemoryBlocklist{}
	mgr := ginjwt.New(config)
	router := gin.New()
	require.NoError(t, mgr.InitApp(router))
	ended := make(chan struct{}, 2)
	router.GET("/echo", mgr.JWTRequired(), func(c *gin.Context) {
		echo(c)
		ended <- struct{}{}
	})
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	open := func() (ginjwt.TokenPair, coderConn) {
		p := &played{t: t, url: server.URL, pair: jwttest.TokenPair(t, mgr, "alice")}
		return p.pair, dialCoder(p, "/echo", bearer(p)...)
	}
	says := func(c coderConn, text string) string {
		require.NoError(t, c.Write(t.Context(), websocket.MessageText, []byte(`{"text":"`+text+`"}`)))
		return next(c)
	}

	pair, first := open()
	_, second := open()
	assert.Equal(t, "hello", says(first, "hello"))
	assert.Equal(t, "again", says(first, "again"))
	require.NoError(t, mgr.EndSession(t.Context(), pair.SessionID))
	assert.Equal(t, "3000 application", next(first))
	<-ended

	assert.Equal(t, "still here", says(second, "still here"))
	require.NoError(t, second.CloseNow())
	<-ended // the handler returns when its client has disconnected
}
