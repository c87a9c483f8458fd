package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

const (
	// checkEvery is how late a process learns that a tenant was suspended, or has new keys.
	checkEvery = 5 * time.Second
	// lookupTimeout is how long the directory may take.
	lookupTimeout = 2 * time.Second
)

// apps is the handler of all tenants. It makes the app of a tenant on first use, and keeps the
// apps that were used last.
type apps struct {
	directory directory
	build     func(t tenant) (http.Handler, error)
	now       func() time.Time
	inUse     *lru.Cache[string, app] // by host
	lookups   singleflight.Group
}

// app is everything that a tenant has in this process.
type app struct {
	http.Handler
	tenant  tenant    // what it was made from
	checked time.Time // when the directory said so
}

func newApps(d directory, build func(t tenant) (http.Handler, error), most int) (*apps, error) {
	inUse, err := lru.New[string, app](most)
	return &apps{directory: d, build: build, now: time.Now, inUse: inUse}, err
}

// ServeHTTP finds the tenant before anything reads the request.
func (a *apps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, ok := hostOf(r.Host)
	if !ok {
		refuse(w, http.StatusMisdirectedRequest, "This host is not served here")
		return
	}
	switch found, err := a.of(r.Context(), host); {
	case errors.Is(err, errNoTenant):
		refuse(w, http.StatusMisdirectedRequest, "This host is not served here")
	case errors.Is(err, errSuspended):
		refuse(w, http.StatusForbidden, "This tenant is suspended")
	case err != nil:
		log.Print(host, ": ", err)
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "Try again")
	default:
		found.ServeHTTP(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, message, status)
}

// of returns the app of a host. If the directory fails, there is none.
func (a *apps) of(ctx context.Context, host string) (app, error) {
	if found, ok := a.inUse.Get(host); ok {
		if age := a.now().Sub(found.checked); 0 <= age && age < checkEvery {
			return found, nil
		}
	}
	found, err, _ := a.lookups.Do(host, func() (any, error) { return a.look(ctx, host) })
	if err != nil {
		return app{}, err
	}
	return found.(app), nil
}

// look asks the directory, and makes the app if the tenant is new here or has changed. Other
// requests wait for the result, so it does not end when the client of this request hangs up.
func (a *apps) look(ctx context.Context, host string) (app, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
	defer cancel()
	asked := a.now()
	t, err := a.directory.tenant(ctx, host)
	switch {
	case err != nil:
		return app{}, err
	case t.Host != host: // a database may compare other letters as equal
		return app{}, errNoTenant
	case t.Suspended:
		return app{}, errSuspended
	}
	next, ok := a.inUse.Peek(host)
	if !ok || next.tenant != t {
		next = app{tenant: t}
		if next.Handler, err = a.build(t); err != nil {
			return app{}, err
		}
	}
	next.checked = asked
	a.inUse.Add(host, next)
	return next, nil
}
