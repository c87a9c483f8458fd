package keys

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"math/big"
	"regexp"
)

// sshPublic matches an OpenSSH public key, such as "ssh-ed25519 AAAA… comment". Options
// of authorized_keys or a host name may stand before it.
var sshPublic = regexp.MustCompile(`(?m)^(?:[^#\n]*[ \t])?((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)[ \t]+(AAAA[A-Za-z0-9+/=]+)`)

// An OpenSSH private key begins with sshMagic. Its PEM label is sshLabel.
const (
	sshMagic = "openssh-key-v1\x00"
	sshLabel = "OPENSSH PRIVATE KEY"
)

var (
	errSSHDamaged = errors.New("the SSH key is damaged")
	errSSHKind    = errors.New("is an SSH key of a type that cannot sign tokens; use RSA, Ed25519 or ECDSA on P-256, P-384 or P-521")
)

// sshPublicBlocks reads OpenSSH public keys, one per line (RFC 4253 §6.6).
func sshPublicBlocks(s string) (blocks []byte, err error) {
	for _, line := range sshPublic.FindAllStringSubmatch(s, -1) {
		wire, err := base64.StdEncoding.DecodeString(line[2])
		if err != nil || !bytes.HasPrefix(wire, sshString(line[1])) {
			return nil, errSSHDamaged
		}
		key, err := parseSSHPublic(wire)
		if err != nil {
			return nil, err
		}
		block, err := publicBlock(key)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block...)
	}
	return blocks, nil
}

func publicBlock(key any) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, errSSHDamaged
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// isSSHPublic reports whether wire begins like the binary form of an SSH public key.
func isSSHPublic(wire []byte) bool {
	kind, _, ok := cutSSH(wire)
	return ok && (bytes.HasPrefix(kind, []byte("ssh-")) || bytes.HasPrefix(kind, []byte("ecdsa-")) || bytes.HasPrefix(kind, []byte("sk-")))
}

// sshPublicPEM converts the binary form of an SSH public key to its line of text. It
// returns other bytes unchanged.
func sshPublicPEM(wire []byte) []byte {
	if !isSSHPublic(wire) {
		return wire
	}
	kind, _, _ := cutSSH(wire)
	return []byte(string(kind) + " " + base64.StdEncoding.EncodeToString(wire))
}

func sshString(s string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...)
}

// cutSSH cuts a string off (RFC 4251 §5).
func cutSSH(wire []byte) (value, rest []byte, ok bool) {
	if len(wire) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(wire)
	if uint64(n) > uint64(len(wire)-4) {
		return nil, nil, false
	}
	return wire[4 : 4+n], wire[4+n:], true
}

// sshReader reads the fields of an SSH key in order. A missing field sets damaged, and
// further fields are empty.
type sshReader struct {
	rest    []byte
	damaged bool
}

func (r *sshReader) bytes() []byte {
	value, rest, ok := cutSSH(r.rest)
	r.damaged = r.damaged || !ok
	r.rest = rest
	return value
}

func (r *sshReader) number() *big.Int { return new(big.Int).SetBytes(r.bytes()) }

// uint32 reads a number of four bytes.
func (r *sshReader) uint32() uint32 {
	if len(r.rest) < 4 {
		r.damaged = true
		return 0
	}
	n := binary.BigEndian.Uint32(r.rest)
	r.rest = r.rest[4:]
	return n
}

var sshCurves = map[string]elliptic.Curve{"nistp256": elliptic.P256(), "nistp384": elliptic.P384(), "nistp521": elliptic.P521()}

// parseSSHPublic reads the binary form of a public key (RFC 4253 §6.6, RFC 5656 §3.1, RFC
// 8709 §4).
func parseSSHPublic(wire []byte) (key any, err error) {
	r := &sshReader{rest: wire}
	switch kind := string(r.bytes()); kind {
	case "ssh-rsa":
		e, n := r.number(), r.number()
		if !e.IsInt64() || e.BitLen() > 31 {
			return nil, errSSHDamaged
		}
		key = &rsa.PublicKey{N: n, E: int(e.Int64())}
	case "ssh-ed25519":
		point := ed25519.PublicKey(r.bytes())
		r.damaged = r.damaged || len(point) != ed25519.PublicKeySize
		key = point
	case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
		curve := sshCurves[string(r.bytes())]
		if curve == nil {
			return nil, errSSHDamaged
		}
		key, err = ecdsa.ParseUncompressedPublicKey(curve, r.bytes())
	default:
		return nil, errSSHKind
	}
	if err != nil || r.damaged || len(r.rest) > 0 {
		return nil, errSSHDamaged
	}
	return key, nil
}

// sshPrivateBlock reads an OpenSSH private key (PROTOCOL.key in the OpenSSH sources), and
// returns it as PKCS #8.
func sshPrivateBlock(der []byte) (*pem.Block, error) {
	rest, ok := bytes.CutPrefix(der, []byte(sshMagic))
	r := &sshReader{rest: rest}
	cipher := string(r.bytes())
	r.bytes() // the name of the key derivation function
	r.bytes() // and its options
	count := r.uint32()
	public, private := r.bytes(), &sshReader{rest: r.bytes()}
	switch {
	case !ok || r.damaged:
		return nil, errSSHDamaged
	case cipher != "none":
		return nil, errors.New(`the SSH key is encrypted; decrypt it first: ssh-keygen -p -N "" -f FILE`)
	case count != 1:
		return nil, errors.New("has several SSH keys in one block; write each key into a block of its own")
	}
	if check, again := private.uint32(), private.uint32(); check != again { // they differ after a wrong passphrase
		return nil, errSSHDamaged
	}
	key, err := parseSSHPrivate(private)
	if err != nil {
		return nil, err
	}
	stated, err := parseSSHPublic(public)
	if err != nil {
		return nil, err
	}
	if own, err := publicHalf(key); err != nil || !sameKey(own, stated) {
		return nil, errForeignPublic
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, errSSHDamaged
	}
	return &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}, nil
}

func parseSSHPrivate(r *sshReader) (key any, err error) {
	switch kind := string(r.bytes()); kind {
	case "ssh-rsa":
		n, e, d := r.number(), r.number(), r.number()
		r.bytes() // the inverse of q, which Go computes itself
		p, q := r.number(), r.number()
		private := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
		if r.damaged || e.BitLen() > 31 || n.BitLen() > maxRSANumber || p.Sign() == 0 || q.Sign() == 0 || !isValidRSA(private) {
			return nil, errSSHDamaged
		}
		key = private
	case "ssh-ed25519":
		r.bytes() // the public half, which is also the end of the private half
		key = ed25519.PrivateKey(r.bytes())
	case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521":
		curve := sshCurves[string(r.bytes())]
		r.bytes() // the public half
		d := r.number()
		if r.damaged || curve == nil || d.BitLen() > curve.Params().BitSize {
			return nil, errSSHDamaged
		}
		key, err = ecdsa.ParseRawPrivateKey(curve, d.FillBytes(make([]byte, (curve.Params().BitSize+7)/8)))
	default:
		return nil, errSSHKind
	}
	if err != nil || r.damaged {
		return nil, errSSHDamaged
	}
	return key, nil
}
