package ginjwt

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// Nonces of DPoP proofs (RFC 9449 §8) are stateless: each is a time with a MAC. The MAC key is
// derived from the signing key, or is Config.DPoPNonceSecret. So every process with the same
// keys accepts the nonces of all others, and there is nothing to store.
//
// A nonce is the number of a minute. It is accepted in its minute, in the two minutes after it,
// and in the minute before it, because clocks differ. A response has the nonce of its minute. So
// a client that uses the latest nonce is never refused while it sends requests, and a client that
// was refused needs one more request, on whichever process.

// nonceStep is how long a nonce is handed out.
const nonceStep = time.Minute

// nonceSteps is how many steps a nonce stays valid after its own.
const nonceSteps = 2

// nonces makes and checks nonces.
type nonces struct {
	realm  string
	secret string           // makes nonces; empty: the keys of the manager make them
	other  string           // makes no nonces, but its nonces are accepted; empty: none
	keys   func() *keys.Set // of the manager

	derived atomic.Pointer[nonceKeys]
	newest  atomic.Pointer[nonce]
}

// nonceKeys are the MAC keys of one set of keys. The first makes nonces.
type nonceKeys struct {
	set  *keys.Set
	macs []macKey
}

// macKey is a MAC key, and the key that it is derived from; nil: a secret of the settings.
type macKey struct {
	of          *keys.Bound
	secret      []byte
	onlyAccepts bool
}

// nonce is a nonce that is handed out in one step.
type nonce struct {
	step int64
	keys *nonceKeys
	by   *keys.Bound
	text string
}

// current returns the nonce of this minute, or "" if no key can make one.
func (n *nonces) current(now time.Time) string {
	all, step := n.macKeys(), now.Unix()/int64(nonceStep/time.Second)
	key, ok := all.active(now)
	if !ok {
		return ""
	}
	if newest := n.newest.Load(); newest != nil && newest.step == step && newest.keys == all && newest.by == key.of {
		return newest.text
	}
	made := &nonce{step, all, key.of, n.made(key, step)}
	n.newest.Store(made)
	return made.text
}

// made returns the nonce of a step.
func (n *nonces) made(key macKey, step int64) string {
	mac := hmac.New(sha256.New, key.secret)
	text := binary.BigEndian.AppendUint64(nil, uint64(step))
	mac.Write(text)                                   // never fails
	fmt.Fprintf(mac, "ginjwt DPoP nonce %q", n.realm) // never fails
	return base64url.Encode(mac.Sum(text)[:8+16])
}

// accepts reports whether text is a nonce of this service that is not too old.
func (n *nonces) accepts(text string, now time.Time) bool {
	b, err := base64url.AppendDecode(nil, []byte(text))
	if err != nil || len(b) != 8+16 {
		return false
	}
	step := int64(binary.BigEndian.Uint64(b))
	age := now.Unix()/int64(nonceStep/time.Second) - step
	if age < -1 || age > nonceSteps {
		return false
	}
	for _, key := range n.macKeys().macs {
		if !key.isRetired(now) && hmac.Equal([]byte(text), []byte(n.made(key, step))) {
			return true
		}
	}
	return false
}

// macKeys returns the MAC keys of the current keys.
func (n *nonces) macKeys() *nonceKeys {
	set := n.keys()
	if derived := n.derived.Load(); derived != nil && derived.set == set {
		return derived
	}
	derived := &nonceKeys{set: set}
	if n.secret != "" {
		derived.macs = []macKey{{secret: []byte(n.secret)}}
	} else {
		for key := range set.All() {
			if secret, err := key.DeriveKey("nonces of DPoP proofs"); err == nil {
				derived.macs = append(derived.macs, macKey{of: key, secret: secret})
			}
		}
	}
	if n.other != "" {
		derived.macs = append(derived.macs, macKey{secret: []byte(n.other), onlyAccepts: true})
	}
	n.derived.Store(derived)
	return derived
}

// active returns the key that makes nonces now: the first that signs. Every process that
// verifies its tokens knows it.
func (k *nonceKeys) active(now time.Time) (macKey, bool) {
	for _, key := range k.macs {
		switch {
		case key.onlyAccepts:
		case key.of == nil || key.of.SignsAt(string(AccessToken), now) || key.of.SignsAt(string(RefreshToken), now):
			return key, true
		}
	}
	return macKey{}, false
}

func (k macKey) isRetired(now time.Time) bool { return k.of != nil && k.of.IsRetired(now) }
