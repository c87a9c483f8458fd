package main

import (
	"context"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt"
)

// newApplication calls the constructors in their order. The cleanup undoes them in the
// opposite order.
func newApplication(ctx context.Context, config ginjwt.Config, file databaseFile) (*gin.Engine, func(), error) {
	db, closeDatabase, err := newDatabase(file)
	if err != nil {
		return nil, nil, err
	}
	store, err := newStore(ctx, db)
	if err != nil {
		closeDatabase()
		return nil, nil, err
	}
	list, stopFollowing, err := newBlocklist(ctx, store)
	if err != nil {
		closeDatabase()
		return nil, nil, err
	}
	cleanup := func() {
		stopFollowing()
		closeDatabase()
	}
	jwt, err := newManager(config, store, list)
	if err != nil {
		cleanup()
		return nil, nil, err
	}
	router, err := newRouter(jwt)
	if err != nil {
		cleanup()
		return nil, nil, err
	}
	return router, cleanup, nil
}
