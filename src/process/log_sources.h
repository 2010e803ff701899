/*
 * Where the log's lines come from: a socket for each process of a role, so that a line is known by the socket
 * it came through, and a role that was taken over can neither write as another one nor close the way of the
 * others. Lines are written out in the order in which they were sent.
 */
#ifndef PROCESS_LOG_SOURCES_H
#define PROCESS_LOG_SOURCES_H

#include "base/buf.h"
#include "io/loop.h"

enum {
	LOG_SOURCES_MAX = 64,    /* the roles, in an upgrade twice, the master, and those that have ended with
	                            lines left */
	LOG_PACKET_MAX = 8192,   /* a line is shorter; what a library writes as it dies may take this much */
	LOG_STRAY_LINES_MAX = 64 /* of one packet that is no line of ours; the rest is counted */
};

/*
 * Appends one packet of a role for the log: as it is, if it is a good line of that role (log_line_is_good).
 * Else each of its lines as the text of an event `stray-line` under the role's name; `cut` is how much of the
 * packet is not there. The result of buf_append.
 */
int log_packet_append(struct buf *out, const char *role, struct view packet, size_t cut);

struct log_source;
struct log_packet;

struct log_sources {
	struct loop *loop;
	void (*write)(struct view lines, void *arg);
	void *arg;
	struct log_source *first;
	size_t count;
	struct log_packet *packets; /* read, and not written yet */
	size_t packet_count;
	uint64_t sequence;
	uint64_t lost; /* packets for which there was no memory */
	struct loop_timer again;
	struct loop_task sweep;
	bool on;
};

/* write is given whole lines. Nothing is read before log_sources_start. */
void log_sources_init(
    struct log_sources *sources, struct loop *loop, void (*write)(struct view lines, void *arg), void *arg);
void log_sources_done(struct log_sources *sources);

/* A socket to read, of a role's process (the name is not copied); owns fd. It goes when its other end is
 * closed and it is empty. */
void log_sources_add(struct log_sources *sources, int fd, const char *role);

void log_sources_start(struct log_sources *sources);

/* Reads and writes all that is there now. */
void log_sources_drain(struct log_sources *sources);

/*
 * A pair for a process that is to log: what it writes comes out of pair[0], with the time of writing, which
 * gives the order. 0 or a negative errno.
 */
int log_source_pair(int pair[2]);

#endif
