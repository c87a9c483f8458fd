package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// The forms of a file with keys.
const (
	formPEM = "pem"
	formJWK = "jwk"
	formSet = "set"
)

// keyFile is a file with keys. It keeps JWKs as they were written, so unknown members
// stay in the file when a key changes.
type keyFile struct {
	path, form string
	text       []byte
	keys       []keys.Key
	raw        []object // the JWK of each key; nil for PEM
	set        object   // the JWK Set around them
}

// readKeys returns the keys in a file.
func (a *app) readKeys(path string) ([]keys.Key, error) {
	file, err := a.readKeyFile(path)
	if err != nil {
		return nil, err
	}
	return file.keys, nil
}

// readKeysOfAnyone returns the keys in a file, which can also be the JWK Set of another
// issuer. It leaves out keys of such a set that it cannot use, and warns of them.
func (a *app) readKeysOfAnyone(path, algorithm string) ([]keys.Key, error) {
	text, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	file, err := a.parseKeyFile(path, text)
	if err == nil && file.form != formSet {
		return file.keysFor(algorithm)
	}
	list, problems, notPublished := keys.ParseAny(text)
	if notPublished != nil {
		return nil, err // contains the path
	}
	for _, problem := range problems {
		if problem.Used {
			a.warn("%s: key is used, with a defect: %s", path, problem)
		} else {
			a.warn("%s: key is not used: %s", path, problem)
		}
	}
	if err != nil { // parseKeyFile failed before it could warn
		a.warnOfOthers(path, false)
	}
	return list, nil
}

func (a *app) readKeyFile(path string) (*keyFile, error) {
	text, err := a.readFile(path)
	if err != nil {
		return nil, err
	}
	return a.parseKeyFile(path, text)
}

func (a *app) parseKeyFile(path string, text []byte) (*keyFile, error) {
	file := &keyFile{path: path, text: text}
	if err := file.parse(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	a.warnOfOthers(path, holdsPrivate(file.keys))
	return file, nil
}

func holdsPrivate(list []keys.Key) bool {
	return slices.ContainsFunc(list, func(key keys.Key) bool { return key.Sign != nil || isSecret(key) })
}

// warnOfOthers warns of a file that everybody on the machine can read or change.
func (a *app) warnOfOthers(path string, secret bool) {
	if can, mode := openTo(path, secret); can != "" {
		a.warn("%s: everybody on this machine can %s; chmod %s %s", path, can, mode, path)
	}
}

// openTo returns what everybody on this machine can do with a file and should not, and the
// mode that fixes it. It returns "" if the file is protected.
func openTo(path string, secret bool) (can, mode string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || runtime.GOOS == "windows" {
		return "", ""
	}
	reads, writes := info.Mode()&0o004 != 0, info.Mode()&0o002 != 0
	switch {
	case secret && reads && writes:
		return "read and change these secrets", "600"
	case secret && reads:
		return "read these secrets", "600"
	case secret && writes:
		return "change these secrets", "600"
	case writes:
		return "change these keys", "o-w"
	}
	return "", ""
}

func (f *keyFile) parse() (err error) {
	if len(bytes.TrimSpace(f.text)) == 0 {
		return errors.New("is empty")
	}
	if f.keys, err = keys.Parse(f.text); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "keys: "))
	}
	text, err := keys.Normalize(f.text)
	if err != nil {
		return err
	}
	f.form = formPEM
	if text[0] != '{' {
		return nil
	}
	whole, err := parseObject(text)
	if err != nil {
		return err
	}
	list, isSet := whole.get("keys")
	if !isSet {
		f.form, f.raw = formJWK, []object{whole}
		return nil
	}
	f.form, f.set = formSet, whole
	f.raw, err = objects(list)
	if err == nil && len(f.raw) != len(f.keys) {
		err = errors.New("has keys that ginjwt does not understand; a change would lose them")
	}
	return err
}

