package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// A command, beside a command without work (floor), and with a token of an attacker (hostile). The
// start of the process is not part of it.
func BenchmarkRun(b *testing.B) {
	encode := base64.RawURLEncoding.EncodeToString
	nested := encode([]byte(`{"alg":"HS256"}`)) + "." + encode([]byte(`{"a":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`)) + ".AAAA"
	for _, of := range []struct {
		name, stdin string
		args        []string
		status      int
		says        string
	}{
		{"floor/version", "", []string{"version"}, statusOK, "ginjwt"},
		{"inspect", aliceToken, []string{"inspect"}, statusOK, "Verdict: accepted"},
		{"verify", aliceToken, []string{"verify"}, statusOK, "alice"},
		{"mint", "", []string{"mint", "--subject", "alice"}, statusOK, "eyJ"},
		{"secret", "", []string{"secret"}, statusOK, ""},
		{"hostile/inspect, 1 MB of garbage", strings.Repeat("a", 1_000_000), []string{"inspect"}, statusNo, "Verdict: refused: Token is too large"},
		{"hostile/inspect, a million dots", strings.Repeat(".", 1_000_000), []string{"inspect"}, statusNo, "Verdict: refused: Token is too large"},
		{"hostile/inspect, nested arrays", nested, []string{"inspect"}, statusOK, "Verdict: refused"},
		{"hostile/verify, forged", aliceToken[:len(aliceToken)-4] + "AAAA", []string{"verify"}, statusNo, "Signature verification failed"},
	} {
		b.Run(of.name, func(b *testing.B) {
			var out bytes.Buffer
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				status := run(of.args, strings.NewReader(of.stdin), &out, &out, []string{secretSetting}, func() time.Time { return six })
				if status != of.status || !strings.Contains(out.String(), of.says) {
					b.Fatal(status, out.String()[:min(300, out.Len())])
				}
			}
		})
	}
}
