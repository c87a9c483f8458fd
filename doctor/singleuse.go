package doctor

import (
	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// singleUseRules check the settings of purpose tokens and tickets, and Once, which
// remembers the used ones.
var singleUseRules = []rule{
	{Note, "TokenLocation", func(c effectiveConfig) bool { return c.reads(ginjwt.InTicket) },
		"Every route for access tokens takes tickets too, but only requests that cannot have a header need tickets. On other routes, your own query parameter with the same name is read as a ticket, and the request is refused.",
		"Remove InTicket (ticket) from TokenLocation, and use JWTRequired(Locations(InTicket)) on the routes that need it."},
	{Warning, "Blocklist", func(c effectiveConfig) bool { return c.forgets() && !c.sharesSessions() && !c.forgetsUses() },
		"Used tokens are in a shared store, but revoked tokens are stored only in this process. Other processes, and this process after a restart, accept purpose tokens that RevokePurposeTokens or OnlyNewest revoked, and access tokens that RevokeToken revoked.",
		"Set Blocklist to the blocklist of the same store."},
	{Warning, "Once", func(c effectiveConfig) bool {
		return c.takesSingleUse() && !c.bindsTokens() && c.forgetsUsesAmongOthers()
	},
		"Other stores are shared, but used tokens are remembered only in this process. A used ticket works once more in every other process, and in this process after a restart. So does a used purpose token, until a shared Blocklist tells the process that it was used.",
		"Set Once to the Once of the same store."},
	{Warning, "Once", func(c effectiveConfig) bool { return c.onceMax() != 0 && c.onceMax() < 1000 },
		"MemoryOnce.Max leaves room for less than 1000 uses. When it is full, every purpose token and ticket is refused (503) until a used one has expired. Any user can fill it by getting and using tickets.",
		"Leave MemoryOnce.Max zero, which means 1,000,000 uses and at most 50 MB."},
	{Note, "Once", func(c effectiveConfig) bool { return c.given.Once != nil && c.onlyVerifies() && !c.bindsTokens() },
		"The keys only verify, so this service creates no purpose tokens and no tickets. It cannot check bound ones (BoundTo, BoundBy) either, because only the signing key can check a binding.",
		"Use these tokens in the service that has the signing key. Leave Once nil if this service takes no tickets, and has no routes with Bound()."},
}

// takesSingleUse reports whether the service may use single-use tokens. A service that
// only verifies can use only tickets, of other services.
func (c effectiveConfig) takesSingleUse() bool { return c.signs() || c.reads(ginjwt.InTicket) }

// forgetsUses reports whether used tokens are remembered only in this process.
func (c effectiveConfig) forgetsUses() bool {
	_, memory := c.Once.(*store.MemoryOnce)
	return memory
}

// forgetsUsesAmongOthers is forgetsUses, if a shared store shows that there are other processes.
func (c effectiveConfig) forgetsUsesAmongOthers() bool {
	return c.forgetsUses() && (c.sharesSessions() || !c.forgets())
}

// onceMax returns MemoryOnce.Max. Zero means the default, or that Once is not in memory.
func (c effectiveConfig) onceMax() int {
	if m, _ := c.Once.(*store.MemoryOnce); m != nil {
		return m.Max
	}
	return 0
}
