/* The command line's way to the directory: over the administrator's socket, or straight into the store while
 * no server runs. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "role/store/directory_job.h"
#include "role/store/store_names.h"
#include "store/store_embedded.h"

enum { ANSWER_TIMEOUT_MS = 60000, ARENA_MAX = 1024 * 1024 };

struct directory_client {
	int socket; /* -1: the store is open here */
	struct store *store;
	struct accounts accounts;
	struct directory_job *job;
	bool job_done;
	struct buf in;
	struct arena arena;
	uint32_t last;
};

static int connect_server(const struct settings *settings)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int n = snprintf(address.sun_path, sizeof address.sun_path, "%.*s/auth", VIEW_FMT(settings->run));
	if (n < 0 || (size_t)n >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

static int open_store(struct cli *cli, struct directory_client *client)
{
	char folder[1024];
	snprintf(folder, sizeof folder, "%.*s", VIEW_FMT(cli->settings.data));
	cli_become_owner(folder);
	struct store_options options = {
	    .folder = folder, .min_free = cli->settings.disk_reserve, .names_blobs = store_all_names_blobs};
	int error = store_open(&options, &client->store);
	(void)directory_job_serves(cli->settings.hostname, cli->settings.local_senders);
	if (error == 0) {
		accounts_init(&client->accounts, client->store, (int64_t)cli->settings.undelete_days * 86400);
		accounts_set_language(&client->accounts, cli->settings.language);
		return 0;
	}
	fprintf(stderr, "postrider: cannot open the data folder %s: %s%s\n", folder, strerror(-error),
	    error == -EBUSY ? "; a server has it open, but does not answer yet: wait until it has started"
	                    : "");
	return error == -EACCES ? EXIT_REFUSED : error == -EBUSY ? EXIT_TEMPORARY : EXIT_UNAVAILABLE;
}

int directory_client_open(struct cli *cli, struct directory_client **out)
{
	int status = cli_settings(cli);
	if (status)
		return status;
	int fd = connect_server(&cli->settings);
	if (fd == -EACCES) {
		fprintf(stderr,
		    "postrider: you may not open the server's socket in %.*s; use sudo, or the user that the "
		    "server runs as\n",
		    VIEW_FMT(cli->settings.run));
		return EXIT_REFUSED;
	}
	struct directory_client *client = mem_alloc(sizeof *client);
	client->socket = fd >= 0 ? fd : -1;
	buf_init(&client->in, CHANNEL_FRAME_MAX + 64);
	arena_init(&client->arena, ARENA_MAX);
	log_set_threshold(LOG_ERROR);
	if (fd < 0)
		status = open_store(cli, client);
	if (status) {
		directory_client_close(client);
		return status;
	}
	*out = client;
	return 0;
}

void directory_client_close(struct directory_client *client)
{
	if (client == NULL)
		return;
	if (client->job)
		directory_job_free(client->job);
	if (client->store) {
		accounts_done(&client->accounts);
		store_close(client->store);
	}
	if (client->socket >= 0)
		close(client->socket);
	buf_done(&client->in);
	arena_done(&client->arena);
	mem_free(client);
}

static void job_done(struct directory_job *job)
{
	struct directory_client *client = job->arg;
	client->job_done = true;
}

static int ask_store(struct directory_client *client, const struct message_directory *m,
    struct message_directory_answer *answer)
{
	if (client->job)
		directory_job_free(client->job);
	client->job_done = false;
	client->job = directory_job_start(&client->accounts, m, job_done, client);
	while (!client->job_done) {
		struct pollfd wait = {.fd = store_event_fd(client->store), .events = POLLIN};
		poll(&wait, 1, -1);
		store_dispatch(client->store);
	}
	return directory_job_answer(client->job, &client->arena, answer) ? client->job->error : -ENOMEM;
}

static int ask_server(struct directory_client *client, const struct message_directory *m,
    struct message_directory_answer *answer)
{
	struct channel_frame frame;
	int error = ipc_send_blocking(client->socket, MESSAGE_DIRECTORY, ++client->last, m, -1);
	if (error == 0)
		error = channel_receive_blocking(client->socket, &client->in, &frame, ANSWER_TIMEOUT_MS);
	if (error == 0 && (frame.type != MESSAGE_DIRECTORY_ANSWER || frame.request != client->last ||
	                      ipc_decode(&frame, answer, &client->arena) != 0))
		error = -EBADMSG;
	return error ? error : (int)answer->error;
}

int directory_client_ask(struct directory_client *client, enum directory_operation operation, uint64_t number,
    const struct view *fields, size_t count, struct message_directory_answer *answer)
{
	struct message_field items[DIRECTORY_FIELDS_MAX];
	for (size_t i = 0; i < count; i++)
		items[i].value = fields[i];
	struct message_directory m = {.operation = operation,
	    .number = number,
	    .fields = {.items = items, .count = count},
	    .by = view_take(view_from_string(cli_invoking_user()), DIRECTORY_BY_MAX)};
	arena_reset(&client->arena);
	*answer = (struct message_directory_answer){0};
	return client->socket >= 0 ? ask_server(client, &m, answer) : ask_store(client, &m, answer);
}

int cli_directory_problem(const char *subject, int error)
{
	switch (error) {
	case 0:
		return 0;
	case -ENOENT:
	case -ENXIO:
	case -EXDEV:
		if (strchr(subject, '@'))
			fprintf(stderr,
			    "postrider: there is no account, alias or group %s here (`postrider account "
			    "list`, `alias "
			    "list` and `group list` show those that exist)\n",
			    subject);
		else
			fprintf(stderr,
			    "postrider: there is no domain %s here (`postrider domain list` shows those that "
			    "exist)\n",
			    subject);
		return EXIT_NOTHING;
	case -EKEYREVOKED:
		fprintf(stderr,
		    "postrider: %s: it was removed, and is still kept: bring it back with `restore %s`, or "
		    "erase it "
		    "for good with `remove %s --now`\n",
		    subject, subject, subject);
		return EXIT_DATA;
	case -EEXIST:
		fprintf(stderr, "postrider: %s: already exists\n", subject);
		return EXIT_DATA;
	case -ELOOP:
		fprintf(stderr,
		    "postrider: %s: this alias would lead back to itself, and its mail nowhere; nothing was "
		    "changed (`postrider alias list` shows where its targets lead)\n",
		    subject);
		return EXIT_DATA;
	case -EMLINK:
		fprintf(stderr,
		    "postrider: %s: a group has at most 1000 accounts, and an account is in at most 100 "
		    "groups\n",
		    subject);
		return EXIT_DATA;
	case -ENOTEMPTY:
		fprintf(stderr, "postrider: %s: still has accounts, aliases or groups; remove them first\n",
		    subject);
		return EXIT_DATA;
	case -EINVAL:
	case -EMSGSIZE:
		fprintf(stderr, "postrider: %s: not a valid address or name, or too long\n", subject);
		return EXIT_DATA;
	case -ENOSPC:
		fprintf(
		    stderr, "postrider: %s: the disk is nearly full; free space and try again\n", subject);
		return EXIT_TEMPORARY;
	case -EROFS:
	case -EIO:
		fprintf(stderr,
		    "postrider: %s: the disk cannot be read or written now; the server's log names the "
		    "place, and the server goes on by itself when the disk works again: repair the disk, "
		    "then repeat the command\n",
		    subject);
		return EXIT_TEMPORARY;
	case -EAGAIN:
	case -EPIPE:
	case -ETIMEDOUT:
		fprintf(stderr,
		    "postrider: %s: the server did not answer; it may be restarting. Try again; if that "
		    "fails too, its log says why\n",
		    subject);
		return EXIT_TEMPORARY;
	default:
		fprintf(stderr, "postrider: %s: %s\n", subject, strerror(-error));
		return EXIT_SOFTWARE;
	}
}

/* Behind the options that were taken off, the first word is what the verb was for. */
static void say_verb(const struct cli *cli)
{
	printf("{\"verb\":\"%s\",\"subject\":", cli->verb);
	cli_json_string(view_from_string(cli->argc > 0 ? cli->argv[0] : ""));
	puts("}");
}

int cli_run_verb(struct cli *cli, const struct cli_verb *rows, size_t count)
{
	struct directory_client *client;
	for (size_t i = 0; cli->argc > 0 && i < count; i++) {
		if (strcmp(cli->argv[0], rows[i].name) != 0)
			continue;
		cli->verb = rows[i].name;
		cli->argc--;
		cli->argv++;
		int status = directory_client_open(cli, &client);
		if (status)
			return status;
		status = rows[i].run(cli, client);
		directory_client_close(client);
		if (status == 0 && rows[i].quiet && cli->json)
			say_verb(cli);
		return status;
	}
	char names[400] = "";
	for (size_t i = 0, len = 0; i < count && len < sizeof names; i++)
		len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "", rows[i].name);
	return cli_no_verb(cli, names);
}
