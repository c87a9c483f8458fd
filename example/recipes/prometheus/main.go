// Command prometheus serves an API, and the metrics of its tokens at an address of their own.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gin-jwt-extended/ginjwt"
	jwtmetrics "github.com/gin-jwt-extended/ginjwt/example/observe/prometheus"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv) // reads JWT_SECRET_KEY
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	router, err := newRouter(config, registry)
	if err != nil {
		log.Fatal(err)
	}
	metrics := &http.Server{
		Addr:              "localhost:9090", // not the address of the API: metrics are for you alone
		Handler:           promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() { log.Fatal(metrics.ListenAndServe()) }()
	log.Fatal(router.Run("localhost:8080"))
}

func newRouter(config ginjwt.Config, registry prometheus.Registerer) (*gin.Engine, error) {
	observer, err := observe(registry)
	if err != nil {
		return nil, err
	}
	config.Observer = observer
	jwt := ginjwt.New(config)
	router := gin.New()
	router.Use(gin.Recovery(), withRoute) // before InitApp and JWTRequired
	if err := jwt.InitApp(router); err != nil {
		return nil, err
	}
	router.GET("/orders/:id", jwt.JWTRequired(), func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"of": ginjwt.GetJWTIdentity(c)})
	})
	return router, nil
}

// observe returns an observer that counts all events, and refusals by route.
func observe(registry prometheus.Registerer) (ginjwt.Observer, error) {
	counts, err := jwtmetrics.New(registry)
	if err != nil {
		return nil, err
	}
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "api_refused_total", Help: "Requests that were refused, by route.",
	}, []string{"route", "reason", "fault"})
	return ginjwt.ObserverFunc(func(ctx context.Context, e ginjwt.Event) {
		counts.Observe(ctx, e)
		if e.Kind == ginjwt.EventRefused {
			refused.WithLabelValues(routeOf(ctx), e.Reason, string(e.Fault)).Inc()
		}
	}), registry.Register(refused)
}

type routeKey struct{}

// withRoute puts the route into the context of the request, where the observer finds it. It
// is the pattern "GET /orders/:id", not the path: paths have too many values for a label,
// and so have the methods and paths of requests that match no route.
func withRoute(c *gin.Context) {
	if c.FullPath() == "" {
		return
	}
	ctx := context.WithValue(c.Request.Context(), routeKey{}, c.Request.Method+" "+c.FullPath())
	c.Request = c.Request.WithContext(ctx)
}

// routeOf is empty where no route matched, and for events in the background.
func routeOf(ctx context.Context) string {
	route, _ := ctx.Value(routeKey{}).(string)
	return route
}
