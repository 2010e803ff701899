/*
 * Lines come in over one socket (standard input), one a packet, from every role; they go to standard error as
 * the master had it. While that is slow the socket fills, and the roles drop lines and count them: log.h.
 */
#include "daemon/role_log.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/role.h"

enum { LINE_SIZE = 8192, LINES_A_TURN = 256 };

static struct loop_watch input;

static void write_all(const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, data, len);
		if (n < 0 && errno != EINTR)
			return; /* nobody reads the log any more: mail goes on */
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
}

/* Takes what is there, so that the last lines of a stopping server are not lost either. */
static void on_input(void *arg)
{
	static char lines[LINE_SIZE * 16];
	size_t len = 0;
	(void)arg;
	for (int i = 0; i < LINES_A_TURN; i++) {
		ssize_t n = recv(STDIN_FILENO, lines + len, LINE_SIZE, MSG_DONTWAIT);
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len + LINE_SIZE > sizeof lines) {
			write_all(lines, len);
			len = 0;
		}
	}
	write_all(lines, len);
}

int log_role_start(struct role_process *p)
{
	loop_watch_init(&input, &p->loop, STDIN_FILENO, LOOP_READ, on_input, NULL);
	return 0;
}

int log_role_serve(struct role_process *p)
{
	(void)p;
	loop_watch_on(&input);
	return 0;
}

void log_role_drain(struct role_process *p)
{
	on_input(NULL);
	role_exit(p);
}
