// Package remote measures whole runs of spoor on object stores and mailboxes
// against programs that read the same and do nothing with it. See
// scripts/remote.sh, which runs its tests.
package remote
