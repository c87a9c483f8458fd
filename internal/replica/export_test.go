package replica

// Knows reports whether a copy has an ID, without asking the server.
func (c *Copy) Knows(id string) bool { return c.set.Contains(id) }
