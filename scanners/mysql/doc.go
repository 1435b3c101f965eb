// Package mysql reads MySQL and MariaDB servers: every row of every base table,
// in every column that the account may select, and the definitions of schemas,
// tables, views, triggers, routines and events with their comments. The rows of
// views and MERGE tables are read where they show those of a table that the
// account may not read itself; elsewhere they would count twice. The rows of tables
// that the server only passes on (FEDERATED, CONNECT, SPIDER) are named as an
// exclusion; nothing is done that makes the server connect there. The schemas
// information_schema, performance_schema, sys and ndbinfo are left out: the
// server makes them up. The schema mysql is read like any other.
//
// Rows are read in pages along the primary key, or a unique key without NULL,
// by plain SELECT statements in autocommit, so that nothing is held on the
// server and no writer is blocked. A table without such a key is read in one
// statement; after a lost connection it is read again from the start and the
// rows that were done are passed over, with a gap where they are not the same
// any more.
//
// Tables are listed without the server opening any. Where a schema has many
// small ones, a hundred or so make a part, and their columns come from one query.
// The rows of a result are read past the driver, straight into a block, unless
// the connection is encrypted.
//
// Statements have a time limit that the server keeps, and wait 10 seconds for a
// lock on a table; what takes longer is a gap. Reading slows down while the
// server runs many statements of others or, as a replica, is behind.
//
// Values longer than a limit (at most 1 MiB) of the types that allow more than
// 64 KiB are NULL in a block, and come as deferred items of their own that are
// read in pieces. Times are in UTC.
//
// The server lists nothing that the account has no right on. Where SHOW GRANTS
// tells that there may be such things, a gap says so.
package mysql
