// Package recipes tests the programs of the documentation that use stores: together
// with the database libraries of applications, with several applications on one server,
// and after a transaction of the application.
package recipes