func objects(list json.RawMessage) (all []object, err error) {
	var values []json.RawMessage
	if err := json.Unmarshal(list, &values); err != nil {
		return nil, errors.New(`"keys" is not a list`)
	}
	for _, value := range values {
		o, err := parseObject(value)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// encoded returns the JWK Set with the keys in raw.
func (f *keyFile) encoded() ([]byte, error) {
	set := f.set
	if f.form != formSet {
		set = object{}
	}
	list, err := json.Marshal(f.raw)
	if err != nil {
		return nil, err
	}
	return indented(set.with("keys", json.RawMessage(list)))
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}

// insert adds a key at an index.
func (f *keyFile) insert(index int, key keys.Key) error {
	raw, err := rawJWK(key)
	if err != nil {
		return err
	}
	f.raw = append(f.raw[:index], append([]object{raw}, f.raw[index:]...)...)
	f.keys = append(f.keys[:index], append([]keys.Key{key}, f.keys[index:]...)...)
	return nil
}

// retire sets when a key retires; the zero time means never.
func (f *keyFile) retire(index int, at time.Time) {
	f.keys[index].NotAfter = at
	if at.IsZero() {
		f.raw[index] = f.raw[index].without("exp")
		return
	}
	f.raw[index] = f.raw[index].with("exp", at.Unix())
}

// remove removes a key.
func (f *keyFile) remove(index int) {
	f.raw = append(f.raw[:index], f.raw[index+1:]...)
	f.keys = append(f.keys[:index], f.keys[index+1:]...)
}

// named returns key with the ID by which a service knows it: the thumbprint if it has none.
func named(key keys.Key) (keys.Key, error) {
	var err error
	if key.ID == "" {
		key.ID, err = key.Thumbprint()
	}
	return key, err
}

func rawJWK(key keys.Key) (object, error) {
	key, err := named(key)
	if err != nil {
		return nil, err
	}
	text, err := key.MarshalJWK()
	if err != nil {
		return nil, err
	}
	return parseObject(text)
}

// idOf returns the ID of a key for output.
func idOf(key keys.Key) string {
	named, err := named(key)
	if err != nil {
		return "(unnamed)"
	}
	return named.ID
}

// algorithmOf returns the algorithm of a key, or the default for its kind of key.
func algorithmOf(key keys.Key) string {
	if key.Algorithm != "" {
		return key.Algorithm
	}
	switch public := publicKey(key).(type) {
	case *rsa.PublicKey:
		return "RS256"
	case *ecdsa.PublicKey:
		return map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[public.Curve.Params().BitSize]
	case ed25519.PublicKey:
		return "EdDSA"
	}
	return "HS256"
}

// publicKey returns the public key of a key pair, or nil for a secret.
func publicKey(key keys.Key) any {
	if signer, ok := key.Sign.(crypto.Signer); ok {
		return signer.Public()
	}
	if _, secret := key.Verify.([]byte); secret {
		return nil
	}
	return key.Verify
}

func isSecret(key keys.Key) bool { return publicKey(key) == nil }

// publicPEM returns the public key in PEM.
func publicPEM(key keys.Key) ([]byte, error) {
	if isSecret(key) {
		return nil, errSecretKey(key)
	}
	der, err := x509.MarshalPKIXPublicKey(publicKey(key))
	if err != nil {
		return nil, errors.New("the public key cannot be written as PEM")
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

func privatePEM(key keys.Key) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key.Sign)
	if err != nil {
		return nil, errors.New("the private key cannot be written as PEM")
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func errSecretKey(key keys.Key) error {
	return fmt.Errorf("%s is a secret, which has no public part: everybody who can verify with it can also sign", idOf(key))
}

// writeNew writes a new file that only its owner can read. It fails if the file exists.
func (a *app) writeNew(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return hint(fmt.Errorf("%s: exists, and is not overwritten", path), "choose another name, or remove the file if nobody needs it")
	}
	if err != nil {
		return tidy(err)
	}
	if err := errors.Join(writeAndSync(file, text), file.Close()); err != nil {
		_ = os.Remove(path)
		return tidy(err)
	}
	return nil
}

func writeAndSync(file *os.File, text []byte) error {
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.Sync()
}

// change replaces the text of a file. Readers see the old text or the new text, never a
// part. Of two processes that change the file at once, one gets an error, so no change is
// lost. The new text is first written to a file beside it, whose name ends with ".new".
func (a *app) change(path string, edit func(text []byte) ([]byte, error)) (err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return tidy(err)
	}
	folder, err := os.OpenRoot(filepath.Dir(path)) // symbolic links cannot lead out of the folder
	if err != nil {
		return tidy(err)
	}
	defer folder.Close()
	name, next := filepath.Base(path), filepath.Base(path)+".new"
	stopped := make(chan os.Signal, 1) // a signal must leave no ".new" file behind
	signal.Notify(stopped, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(stopped)
	file, err := folder.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return hint(fmt.Errorf("%s.new: another process is changing %s", path, name), "if no other process is running, remove %s.new", path)
	}
	if err != nil {
		return tidy(err)
	}
	defer func() {
		file.Close()
		if err != nil {
			_ = folder.Remove(next)
			err = tidy(err)
		}
	}()
	text, info, err := readOnce(folder, name)
	if err != nil {
		return err
	}
	if text, err = edit(text); err != nil {
		return err
	}
	if err := errors.Join(writeAndSync(file, text), file.Chmod(info.Mode().Perm()), keepOwner(file, info), file.Close()); err != nil {
		return err
	}
	if len(stopped) > 0 {
		return fmt.Errorf("%s: stopped; nothing was changed", path)
	}
	return folder.Rename(next, name)
}

// readOnce returns the text and the FileInfo of the same open file. The owner of the
// folder can replace the file between two uses of its name. With the text of one file and
// the owner of the other, change would give secrets to the wrong user.
func readOnce(folder *os.Root, name string) ([]byte, os.FileInfo, error) {
	if info, err := folder.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: is not a regular file", name)
	}
	file, err := folder.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	text, err := readAll(file, name, largestFile)
	return text, info, err
}
