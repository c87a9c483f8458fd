package contender

import (
	"io"
	"net/http"

	"github.com/golang-jwt/jwt/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
)

func echoJWT(k Keys) http.Handler {
	e := echo.New()
	e.Use(echojwt.WithConfig(echojwt.Config{SigningKey: k.Verifying(), SigningMethod: k.Algorithm}))
	e.GET("/protected", func(c echo.Context) error {
		identity, err := c.Get("user").(*jwt.Token).Claims.GetSubject()
		if err != nil {
			return err
		}
		_, err = io.WriteString(c.Response(), identity)
		return err
	})
	return e
}
