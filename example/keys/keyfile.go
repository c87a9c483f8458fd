package main

import (
	"context"
	"crypto/sha256"
	"log"
	"os"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// keyFile is a file with keys. sum is the hash of the content that load has given to the
// manager. It is zero before the first load.
type keyFile struct {
	path string
	sum  [sha256.Size]byte
}

// follow loads the file on every signal and on every tick, until ctx ends. The ticks are
// for Kubernetes, which changes Secrets without a signal.
func (f *keyFile) follow(ctx context.Context, jwt *ginjwt.JWTManager, hangup <-chan os.Signal, tick <-chan time.Time) {
	for {
		changed, err := f.load(jwt)
		switch {
		case err != nil:
			log.Printf("cannot load the keys, keeping the old ones: %v", err)
		case changed:
			log.Print("loaded the keys of the file")
		}
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		case <-tick:
		}
	}
}

// load gives jwt the keys of the file, if the file has changed. After an error, jwt keeps
// its keys.
func (f *keyFile) load(jwt *ginjwt.JWTManager) (changed bool, err error) {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(text)
	if sum == f.sum {
		return false, nil
	}
	list, err := keys.Parse(text)
	if err != nil {
		return false, err
	}
	if err := jwt.SetKeys(list...); err != nil {
		return false, err
	}
	f.sum = sum
	return true, nil
}
