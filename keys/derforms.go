package keys

import (
	"bytes"
	"encoding/asn1"
	"regexp"
	"strings"
)

// derForms map the elements of the outermost SEQUENCE in DER to PEM labels. letterOf
// gives a letter for each element.
var derForms = []struct {
	elements *regexp.Regexp
	label    string
}{
	{regexp.MustCompile(`^ISO`), "PRIVATE KEY"}, // PKCS #8, RFC 5958
	{regexp.MustCompile(`^I{9}S?$`), "RSA PRIVATE KEY"},
	{regexp.MustCompile(`^I{6}$`), "DSA PRIVATE KEY"},
	{regexp.MustCompile(`^IO`), "EC PRIVATE KEY"},
	{regexp.MustCompile(`^II$`), "RSA PUBLIC KEY"},
	{regexp.MustCompile(`^SB$`), "PUBLIC KEY"},
	{regexp.MustCompile(`^SO$`), "ENCRYPTED PRIVATE KEY"},
	{regexp.MustCompile(`^ISS?$`), "PKCS12"},
	{regexp.MustCompile(`^DC$`), "PKCS7"},
}

// labelOf returns the PEM label of the DER or OpenSSH bytes in b, or "" if they are not
// about keys.
func labelOf(b []byte) string {
	if bytes.HasPrefix(b, []byte(sshMagic)) {
		return sshLabel
	}
	outer := elements(b)
	letters := lettersOf(outer)
	if letters == "SSB" {
		return signedLabel(outer[0].FullBytes)
	}
	for _, form := range derForms {
		if !form.elements.MatchString(letters) {
			continue
		}
		if i := strings.IndexByte(letters, 'S'); 0 <= i && i < 2 && !strings.HasPrefix(lettersOf(elements(outer[i].FullBytes)), "D") {
			return "" // an algorithm or a content type should be named here
		}
		return form.label
	}
	return ""
}

var (
	certificateBody = regexp.MustCompile(`^C?ISSSSS`)
	requestBody     = regexp.MustCompile(`^ISSC?$`)
)

// signedLabel tells certificates, certificate requests and revocation lists apart, by the
// signed part.
func signedLabel(signed []byte) string {
	switch letters := lettersOf(elements(signed)); {
	case certificateBody.MatchString(letters):
		return "CERTIFICATE"
	case requestBody.MatchString(letters):
		return "CERTIFICATE REQUEST"
	}
	return "X509 CRL"
}

// sequenceTag is the first byte of a SEQUENCE in DER. Everything that labelOf knows
// begins with it, except OpenSSH.
const sequenceTag = 0x30

// elements returns the elements of the SEQUENCE b. It returns nil for anything else, and
// for more elements than any form of a key has.
func elements(b []byte) (list []asn1.RawValue) {
	if len(b) == 0 || b[0] != sequenceTag {
		return nil
	}
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(b, &outer)
	if err != nil || len(rest) > 0 {
		return nil
	}
	const most = 16
	for rest = outer.Bytes; len(rest) > 0 && len(list) < most; {
		var element asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &element); err != nil {
			return nil
		}
		list = append(list, element)
	}
	if len(rest) > 0 {
		return nil
	}
	return list
}

func lettersOf(list []asn1.RawValue) string {
	letters := make([]byte, len(list))
	for i, element := range list {
		letters[i] = letterOf(element)
	}
	return string(letters)
}

func letterOf(element asn1.RawValue) byte {
	if element.Class == asn1.ClassContextSpecific {
		return 'C'
	}
	if element.Class == asn1.ClassUniversal {
		switch element.Tag {
		case asn1.TagInteger:
			return 'I'
		case asn1.TagSequence:
			return 'S'
		case asn1.TagOctetString:
			return 'O'
		case asn1.TagBitString:
			return 'B'
		case asn1.TagOID:
			return 'D'
		}
	}
	return '?'
}
