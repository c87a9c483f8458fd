package doctor_test

import (
	"fmt"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
)

func ExampleDiagnose() {
	config := ginjwt.Config{
		SecretKey:         "change-me-please-this-is-not-secret",
		TokenLocation:     []ginjwt.Location{ginjwt.InHeaders, ginjwt.InQueryString},
		AllowShortSecret:  true,
		RefreshCookiePath: "/session",
	}
	for _, finding := range doctor.Diagnose(config) {
		fmt.Println(finding.Severity, finding.Field)
		if finding.Severity >= doctor.Danger {
			fmt.Println(" ", finding.Problem)
			fmt.Println(" ", finding.Fix)
		}
	}
	// Output:
	// danger SecretKey
	//   The secret is made of words that are in every password list. Anyone who has one token can find the secret, and create tokens for every user.
	//   Make a new secret: openssl rand -base64 32 (48 for HS384, 64 for HS512).
	// warning TokenLocation
	// note AllowShortSecret
	// note RefreshCookiePath
	// note Blocklist
	// note Sessions
}
