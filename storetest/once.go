package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/store"
)

// Once tests a [store.Once]. open returns the handles of several processes, all on one
// store without used IDs. Return one handle if your store is for one process. open is
// called once for each test; the tests run in parallel. The longest test takes three
// seconds, and more if the store is slow.
func Once(t *testing.T, open func(t *testing.T) []store.Once) {
	for name, test := range onceTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, test(t.Context(), open(t)))
		})
	}
}

// onceTests are the tests of Once. Each returns an error that says what the store does
// wrong, so that tests of this package can try them on broken stores.
var onceTests = map[string]func(context.Context, []store.Once) error{
	"of a thousand one is first":          testThousand,
	"what one has claimed the others see": testSeen,
	"many IDs at once":                    testManyIDs,
	"IDs are compared byte by byte":       testOnceIDs,
	"an ID is kept until its time":        testUntil,
	"what cannot be claimed is an error":  testRefusedClaims,
	"a caller who goes away":              testGone,
}

const claimants = 1000

// inAnHour is a time after the end of all tests.
func inAnHour() time.Time { return time.Now().Add(time.Hour) }

// race lets n callers use an ID at the same moment, and returns how many are first.
func race(ctx context.Context, stores []store.Once, n int, id string) (int64, error) {
	var firsts atomic.Int64
	errs := make([]error, n)
	until := inAnHour()
	at(n, func(i int) {
		first, err := stores[i%len(stores)].Claim(ctx, id, until)
		errs[i] = err
		if first {
			firsts.Add(1)
		}
	})
	return firsts.Load(), errors.Join(errs...)
}

func testThousand(ctx context.Context, stores []store.Once) error {
	for range 3 {
		firsts, err := race(ctx, stores, claimants, newID())
		if err != nil {
			return err
		}
		if firsts != 1 {
			return fmt.Errorf("%d of %d callers at the same moment are first, want 1", firsts, claimants)
		}
	}
	return nil
}

