package contender

import (
	"net/http"

	fiberjwt "github.com/gofiber/contrib/v3/jwt"
	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

func bareFiber(Keys) http.Handler {
	app := fiber.New()
	app.Get("/protected", func(c fiber.Ctx) error { return c.SendString(Identity) })
	return fiberHandler(app)
}

func fiberJWT(k Keys) http.Handler {
	app := fiber.New()
	app.Use(fiberjwt.New(fiberjwt.Config{
		SigningKey: fiberjwt.SigningKey{JWTAlg: k.Algorithm, Key: k.Verifying()},
	}))
	app.Get("/protected", func(c fiber.Ctx) error {
		identity, err := fiberjwt.FromContext(c).Claims.GetSubject()
		if err != nil {
			return err
		}
		return c.SendString(identity)
	})
	return fiberHandler(app)
}

func fiberHandler(app *fiber.App) http.Handler {
	handler := app.Handler()
	return foreign{func(method, path string) Client {
		c := &fiberClient{handler: handler}
		c.ctx.Request.Header.SetMethod(method)
		c.ctx.Request.SetRequestURI(path)
		c.ctx.Request.Header.SetHost("example.com")
		return c
	}}
}

// fiberClient calls a handler of fasthttp.
type fiberClient struct {
	handler fasthttp.RequestHandler
	ctx     fasthttp.RequestCtx
}

func (c *fiberClient) Authorize(authorization string) {
	c.ctx.Request.Header.Set("Authorization", authorization)
}

func (c *fiberClient) Do() (status int, body []byte) {
	c.ctx.ResetUserValues()
	c.ctx.Response.Reset()
	c.handler(&c.ctx)
	return c.ctx.Response.StatusCode(), c.ctx.Response.Body()
}
