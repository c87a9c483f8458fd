// Package recipes tests what the documentation shows of stores: beside the libraries
// that applications use for their database, and with several applications on one server.
package recipes
