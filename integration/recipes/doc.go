// Package recipes tests what the documentation shows of stores: beside the libraries
// that applications use for their database, with several applications on one server,
// and after a transaction of the application.
package recipes
