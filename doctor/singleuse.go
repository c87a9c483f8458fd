package doctor

import (
	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// singleUseRules are about purpose tokens and tickets, and about Once, which remembers which
// of them were used.
var singleUseRules = []rule{
	{Note, "TokenLocation", func(c effectiveConfig) bool { return c.reads(ginjwt.InTicket) },
		"Every route for access tokens takes tickets too. Only requests that cannot carry a header need them, and on other routes a query parameter of yours with the same name may be taken for a ticket, and refused.",
		"Remove InTicket (ticket), and name it on the routes that need it: JWTRequired(Locations(InTicket))."},
	{Warning, "Blocklist", func(c effectiveConfig) bool { return c.forgets() && !c.sharesSessions() && !c.forgetsUses() },
		"What was used is kept in a store, but what is revoked in this process alone: purpose tokens that RevokePurposeTokens or OnlyNewest revoked, and access tokens that RevokeToken revoked, are accepted in other processes, and here after a restart.",
		"Set Blocklist to one of the same store."},
	{Warning, "Once", func(c effectiveConfig) bool {
		return c.takesSingleUse() && c.forgetsUses() && (c.sharesSessions() || !c.forgets())
	},
		"Other stores are shared, but what was used is remembered in this process alone: a ticket that was used is good once more in every other process, and here after a restart. So is a purpose token, until a shared Blocklist tells the process that it was used.",
		"Set Once to that of the same store."},
	{Warning, "Once", func(c effectiveConfig) bool { return c.onceMax() != 0 && c.onceMax() < 1000 },
		"MemoryOnce.Max leaves room for less than 1000 uses. When it is full, every purpose token and ticket is refused (503) until one of those that were used has expired. Any user can fill it by buying and using tickets.",
		"Leave MemoryOnce.Max zero, which is 1,000,000 uses and at most 50 MB."},
	{Note, "Once", func(c effectiveConfig) bool { return c.given.Once != nil && c.onlyVerifies() },
		"The keys only verify: this service creates no purpose tokens and no tickets, and cannot use bound ones (BoundTo, BoundBy), as only the key that signs can check a binding.",
		"Use bound tokens in the service that has the key. Leave Once nil if this one uses no others."},
}

// takesSingleUse reports whether there may be single-use tokens. A service that
// only verifies takes the tickets of others at most.
func (c effectiveConfig) takesSingleUse() bool { return c.signs() || c.reads(ginjwt.InTicket) }

// forgetsUses reports whether what was used is remembered in this process alone.
func (c effectiveConfig) forgetsUses() bool {
	_, memory := c.Once.(*store.MemoryOnce)
	return memory
}

// onceMax is how many uses the Once in memory was told to have room for. Zero: as many
// as by default, or it is another one.
func (c effectiveConfig) onceMax() int {
	if m, _ := c.Once.(*store.MemoryOnce); m != nil {
		return m.Max
	}
	return 0
}
