/* store: stats of the running server. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/cli.h"

static int connect_server(const struct settings *settings)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%.*s/store", VIEW_FMT(settings->run));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int ask_server(struct cli *cli, const char *word)
{
	struct message_field field = {.value = view_from_string(word)};
	struct message_command m = {.words = {.items = &field, .count = 1}, .json = cli->json};
	struct message_output answer = {.status = EXIT_UNAVAILABLE};
	struct channel_frame frame;
	struct arena arena;
	struct buf in;
	int fd = connect_server(&cli->settings);
	if (fd < 0) {
		fprintf(stderr, "postrider: no server runs on this data folder, or its socket is not open to you\n");
		return EXIT_UNAVAILABLE;
	}
	arena_init(&arena, 1 << 16);
	buf_init(&in, CHANNEL_FRAME_MAX + 64);
	bool good = ipc_send_blocking(fd, MESSAGE_COMMAND, 1, &m, -1) == 0 && channel_receive_blocking(fd, &in, &frame, -1) == 0 &&
		    frame.type == MESSAGE_OUTPUT && ipc_decode(&frame, &answer, &arena) == 0;
	if (good)
		fwrite(answer.text.data, 1, answer.text.len, answer.status ? stderr : stdout);
	else
		fprintf(stderr, "postrider: the server did not answer\n");
	buf_done(&in);
	arena_done(&arena);
	close(fd);
	return (int)answer.status;
}

int cli_store(struct cli *cli)
{
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = cli_settings(cli);
	if (status)
		return status;
	if (strcmp(cli->argv[0], "stats") == 0)
		return ask_server(cli, "stats");
	return cli_usage(cli, "which of these?");
}
