package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gin-jwt-extended/ginjwt/store"
)

func TestMemoryOnce(t *testing.T) {
	t.Parallel()
	Once(t, func(*testing.T) []store.Once { return []store.Once{&store.MemoryOnce{}} })
}

// brokenOnce is a store of used IDs with one mistake.
type brokenOnce struct {
	check func(id string, until, now time.Time) error
	key   func(id string) string
	until func(time.Time) time.Time
	pause time.Duration // between looking and claiming
	most  int           // of IDs; zero: any number

	onGone   func(b *brokenOnce, id string) (bool, error)
	onSecond func(b *brokenOnce, id string, until time.Time) bool

	mu     sync.Mutex
	kept   map[string]time.Time
	oldest []string
}

func (b *brokenOnce) Claim(ctx context.Context, id string, until time.Time) (bool, error) {
	check := store.CheckClaim
	if b.check != nil {
		check = b.check
	}
	if err := check(id, until, time.Now()); err != nil {
		return false, err
	}
	if b.key != nil {
		id = b.key(id)
	}
	if ctx.Err() != nil && b.onGone != nil {
		return b.onGone(b, id)
	}
	if b.until != nil {
		until = b.until(until)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Now().Before(b.kept[id]) {
		return b.onSecond != nil && b.onSecond(b, id, until), nil
	}
	if b.pause > 0 {
		b.mu.Unlock()
		<-time.After(b.pause)
		b.mu.Lock()
	}
	b.keep(id, until)
	return true, nil
}

func (b *brokenOnce) keep(id string, until time.Time) {
	if b.kept == nil {
		b.kept = map[string]time.Time{}
	}
	b.kept[id] = until
	b.oldest = append(b.oldest, id)
	if b.most > 0 && len(b.oldest) > b.most {
		delete(b.kept, b.oldest[0])
		b.oldest = b.oldest[1:]
	}
}

func one(b *brokenOnce) func() []store.Once { return func() []store.Once { return []store.Once{b} } }

func TestBrokenOnce(t *testing.T) {
	t.Parallel()
	errOther := errors.New("gone")
	for name, broken := range map[string]struct {
		open  func() []store.Once
		found string
	}{
		"none":                            {one(&brokenOnce{}), ""},
		"it looks, and then claims":       {one(&brokenOnce{pause: 10 * time.Millisecond}), "of a thousand one is first"},
		"each process has a list":         {func() []store.Once { return []store.Once{&brokenOnce{}, &brokenOnce{}} }, "what one has claimed the others see"},
		"case is ignored":                 {one(&brokenOnce{key: strings.ToLower}), "IDs are compared byte by byte"},
		"trailing blanks are ignored":     {one(&brokenOnce{key: func(id string) string { return strings.TrimRight(id, " ") }}), "IDs are compared byte by byte"},
		"what follows NUL is ignored":     {one(&brokenOnce{key: func(id string) string { return strings.SplitN(id, "\x00", 2)[0] }}), "IDs are compared byte by byte"},
		"long IDs are cut":                {one(&brokenOnce{key: func(id string) string { return id[:min(len(id), 254)] }}), "IDs are compared byte by byte"},
		"bytes are made UTF-8":            {one(&brokenOnce{key: func(id string) string { return strings.ToValidUTF8(id, "?") }}), "IDs are compared byte by byte"},
		"spellings of UUIDs are one":      {one(&brokenOnce{key: func(id string) string { return strings.ReplaceAll(id, "-", "") }}), "IDs are compared byte by byte"},
		"hashes are kept as they are":     {one(&brokenOnce{key: hashedUnlessHash}), "IDs are compared byte by byte"},
		"times are whole seconds":         {one(&brokenOnce{until: func(t time.Time) time.Time { return t.Truncate(time.Second) }}), "an ID is kept until its time"},
		"clocks are taken to be the same": {one(&brokenOnce{until: func(t time.Time) time.Time { return t.Add(-time.Second) }}), "an ID is kept until its time"},
		"the oldest IDs make room":        {one(&brokenOnce{most: 10}), "an ID is kept until its time"},
		"a second claim changes the time": {one(&brokenOnce{onSecond: func(b *brokenOnce, id string, until time.Time) bool {
			b.kept[id] = until
			return false
		}}), "an ID is kept until its time"},
		"everybody is first":   {one(&brokenOnce{onSecond: func(*brokenOnce, string, time.Time) bool { return true }}), "many IDs at once"},
		"anything can be kept": {one(&brokenOnce{check: func(string, time.Time, time.Time) error { return nil }}), "what cannot be claimed is an error"},
		"what is refused is kept": {one(&brokenOnce{check: func(id string, until, now time.Time) error {
			return store.CheckClaim(id, until, now.Add(-time.Minute))
		}}), "what cannot be claimed is an error"},
		"who has gone away is first":  {one(&brokenOnce{onGone: func(*brokenOnce, string) (bool, error) { return true, nil }}), "a caller who goes away"},
		"who has gone away is second": {one(&brokenOnce{onGone: func(*brokenOnce, string) (bool, error) { return false, nil }}), "a caller who goes away"},
		"an error that says first":    {one(&brokenOnce{onGone: func(*brokenOnce, string) (bool, error) { return true, errOther }}), "a caller who goes away"},
		"an error of which one is unsure": {one(&brokenOnce{onGone: func(b *brokenOnce, id string) (bool, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.keep(id, inAnHour())
			return false, errOther
		}}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if broken.found != "" {
				err := onceTests[broken.found](t.Context(), broken.open())
				assert.Error(t, err)
				t.Log(err)
				return
			}
			for test, run := range onceTests {
				assert.NoError(t, run(t.Context(), broken.open()), test)
			}
		})
	}
}

// hashedUnlessHash keeps what looks like one of its own keys as it is.
func hashedUnlessHash(id string) string {
	if len(id) == hex.EncodedLen(sha256.Size) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
