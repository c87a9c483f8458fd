// Command doctor checks the settings in the environment.
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
)

func main() {
	config, err := ginjwt.LoadConfig(os.LookupEnv)
	if err != nil {
		log.Fatal(err)
	}
	for _, finding := range doctor.Diagnose(config) {
		if finding.Severity >= doctor.Danger {
			fmt.Println(finding)
		}
	}
}