func testSeen(ctx context.Context, stores []store.Once) error {
	for range 10 {
		for i := range stores {
			id := newID()
			if err := claim(ctx, stores[i], id, true); err != nil {
				return err
			}
			for _, s := range stores {
				if err := claim(ctx, s, id, false); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// claim returns an error unless Claim of id returns want.
func claim(ctx context.Context, s store.Once, id string, want bool) error {
	first, err := s.Claim(ctx, id, inAnHour())
	if err == nil && first != want {
		err = fmt.Errorf("Claim of %q: first is %t, want %t", id, first, want)
	}
	return err
}

// answer formats the result of Claim.
func answer(first bool, err error) string { return fmt.Sprintf("first is %t, error %v", first, err) }

func testManyIDs(ctx context.Context, stores []store.Once) error {
	const callers, each = 16, 50
	ids := make([]string, each)
	for i := range ids {
		ids[i] = newID()
	}
	var firsts [each]atomic.Int64
	errs := make([]error, callers)
	at(callers, func(c int) {
		for i := range ids {
			first, err := stores[c%len(stores)].Claim(ctx, ids[(i+c)%each], inAnHour())
			errs[c] = errors.Join(errs[c], err, claim(ctx, stores[c%len(stores)], newID(), true))
			if first {
				firsts[(i+c)%each].Add(1)
			}
		}
	})
	for i := range firsts {
		if n := firsts[i].Load(); n != 1 {
			errs = append(errs, fmt.Errorf("%d callers are first with one ID, want 1", n))
		}
	}
	return errors.Join(errs...)
}

// onceIDs returns IDs that are all different. Some equal the key under which a store may
// keep another ID.
func onceIDs() []string {
	const id = "9f6c3a52-5d0e-4b7e-9a51-0c1d2e3f4a5b"
	sum := sha256.Sum256([]byte("alice"))
	half := hex.EncodeToString(sum[:16])
	prefix := strings.Repeat("long", 63) // 252 bytes
	return append([]string{
		id, strings.ToUpper(id), strings.ReplaceAll(id, "-", ""), "{" + id + "}", "urn:uuid:" + id, id + " ", id[:35],
		hex.EncodeToString(sum[:]), half, fmt.Sprintf("%s-%s-%s-%s-%s", half[:8], half[8:12], half[12:16], half[16:20], half[20:]),
		string(sum[:]), string(sum[:16]),
		prefix, prefix + "a", prefix + "b", prefix + "A", prefix + "abc", prefix + "abd", prefix + "ab ", prefix + "é",
		" ", "  ", "\x00", "alice\x00", "alice\n", "alice\t", "\xff", "\xfe", "é", "e\u0301", "K", "\u212a", "0", "1", "true", "1 ", "01",
	}, texts...)
}

func testOnceIDs(ctx context.Context, stores []store.Once) error {
	for _, want := range []bool{true, false} {
		for i, id := range onceIDs() {
			if err := claim(ctx, stores[i%len(stores)], id, want); err != nil {
				return err
			}
		}
	}
	return nil
}

// testUntil tries again with a longer time if a slow store returns from Claim only
// after its time has passed.
func testUntil(ctx context.Context, stores []store.Once) error {
	for length := 3 * time.Second; length < time.Minute; length *= 2 {
		until := time.Now().Truncate(time.Second).Add(length - 100*time.Millisecond)
		if inTime, err := testUntilThen(ctx, stores, until); inTime || err != nil {
			return err
		}
	}
	return errors.New("calls of Claim take longer than a minute")
}

// testUntilThen uses an ID again and again until just before its time, which is not a
// whole second. A second use with a sooner time must not shorten the first. Whether the
// ID can be used again afterwards is not promised. It reports false if the time passed
// before the first Claim returned.
func testUntilThen(ctx context.Context, stores []store.Once, until time.Time) (inTime bool, err error) {
	once, twice := newID(), newID() // the second is also used with a shorter time
	for _, id := range []string{once, twice} {
		first, err := stores[0].Claim(ctx, id, until)
		switch {
		case err != nil && time.Now().After(until):
			return false, nil
		case err != nil || !first:
			return true, fmt.Errorf("Claim of a new ID: %s", answer(first, err))
		}
	}
	sooner := time.Now().Add(time.Second)
	if first, err := stores[0].Claim(ctx, twice, sooner); first || err != nil && time.Now().Before(sooner) {
		return true, fmt.Errorf("Claim of a used ID: %s", answer(first, err))
	}
	for i := 0; time.Now().Before(until); i++ {
		s := stores[i%len(stores)]
		if _, err := s.Claim(ctx, newID(), inAnHour()); err != nil { // lets a store drop what has expired
			return true, err
		}
		ask := once
		if i%2 == 0 && time.Now().After(sooner) {
			ask = twice
		}
		first, err := s.Claim(ctx, ask, inAnHour())
		if left := time.Until(until); left > 0 && (first || err != nil) {
			return true, fmt.Errorf("Claim of a used ID, %v before its time: %s", left, answer(first, err))
		}
		<-time.After(5 * time.Millisecond)
	}
	_, err = stores[0].Claim(ctx, once, inAnHour())
	return true, err
}

func testRefusedClaims(ctx context.Context, stores []store.Once) error {
	for name, c := range map[string]struct {
		id    string
		until time.Time
	}{
		"an empty ID":             {"", inAnHour()},
		"an ID of 256 bytes":      {strings.Repeat("x", 256), inAnHour()},
		"a time that has passed":  {"past", time.Now().Add(-time.Second)},
		"a time long ago":         {"past", time.Unix(1, 0)},
		"the zero time":           {"past", time.Time{}},
		"an ID of 128 characters": {strings.Repeat("é", 128), inAnHour()},
	} {
		if first, err := stores[0].Claim(ctx, c.id, c.until); first || err == nil {
			return fmt.Errorf("Claim of %s: %s, want false and an error", name, answer(first, err))
		}
	}
	for _, id := range []string{"past", "x", strings.Repeat("x", 255)} {
		if err := claim(ctx, stores[0], id, true); err != nil {
			return err
		}
	}
	return nil
}

// testGone uses IDs with contexts that end before or during the call. Each caller must get
// an error or be first, and two callers must never be first with one ID.
func testGone(ctx context.Context, stores []store.Once) error {
	for i := range 100 {
		id := newID()
		gone, leave := context.WithCancel(ctx)
		if i%10 == 0 {
			leave()
		} else {
			time.AfterFunc(time.Duration(i)*20*time.Microsecond, leave)
		}
		first, err := stores[i%len(stores)].Claim(gone, id, inAnHour())
		leave()
		if first == (err != nil) {
			return fmt.Errorf("Claim of a new ID by a caller that goes away: %s", answer(first, err))
		}
		firsts, failed := race(ctx, stores, 2, id)
		if failed != nil {
			return failed
		}
		if first {
			firsts++
		}
		if firsts > 1 {
			return fmt.Errorf("%d callers are first with one ID; the caller that went away got: %s", firsts, answer(first, err))
		}
	}
	return nil
}
