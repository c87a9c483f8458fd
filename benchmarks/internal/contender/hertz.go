package contender

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/common/config"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/route"
	"github.com/golang-jwt/jwt/v4"
	hertzjwt "github.com/hertz-contrib/jwt"
)

// quietHertz turns off the log of routes.
var quietHertz = sync.OnceFunc(func() { hlog.SetLevel(hlog.LevelWarn) })

func newHertz() *route.Engine {
	quietHertz()
	return route.NewEngine(config.NewOptions(nil))
}

func bareHertz(Keys) http.Handler {
	r := newHertz()
	r.GET("/protected", func(_ context.Context, c *app.RequestContext) {
		c.Response.SetBodyString(Identity)
	})
	return hertzHandler(r)
}

// hertzJWT is hertz-contrib/jwt. It has a function for asymmetric keys.
func hertzJWT(k Keys) http.Handler {
	mw := &hertzjwt.HertzJWTMiddleware{
		SigningAlgorithm: k.Algorithm,
		Key:              k.Secret,
		IdentityKey:      "sub",
		Authenticator:    func(context.Context, *app.RequestContext) (any, error) { return Identity, nil },
	}
	if k.Secret == nil {
		mw.KeyFunc = func(t *jwt.Token) (any, error) {
			if t.Method.Alg() != k.Algorithm {
				return nil, errors.New("wrong algorithm")
			}
			return k.Verifying(), nil
		}
	}
	r := newHertz()
	r.GET("/protected", must(hertzjwt.New(mw)).MiddlewareFunc(), func(_ context.Context, c *app.RequestContext) {
		c.Response.SetBodyString(c.GetString("sub"))
	})
	return hertzHandler(r)
}

func hertzHandler(r *route.Engine) http.Handler {
	return foreign{func(method, path string) Client {
		c := &hertzClient{engine: r, ctx: r.NewContext()}
		c.ctx.Request.Header.SetMethod(method)
		c.ctx.Request.SetRequestURI(path)
		c.ctx.Request.Header.SetHost("example.com")
		return c
	}}
}

// hertzClient calls an engine of Hertz.
type hertzClient struct {
	engine *route.Engine
	ctx    *app.RequestContext
}

func (c *hertzClient) Authorize(authorization string) {
	c.ctx.Request.Header.Set("Authorization", authorization)
}

func (c *hertzClient) Do() (status int, body []byte) {
	c.ctx.SetIndex(-1)
	c.ctx.Params, c.ctx.Keys, c.ctx.Errors = c.ctx.Params[:0], nil, c.ctx.Errors[:0]
	c.ctx.Response.Reset()
	c.engine.ServeHTTP(context.Background(), c.ctx)
	return c.ctx.Response.StatusCode(), c.ctx.Response.Body()
}
