/*
 * The way of log lines: a socket for each process, made anew for each that is started, since the one before
 * may have been closed by a role that was taken over. The master keeps the ends that the log role reads: a
 * new log role goes on with the lines that the one before has left in them.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "master/master_private.h"

static struct child *log_child(struct master *m)
{
	for (size_t i = 0; i < roles_count; i++)
		if (m->current[i] && m->current[i]->role->bit == ROLE_LOG)
			return m->current[i];
	return NULL;
}

static void tell(struct child *log, const struct log_socket *socket)
{
	struct message_peer m = {.role = socket->from};
	/* Ours is kept: it is a copy that goes. */
	int fd = fcntl(socket->fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		ipc_send(&log->control, MESSAGE_PEER, 0, &m, fd);
}

static void forget(struct master *m, size_t at)
{
	close(m->log_sockets[at].fd);
	m->log_sockets[at] = m->log_sockets[--m->log_socket_count];
}

/*
 * While the log role is there, it has the sockets of earlier processes in this place, and reads what is left
 * in them. While it is not, they are kept for the next one, as many as there is room for.
 */
static void forget_earlier(struct master *m, const struct child *child, bool log_is_up)
{
	for (size_t i = m->log_socket_count; i > 0; i--)
		if (m->log_sockets[i - 1].child == child &&
		    (log_is_up || m->log_socket_count == LOG_SOURCES_MAX))
			forget(m, i - 1);
}

static int add(struct master *m, enum role_bit from, const struct child *child, int *write_end)
{
	int pair[2], error = log_source_pair(pair);
	if (error)
		return error;
	m->log_sockets[m->log_socket_count++] =
	    (struct log_socket){.from = from, .child = child, .fd = pair[0]};
	*write_end = pair[1];
	return 0;
}

int master_log_open(struct master *m)
{
	m->standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	return m->standard_error < 0 ? -errno : add(m, ROLE_MASTER, NULL, &m->log_write);
}

int master_log_for(struct master *m, const struct child *child, int *write_end)
{
	struct child *log = log_child(m);
	bool up = log && log->up;
	forget_earlier(m, child, up);
	if (m->log_socket_count == LOG_SOURCES_MAX)
		return -EMFILE; /* the next start of the log role empties them */
	int error = add(m, child->role->bit, child, write_end);
	/* In an upgrade there are two: whichever of them ends, the other one has all sockets. */
	for (size_t i = 0; error == 0 && i < CHILDREN_MAX; i++)
		if (m->children[i].up && m->children[i].role->bit == ROLE_LOG)
			tell(&m->children[i], &m->log_sockets[m->log_socket_count - 1]);
	return error;
}

void master_log_introduce(struct master *m, struct child *log)
{
	for (size_t i = 0; i < m->log_socket_count; i++)
		tell(log, &m->log_sockets[i]);
}
