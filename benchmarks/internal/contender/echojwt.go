package contender

import (
	"io"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v5"
	"github.com/labstack/echo/v5"
)

func bareEcho(Keys) http.Handler {
	e := echo.New()
	e.GET("/protected", func(c *echo.Context) error {
		_, err := io.WriteString(c.Response(), Identity)
		return err
	})
	return e
}

func echoJWT(k Keys) http.Handler {
	e := echo.New()
	e.Use(echojwt.WithConfig(echojwt.Config{SigningKey: k.Verifying(), SigningMethod: k.Algorithm}))
	e.GET("/protected", func(c *echo.Context) error {
		token, err := echo.ContextGet[*jwt.Token](c, "user")
		if err != nil {
			return err
		}
		identity, err := token.Claims.GetSubject()
		if err != nil {
			return err
		}
		_, err = io.WriteString(c.Response(), identity)
		return err
	})
	return e
}
