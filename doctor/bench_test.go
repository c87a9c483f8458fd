package doctor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// A diagnosis, beside the checks of InitApp (floor), and of settings with everything wrong or too
// large (hostile).
func BenchmarkDiagnose(b *testing.B) {
	b.Run("floor/InitApp", func(b *testing.B) {
		config := healthy()
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, ginjwt.New(config).InitApp(nil))
		}
	})
	secret := healthy()
	secret.SecretKey = strings.Repeat("a", 100_000)
	many := healthy()
	for i := range 100 {
		many.Keys = append(many.Keys, keys.Key{ID: fmt.Sprint(i), Algorithm: "HS256", Sign: []byte("short")})
		many.Issuers = append(many.Issuers, ginjwt.Issuer{Name: fmt.Sprint("http://issuer-", i)})
	}
	for _, of := range []struct {
		name   string
		config ginjwt.Config
		worst  doctor.Severity // zero: no finding
	}{
		{"healthy", healthy(), 0},
		{"no settings", ginjwt.Config{}, doctor.Refused},
		{"hostile/secret of 100 KB", secret, doctor.Danger},
		{"hostile/a hundred wrong keys and issuers", many, doctor.Refused},
	} {
		b.Run(of.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				found := doctor.Diagnose(of.config)
				if (len(found) > 0) != (of.worst > 0) || len(found) > 0 && found[0].Severity != of.worst {
					b.Fatal(found)
				}
			}
		})
	}
}
