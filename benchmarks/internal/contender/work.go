package contender

import "slices"

// Algorithms are those that tokens are verified with.
var Algorithms = []string{"HS256", "RS256", "ES256", "EdDSA"}

// Work is a kind of work and who does it. Its benchmarks are called
// Benchmark<Name>/<variant>/<contender>.
type Work struct {
	Name     string
	Variants []string
	By       []Contender
}

// Works are all comparisons.
var Works = []Work{
	{"Protected", Algorithms, All},
	{"OneCore", []string{"HS256", "ES256"}, inParallel},
	{"Parallel", []string{"HS256", "ES256"}, inParallel},
	{"Collector", []string{"GOGC=400", "GOGC=off"}, named(BareSet, Ours, NoHits, GinJWT)},
	{"Create", Algorithms, those(func(c Contender) bool { return c.Create != nil })},
	{"Login", []string{"HS256"}, those(func(c Contender) bool { return c.Login != nil })},
	{"Forged", []string{"HS256"}, those(refuses)},
	{"Expired", []string{"HS256"}, those(refuses)},
	{"Rotation", []string{"10000", "100000"}, named(Ours, NoHits, GinJWT)},
	{"Hostile", []string{"Garbage", "MegabyteHeader", "Commas", "Dots", "NestedArrays"}, those(refuses)},
	{"Parts", []string{"HS256"}, parts},
	{"Bound", ProofAlgorithms, bound},
}

// Signature is the name of the least that the check of a proof can cost.
const Signature = "signature"

// bound are the libraries that check DPoP proofs.
var bound = append([]Contender{{Name: Signature, Title: "the signature of the proof alone, by golang-jwt"}},
	those(func(c Contender) bool { return c.Bound != nil })...)

// parts are what some of the work of this library costs on its own.
var parts = []Contender{
	{Name: "copy", Title: "a copy of the request with a new context"},
	{Name: "clock", Title: "reading the clock"},
	{Name: "find", Title: "hashing and comparing the encoded token"},
	{Name: "hmac", Title: "the HMAC, with a reused state"},
	{Name: "base64", Title: "base64"},
	{Name: "claims", Title: "reading the claims strictly"},
}

// The names of parts of the work for a known token, and for one that is not.
var (
	KnownParts   = []string{"copy", "clock", "find"}
	UnknownParts = []string{"copy", "clock", "hmac", "base64", "claims"}
)

// inParallel show where the second core goes: the floor, this library, and peers.
var inParallel = named(Bare, BareSet, Ours, NoHits, GinJWT, Map, "cristalhq")

// refuses is for requests that are refused. The bare handler is the floor of their cost. An
// observer changes nothing for requests that take the long way anyway.
func refuses(c Contender) bool { return !c.Open && c.Name != Watched || c.Name == Bare }

func those(take func(Contender) bool) []Contender {
	return slices.DeleteFunc(slices.Clone(All), func(c Contender) bool { return !take(c) })
}

func named(names ...string) []Contender {
	return those(func(c Contender) bool { return slices.Contains(names, c.Name) })
}

// WorkNamed returns one work. It panics if there is none of that name.
func WorkNamed(name string) Work {
	return Works[slices.IndexFunc(Works, func(w Work) bool { return w.Name == name })]
}

// Named returns one contender. It panics if there is none of that name.
func Named(name string) Contender { return named(name)[0] }
