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

// keyFile is a file with keys. Those of a JWK Set are kept as they were
// written, so that members that nobody here knows stay when one is changed.
type keyFile struct {
	path, form string
	text       []byte
	keys       []keys.Key
	raw        []object // of each key, but for PEM
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

// readKeysOfAnyone returns the keys in a file, which may also be the JWK Set of another
// issuer: what is of no use in that is left out, and told.
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
		return nil, err // which has the path in it
	}
	for _, problem := range problems {
		if problem.Used {
			a.warn("%s: key is used, with a defect: %s", path, problem)
		} else {
			a.warn("%s: key is not used: %s", path, problem)
		}
	}
	if err != nil { // else it was done
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

// warnOfOthers warns of a file that is open to everybody.
func (a *app) warnOfOthers(path string, secret bool) {
	if can, mode := openTo(path, secret); can != "" {
		a.warn("%s: everybody on this machine can %s; chmod %s %s", path, can, mode, path)
	}
}

// openTo says what everybody on this machine can do with a file that nobody else
// should, and the mode that it should have; empty if there is nothing.
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

// encoded returns the text of a JWK Set with the keys in raw.
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

// insert puts a key at an index.
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

// remove takes a key out.
func (f *keyFile) remove(index int) {
	f.raw = append(f.raw[:index], f.raw[index+1:]...)
	f.keys = append(f.keys[:index], f.keys[index+1:]...)
}

// named gives every key the name by which a service knows it.
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

// idOf returns the name of a key, for people.
func idOf(key keys.Key) string {
	named, err := named(key)
	if err != nil {
		return "(unnamed)"
	}
	return named.ID
}

// algorithmOf returns the algorithm that a list of keys gives to key.
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

// publicKey returns what verifies with an asymmetric key, else nil.
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

// writeNew writes a file that was not there, for the owner's eyes only.
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

// change replaces the text of a file: readers see the old text or the new one,
// and two who change it at once cannot lose what the other did. While it goes
// on, the new text is in a file beside it whose name ends with ".new".
func (a *app) change(path string, edit func(text []byte) ([]byte, error)) (err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return tidy(err)
	}
	folder, err := os.OpenRoot(filepath.Dir(path)) // no name in it leads out of it
	if err != nil {
		return tidy(err)
	}
	defer folder.Close()
	name, next := filepath.Base(path), filepath.Base(path)+".new"
	stopped := make(chan os.Signal, 1) // to leave no file behind
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

// readOnce returns the text of a file and whose that very file is. Who owns the
// folder may put another in its place between two looks at the name, and would
// be given what was in the first.
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
