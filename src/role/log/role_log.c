/*
 * Lines come in over a socket for each role's process (log_sources.h), one a packet; they go to standard
 * error as the master had it. While that is slow the sockets fill, and the roles drop lines and count them:
 * log.h.
 */
#include "role/log/role_log.h"

#include <errno.h>
#include <unistd.h>

#include "process/log_sources.h"
#include "process/role.h"

static struct log_sources sources;

static void write_all(struct view lines, void *arg)
{
	(void)arg;
	while (lines.len > 0) {
		ssize_t n = write(STDERR_FILENO, lines.data, lines.len);
		if (n < 0 && errno != EINTR)
			return; /* nobody reads the log any more: mail goes on */
		if (n > 0)
			lines = view_skip(lines, (size_t)n);
	}
}

static int log_role_start(struct role_process *p)
{
	log_sources_init(&sources, &p->loop, write_all, NULL);
	return 0;
}

static void log_role_peer(struct role_process *p, enum role_bit role, int fd)
{
	(void)p;
	log_sources_add(&sources, fd, role_bit_name(role));
}

static int log_role_serve(struct role_process *p)
{
	(void)p;
	log_sources_start(&sources);
	return 0;
}

/* Takes what is there, so that the last lines of a stopping server are not lost either. */
static void log_role_drain(struct role_process *p)
{
	log_sources_drain(&sources);
	role_exit(p);
}

const struct role_functions log_functions = {
    .start = log_role_start,
    .serve = log_role_serve,
    .peer = log_role_peer,
    .drain = log_role_drain,
};
