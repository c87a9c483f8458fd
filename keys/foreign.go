package keys

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ErrPath means that a text is the path of a file, and not what is in the file. No
// function of this package reads files.
var ErrPath = errors.New("is the path of a file, not the text of a key")

var errUTF16 = errors.New("is UTF-16 text, as some editors and shells of Windows write it; save it as UTF-8")

// foreignBinary names files of other software that hold keys in a form of their own.
func foreignBinary(b []byte) error {
	switch {
	case isJavaKeystore(b):
		return errors.New("is a Java keystore; convert it: keytool -importkeystore -srckeystore FILE -destkeystore keys.p12 -deststoretype PKCS12, and then: openssl pkcs12 -in keys.p12 -nodes")
	case isUTF16(b):
		return errUTF16
	}
	return nil
}

// isJavaKeystore tells keystores of the types JKS and JCEKS.
func isJavaKeystore(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0xfe, 0xed, 0xfe, 0xed}) || bytes.HasPrefix(b, []byte{0xce, 0xce, 0xce, 0xce})
}

// isUTF16 tells UTF-16 by its byte order mark, or by zero bytes in every second
// place of its beginning.
func isUTF16(b []byte) bool {
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) || bytes.HasPrefix(b, []byte{0xfe, 0xff}) {
		return true
	}
	if len(b) < 8 {
		return false
	}
	zero := func(offset int) bool {
		return b[offset] == 0 && b[offset+2] == 0 && b[offset+4] == 0 && b[offset+6] == 0
	}
	return zero(0) != zero(1)
}

// foreignLabel names PEM blocks that hold something else than a key in a form that
// is read here.
func foreignLabel(label string) error {
	switch {
	case strings.HasPrefix(label, "PGP "):
		return errors.New("is an OpenPGP block, whose keys sign no tokens; make a key with: openssl genpkey -algorithm ed25519")
	case label == "SSH2 PUBLIC KEY" || label == "SSH2 ENCRYPTED PRIVATE KEY":
		return errSSH2
	case len(label) > 40:
		return errors.New("a PEM block has a BEGIN line that is none")
	}
	return nil
}

var (
	errSSH2 = errors.New("is an SSH key in the form of RFC 4716; convert it: ssh-keygen -i -f FILE")
	ssh2    = regexp.MustCompile(`^-+ ?BEGIN SSH2`)
	webURL  = regexp.MustCompile(`^(?i)https?://\S+$`)
	dashes  = regexp.MustCompile(`[-\x{2010}-\x{2015}\x{2212}]+ ?BEGIN [A-Z0-9 ]+`)
)

// foreignJSON names JSON that holds a key in PEM form among other things.
func foreignJSON(s string) error {
	if strings.Contains(s, "-----BEGIN ") && !strings.Contains(s, `"kty"`) {
		return errors.New("is JSON with a PEM text in it, such as the file of a service account; give that text alone")
	}
	return nil
}

// foreignText says what a text is in which no key was found.
func foreignText(s string) error {
	switch {
	case strings.HasPrefix(s, "PuTTY-User-Key-File-"):
		return errors.New("is a key of PuTTY; convert it: puttygen FILE -O private-openssh-new -o key")
	case ssh2.MatchString(s):
		return errSSH2
	case strings.HasPrefix(s, "<RSAKeyValue>"):
		return errors.New("is an XML key of .NET; write it as PEM there: ExportPkcs8PrivateKeyPem, or ExportSubjectPublicKeyInfoPem")
	case unexpanded.MatchString(s):
		return errors.New("is the name of a variable, which nobody has replaced by its value")
	case dashes.MatchString(s):
		return errors.New("a PEM block has other dashes than five at each side of its BEGIN line")
	case strings.Contains(s, "-----END "):
		return errors.New("a PEM block has no BEGIN line; the text is cut off")
	case webURL.MatchString(s):
		return errors.New("is a URL, and no function reads keys from one; for the keys of another issuer see package jwks")
	case isPath(s):
		return ErrPath
	}
	return errNoKey
}

// keyFileEndings are those of the names of files with keys.
var keyFileEndings = []string{".pem", ".key", ".pub", ".crt", ".cer", ".cert", ".der", ".p8", ".pk8", ".p12", ".pfx", ".jks", ".jwk", ".jwks", ".json", ".ppk", ".txt", ".asc", ".secret"}

var pathBeginning = regexp.MustCompile(`^(file:|~?/|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\|@/|\$\{?[A-Za-z_]+\}?/)`)

// isPath reports whether a text looks like the path of a file. It does not ask for
// the file.
func isPath(text string) bool {
	const longest = 4096 // PATH_MAX of Linux
	if len(text) > longest || strings.ContainsAny(text, "\n\r\x00") {
		return false
	}
	ending := strings.ToLower(filepath.Ext(text))
	return pathBeginning.MatchString(text) || slices.Contains(keyFileEndings, ending) && !strings.ContainsAny(text, `"{}`)
}
