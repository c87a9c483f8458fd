package ginjwt

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// A reader that comes while a check stores its outcome sees none: half an outcome would be
// that of an anonymous visitor.
func TestAnOutcomeIsSeenAsAWhole(t *testing.T) {
	t.Parallel()
	state := &requestState{}
	state.need.Store(&claiming)
	_, ok := state.outcome()
	assert.False(t, ok)
	assert.False(t, state.fill(verified{need: &unchecked}), "another check is storing its own")

	state, token := &requestState{}, &Token{}
	assert.True(t, state.fill(verified{token: token, need: &unchecked}))
	v, ok := state.outcome()
	assert.True(t, ok)
	assert.Same(t, token, v.token)
	assert.False(t, state.fill(verified{need: &unchecked}), "it never changes")
}

// The fields of a Token belong to the application. What it writes there is what GetJWTIdentity
// returns, also if the Token was made late.
func TestTheIdentityIsThatOfTheToken(t *testing.T) {
	t.Parallel()
	state := &requestState{Context: t.Context()}
	known := knownToken{contents: &contents{payload: payload{identity: "alice"}, names: &claimNames{}}}
	assert.True(t, state.fill(verified{known: known, need: &unchecked}))
	assert.Equal(t, "alice", GetJWTIdentity(state))
	token, _ := GetToken(state)
	token.Identity = "bob"
	assert.Equal(t, "bob", GetJWTIdentity(state))
}

// Every request allocates a state. With one byte more, it would take 416 bytes of memory instead of
// 384: the next size class of the runtime.
func TestARequestStateFitsIntoItsMemory(t *testing.T) {
	t.Parallel()
	assert.LessOrEqual(t, int(unsafe.Sizeof(requestState{})), 384)
}
