// Package postgres reads PostgreSQL servers, version 12 and later: every row of
// every table, partition and materialized view of every database, in every
// column that the account may select, the large objects, and the definitions
// with their comments: tables with defaults, constraints, rules and policies,
// views, functions, triggers, types, roles, foreign servers. The rows of a view
// are read only where the account may read the view and not the tables behind
// it. Those of foreign tables are on another server, and named as left out.
// The schemas pg_catalog and information_schema and what belongs to extensions
// in the way of functions and types are left out too: they are the server's.
//
// Tables are read in ranges of blocks, without an index and without sorting:
// in the way that costs the server least, and that needs no key. All of it
// happens in read-only transactions of one page each, under one exported
// snapshot, which a connection of its own holds. Where that state is lost or
// given up, what has changed since is found by its transaction numbers and read
// again; see reader.moved.
//
// Values longer than a limit (at most 1 MiB) are NULL in a block, and come as
// deferred items of their own that are read in pieces. Times are in UTC, values
// of the type bytea are their bytes, and texts are in UTF-8; those of databases
// whose encoding the server does not know (SQL_ASCII) are as they are stored.
//
// Row-level security is switched off for the session, upon which the server
// refuses to read a table of which it would hide rows: that is a gap.
package postgres
