package replica

import "github.com/gin-jwt-extended/ginjwt/internal/idset"

// Knows reports whether a copy has an ID, without asking the server.
func (c *Copy) Knows(id string) bool { return c.set.Contains(idset.KeyOf(id)) }
