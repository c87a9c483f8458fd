package keys

import (
	"bytes"
	"errors"
	"regexp"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
)

// ErrPath means that a text is the path of a file, and not its content. No function of
// this package reads files.
var ErrPath = errors.New("is the path of a file, not the text of a key")

var (
	errUTF16       = errors.New("is UTF-16 text, as some editors and shells of Windows write it; save it as UTF-8")
	errPlaceholder = errors.New("is the name of a variable; replace it with its value")
)

// foreignBinary reports files in the key formats of other software.
func foreignBinary(b []byte) error {
	switch {
	case isJavaKeystore(b):
		return errors.New("is a Java keystore; convert it: keytool -importkeystore -srckeystore FILE -destkeystore keys.p12 -deststoretype PKCS12, and then: openssl pkcs12 -in keys.p12 -nodes")
	case oddtext.IsUTF16(string(b)):
		return errUTF16
	}
	return nil
}

// isJavaKeystore reports whether b is a keystore of the type JKS or JCEKS.
func isJavaKeystore(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0xfe, 0xed, 0xfe, 0xed}) || bytes.HasPrefix(b, []byte{0xce, 0xce, 0xce, 0xce})
}

// foreignLabel reports PEM blocks that are not keys in a form that this package reads.
func foreignLabel(label string) error {
	switch {
	case strings.HasPrefix(label, "PGP "):
		return errors.New("is an OpenPGP block, and OpenPGP keys cannot sign tokens; make a key with: openssl genpkey -algorithm ed25519")
	case label == "SSH2 PUBLIC KEY" || label == "SSH2 ENCRYPTED PRIVATE KEY":
		return errSSH2
	case len(label) > 40:
		return errors.New("a PEM block has an invalid BEGIN line")
	}
	return nil
}

var (
	absolutePath = regexp.MustCompile(`^/[^\r\n]*$`)

	errSSH2 = errors.New("is an SSH key in the form of RFC 4716; convert it: ssh-keygen -i -f FILE")
	ssh2    = regexp.MustCompile(`^-+ ?BEGIN SSH2`)
	webURL  = regexp.MustCompile(`^(?i)https?://\S+$`)
	dashes  = regexp.MustCompile(`[-\x{2010}-\x{2015}\x{2212}]+ ?BEGIN [A-Z0-9 ]+`)
)

// foreignJSON reports JSON that contains a PEM key beside other data.
func foreignJSON(s string) error {
	if strings.Contains(s, "-----BEGIN ") && !strings.Contains(s, `"kty"`) {
		return errors.New("is JSON that contains a PEM text, such as a service account file; use only the PEM text")
	}
	return nil
}

// foreignText says what a text without a key is.
func foreignText(s string) error {
	switch {
	case strings.HasPrefix(s, "PuTTY-User-Key-File-"):
		return errors.New("is a PuTTY key; convert it: puttygen FILE -O private-openssh-new -o key")
	case ssh2.MatchString(s):
		return errSSH2
	case strings.HasPrefix(s, "<RSAKeyValue>"):
		return errors.New("is a .NET XML key; export it as PEM: ExportPkcs8PrivateKeyPem, or ExportSubjectPublicKeyInfoPem")
	case oddtext.IsPlaceholder(s):
		return errPlaceholder
	case dashes.MatchString(s):
		return errors.New("a PEM block needs five plain dashes on each side of BEGIN")
	case strings.Contains(s, "-----END "):
		return errors.New("a PEM block has no BEGIN line; the text is cut off")
	case webURL.MatchString(s):
		return errors.New("is a URL, not the text of a key; to fetch the keys of another issuer, use package jwks")
	case oddtext.IsPath(s), absolutePath.MatchString(s): // the base64 of a key never begins with a slash
		return ErrPath
	}
	return errNoKey
}
