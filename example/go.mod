module github.com/gin-jwt-extended/ginjwt/example

go 1.25.0

require (
	github.com/gin-gonic/gin v1.12.0
	github.com/gin-jwt-extended/ginjwt v0.0.0
	github.com/stretchr/testify v1.12.1
	golang.org/x/crypto v0.58.0
	modernc.org/sqlite v1.61.1
)

replace github.com/gin-jwt-extended/ginjwt => ../
