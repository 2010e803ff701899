/*
 * Confinement of a role: seccomp in every mode, Landlock where the kernel has it, and, when started as root,
 * an empty root folder and a user of its own.
 */
#ifndef PROCESS_SANDBOX_H
#define PROCESS_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

struct sandbox_profile {
	const char *name;
	unsigned grants;   /* groups of system calls, sandbox.c */
	bool keeps_folder; /* may reach files below the data folder (store alone) */
	bool resolves;     /* may read what the resolver needs in /etc (dns alone) */
};

extern const struct sandbox_profile sandbox_log, sandbox_store, sandbox_keys, sandbox_dns, sandbox_auth,
    sandbox_edge, sandbox_relay, sandbox_content, sandbox_rules;

/* Gives root away for good: chroot to `folder` (unless the profile keeps files), then uid and gid. Does
 * nothing when not root. */
int sandbox_drop_root(const struct sandbox_profile *profile, const char *folder, uid_t uid, gid_t gid);

/*
 * Confines the process, for ever. `data` is the open data folder for profiles that keep it, else -1. A
 * forbidden call kills the process; with `trap` it raises SIGSYS, which names the call in the log and exits
 * with status 86: for tests. 0 or a negative errno: then the role must not serve.
 */
int sandbox_enter(const struct sandbox_profile *profile, int data, bool trap);

/* For tests: tries a forbidden thing by name ("open", "exec", "socket", "connect", "ptrace", "kill", ...);
 * returns if it was allowed. */
int sandbox_try(const char *what);

#endif
