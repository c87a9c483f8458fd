package redisdb

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/idset"
	"github.com/gin-jwt-extended/ginjwt/internal/replica"
)

// Found gives an epoch to a list that has none.
func (l *List) Found(ctx context.Context, epoch string) error {
	return l.write(ctx, foundScript, []string{l.set, l.log, l.state}, l.withFence(epoch)...)
}

// withFence returns the arguments of a script that appends a fence: an expired entry with a
// random key.
func (l *List) withFence(epoch string) []any {
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails
	return []any{l.LogLength, epoch, key[:], 1, RandomMark()}
}

// Begin begins a restoration, if the epoch is still seen.
func (l *List) Begin(ctx context.Context, seen, epoch string, expected []string) error {
	args := append(l.withFence(epoch), seen)
	for _, id := range expected {
		args = append(args, id)
	}
	return l.write(ctx, beginScript, []string{l.set, l.log, l.state, l.roll}, args...)
}

// PassGiver makes to the giver of an epoch, if from is the giver.
func (l *List) PassGiver(ctx context.Context, epoch, from, to string) error {
	return l.write(ctx, passGiverScript, []string{l.state}, epoch, from, to)
}

// End ends the restoration of an epoch, if all on the roll have given back their entries.
func (l *List) End(ctx context.Context, epoch string) error {
	return l.write(ctx, endScript, []string{l.state, l.roll}, epoch)
}

// Call writes the line of me on the roll. It returns all lines, and the epoch.
func (l *List) Call(ctx context.Context, me replica.Member) (roll []replica.Member, epoch string, err error) {
	answer, err := Ask(ctx, l.db, func(ctx context.Context) ([]string, error) {
		line := strconv.FormatInt(me.Beat, 10) + ":" + me.Gave
		return callScript.Run(ctx, l.db.Client, []string{l.state, l.roll}, me.ID, line).StringSlice()
	})
	if err != nil {
		return nil, "", err
	}
	if len(answer)%2 != 1 {
		return nil, "", errForeign
	}
	for i := 0; i+1 < len(answer); i += 2 {
		beat, gave, _ := strings.Cut(answer[i+1], ":")
		n, _ := strconv.ParseInt(beat, 10, 64) // no follower has beat 0
		roll = append(roll, replica.Member{ID: answer[i], Beat: n, Gave: gave})
	}
	return roll, answer[len(answer)-1], nil
}

// Strike removes the line of m from the roll, if it is unchanged.
func (l *List) Strike(ctx context.Context, m replica.Member) error {
	_, err := Ask(ctx, l.db, func(ctx context.Context) (any, error) {
		return strikeScript.Run(ctx, l.db.Client, []string{l.roll}, m.ID, m.Beat).Result()
	})
	return err
}

// Lacks reports whether one of entries is not on the list.
func (l *List) Lacks(ctx context.Context, entries []idset.Entry) (bool, error) {
	members := make([]string, len(entries))
	for i := range entries {
		members[i] = string(entries[i].Key[:])
	}
	scores, err := Ask(ctx, l.db, func(ctx context.Context) ([]float64, error) {
		return l.db.Client.ZMScore(ctx, l.set, members...).Result()
	})
	return slices.Contains(scores, 0), err
}
