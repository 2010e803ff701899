/* How the server is, in words or as JSON: `postrider status`. */
#ifndef MASTER_MASTER_STATUS_H
#define MASTER_MASTER_STATUS_H

#include "base/buf.h"

struct master;

/* Exit codes of the command line (cli/cli.h) that the master's answers bring. */
enum {
	MASTER_STATUS_USAGE = 64,
	MASTER_STATUS_REFUSED = 70,
	MASTER_STATUS_LATER = 75,
	MASTER_STATUS_CONFIG = 78
};

/* Its processes alone, as a JSON array: name, pid, state, since, memory (octets), restarts. */
void master_status_roles(const struct master *m, struct buf *out);

/* Appends it. 0 when every role is ready; else MASTER_STATUS_LATER. */
unsigned master_status(const struct master *m, bool json, struct buf *out);

#endif
