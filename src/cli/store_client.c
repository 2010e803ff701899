/* See store_client.h. */
#include "cli/store_client.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"

enum { WORDS_MAX = 256 };

int admin_client_connect(const struct settings *settings, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%.*s/%s", VIEW_FMT(settings->run), name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return -1;
}

int store_client_connect(const struct settings *settings)
{
	return admin_client_connect(settings, "store");
}

int store_client_no_server(void)
{
	fprintf(
	    stderr, "postrider: no server answers: start it, or use sudo if you may not open its socket\n");
	return EXIT_UNAVAILABLE;
}

/* One frame of the answer; false when there is no more. */
static bool take_output(
    int fd, struct buf *in, int patience_ms, void (*take)(struct view, bool, void *), void *arg, int *status)
{
	struct message_output m;
	struct channel_frame frame;
	struct arena arena;
	arena_init(&arena, 4096);
	int error = channel_receive_blocking(fd, in, &frame, patience_ms);
	bool good = error == 0 && frame.type == MESSAGE_OUTPUT && ipc_decode(&frame, &m, &arena) == 0;
	if (good)
		take(m.text, m.last, arg);
	if (good && m.last)
		*status = (int)m.status;
	arena_done(&arena);
	if (good)
		return !m.last;
	fprintf(stderr, "postrider: the server %s\n",
	    error == -ETIMEDOUT ? "has not finished yet; `postrider status` and its log say how it is"
	                        : "ended the connection before it had finished; try again");
	*status = EXIT_TEMPORARY;
	return false;
}

int admin_client_ask(int fd, const struct view *words, size_t count, bool json, int64_t patience_ms,
    void (*take)(struct view text, bool last, void *arg), void *arg)
{
	struct message_field fields[WORDS_MAX];
	int status = EXIT_UNAVAILABLE;
	struct buf in;
	for (size_t i = 0; i < count && i < WORDS_MAX; i++)
		fields[i] = (struct message_field){.value = words[i]};
	struct message_command m = {.words = {.items = fields, .count = count}, .json = json};
	buf_init(&in, CHANNEL_FRAME_MAX + 64);
	if (count > WORDS_MAX || ipc_send_blocking(fd, MESSAGE_COMMAND, 1, &m, -1) != 0)
		fprintf(stderr, "postrider: the command could not be sent to the server; try again\n");
	else
		while (take_output(fd, &in, (int)patience_ms, take, arg, &status))
			;
	buf_done(&in);
	close(fd);
	return status;
}

int store_client_ask(int fd, const struct view *words, size_t count, bool json,
    void (*take)(struct view text, bool last, void *arg), void *arg)
{
	return admin_client_ask(fd, words, count, json, -1, take, arg);
}
