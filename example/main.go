// Command example is a small service with everything that ginjwt does.
package main

import (
	_ "github.com/gin-gonic/gin"
	_ "golang.org/x/crypto/bcrypt"
	_ "modernc.org/sqlite"

	_ "github.com/gin-jwt-extended/ginjwt"
)

func main() {}
