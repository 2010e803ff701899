/* See mailbox_client.h. auth tells an account's number, and store gives a channel for it. */
#include "cli/mailbox_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/store_client.h"

enum {
	ANSWER_ARENA = 4 << 20,
	KEYWORDS_MAX = 4 << 20 /* octets: an account has 2,000 at most, which are told anew when one is new */
};

static int account_number(struct directory_client *directory, const char *address, uint64_t *number)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(address);
	int status = cli_directory_problem(
	    address, directory_client_ask(directory, DIRECTORY_ACCOUNT_STAT, 0, &field, 1, &answer));
	*number = status ? 0 : answer.number;
	return status;
}

/* Store's answer to the command: the channel, or why there is none. */
static int take_channel(int store, struct buf *in, int *channel)
{
	struct channel_frame frame = {.fd = -1};
	struct message_output m;
	struct arena arena;
	int status = EXIT_TEMPORARY;
	arena_init(&arena, ANSWER_ARENA);
	if (channel_receive_blocking(store, in, &frame, -1) != 0 || frame.type != MESSAGE_OUTPUT ||
	    ipc_decode(&frame, &m, &arena) != 0) {
		fprintf(stderr, "postrider: the server did not answer; it may be restarting. Try again\n");
	} else {
		status = (int)m.status;
		if (m.text.len)
			fprintf(stderr, "postrider: %.*s", VIEW_FMT(m.text));
	}
	if (status == 0 && frame.fd < 0)
		status = EXIT_TEMPORARY;
	arena_done(&arena);
	*channel = frame.fd;
	return status;
}

/* The account by its number, or "server". */
static int open_channel(struct cli *cli, const char *which, struct mailbox_client *client)
{
	int status, channel = -1;
	int store = store_client_connect(&cli->settings);
	if (store < 0) {
		fprintf(stderr,
		    "postrider: no server answers, and only a running one can do this: start it, or use "
		    "sudo if you may not open its socket\n");
		return EXIT_UNAVAILABLE;
	}
	buf_init(&client->in, CHANNEL_FRAME_MAX + 64);
	buf_init(&client->keywords, KEYWORDS_MAX);
	arena_init(&client->arena, ANSWER_ARENA);
	struct message_field words[] = {{VIEW("account")}, {view_from_string(which)}};
	struct message_command m = {.words = {.items = words, .count = 2}};
	if (ipc_send_blocking(store, MESSAGE_COMMAND, 1, &m, -1) == 0) {
		status = take_channel(store, &client->in, &channel);
	} else {
		fprintf(stderr, "postrider: the command could not be sent to the server; try again\n");
		status = EXIT_TEMPORARY;
	}
	close(store);
	client->fd = channel;
	if (status)
		mailbox_client_close(client);
	return status;
}

int mailbox_client_open(
    struct cli *cli, struct directory_client *directory, const char *address, struct mailbox_client *client)
{
	char digits[24];
	uint64_t number;
	int status = account_number(directory, address, &number);
	if (status)
		return status;
	*client = (struct mailbox_client){.fd = -1, .address = address};
	snprintf(digits, sizeof digits, "%" PRIu64, number);
	return open_channel(cli, digits, client);
}

int mailbox_client_open_server(struct cli *cli, struct mailbox_client *client)
{
	*client = (struct mailbox_client){.fd = -1, .address = "the server"};
	return open_channel(cli, "server", client);
}

void mailbox_client_close(struct mailbox_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	buf_done(&client->in);
	buf_done(&client->keywords);
	arena_done(&client->arena);
}

int mailbox_client_ask(struct mailbox_client *client, unsigned type, const void *question, uint32_t *request)
{
	int error = ipc_send_blocking(client->fd, type, ++client->last, question, -1);
	if (request)
		*request = client->last;
	return error == -ECONNRESET ? -EPIPE : error;
}

int mailbox_client_answer(
    struct mailbox_client *client, uint32_t *request, unsigned *type, union mailbox_answer *answer)
{
	struct channel_frame frame = {.fd = -1};
	arena_reset(&client->arena);
	int error = channel_receive_blocking(client->fd, &client->in, &frame, -1);
	if (error)
		return -EPIPE;
	if (frame.fd >= 0)
		close(frame.fd);
	*request = frame.request;
	*type = frame.type;
	error = ipc_decode_as(&frame, NULL, sizeof *answer, answer, &client->arena);
	if (error == 0 && *type == MAIL_KEYWORDS)
		error = buf_append(&client->keywords, answer->keywords.entries);
	return error;
}

int mailbox_client_run(struct mailbox_client *client, unsigned type, const void *question,
    void (*take)(void *arg, unsigned type, const union mailbox_answer *answer), void *arg,
    struct mail_done *done)
{
	union mailbox_answer answer;
	uint32_t request = 0, asked = 0;
	unsigned answer_type = 0;
	int error = mailbox_client_ask(client, type, question, &asked);
	while (error == 0) {
		error = mailbox_client_answer(client, &request, &answer_type, &answer);
		if (error || request != asked)
			continue;
		if (answer_type == MAIL_DONE) {
			if (done)
				*done = answer.done;
			return (int)answer.done.error;
		}
		if (take)
			take(arg, answer_type, &answer);
	}
	return error;
}

struct search {
	struct view path;
	struct mail_mailbox *found;
	bool any;
};

static void look(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct search *s = arg;
	const struct mail_mailbox *m = &answer->mailbox;
	if (type != MAIL_MAILBOX || m->account != 0 || m->mailbox == 0)
		return;
	bool inbox = view_equal_nocase(s->path, VIEW("INBOX")) && view_equal_nocase(m->path, s->path);
	if (!inbox && !view_equal(m->path, s->path))
		return;
	*s->found = *m;
	s->found->path = s->path;
	s->found->owner = (struct view){0};
	s->any = true;
}

int mailbox_client_find(struct mailbox_client *client, struct view path, struct mail_mailbox *found)
{
	struct mail_mailboxes question = {.own_only = 1};
	struct search search = {.path = path, .found = found};
	int error = mailbox_client_run(client, MAIL_MAILBOXES, &question, look, &search, NULL);
	return error ? error : search.any ? 0 : -ENOENT;
}

int mailbox_client_problem(const char *subject, int error)
{
	static const struct {
		int error, status;
		const char *why;
	} rows[] = {
	    {-ENOENT, EXIT_NOTHING,
	        "there is no such mailbox (`postrider mailbox list` shows those that exist)"},
	    {-EEXIST, EXIT_DATA, "already exists"},
	    {-EINVAL, EXIT_DATA, "no name for a mailbox, or another mailbox has this role already"},
	    {-EMLINK, EXIT_DATA, "the account has as many mailboxes, levels or keywords as it can have"},
	    {-ELOOP, EXIT_DATA, "a mailbox cannot be put below itself"},
	    {-EPERM, EXIT_REFUSED, "INBOX stays where it is"},
	    {-ENOTEMPTY, EXIT_DATA, "has mailboxes below it; remove them first"},
	    {-ENXIO, EXIT_NOTHING, "there is nobody of that name"},
	    {-EACCES, EXIT_REFUSED, "this is not permitted"},
	    {-EDQUOT, EXIT_REFUSED, "the account's quota is used up (`postrider account quota` raises it)"},
	    {-EFBIG, EXIT_REFUSED, "larger than the account's whole quota"},
	    {-EMSGSIZE, EXIT_DATA, "too large"},
	    {-ENOSPC, EXIT_TEMPORARY, "the disk is nearly full; free space and try again"},
	    {-EOPNOTSUPP, EXIT_SOFTWARE, "the running server cannot do this; does it run another version?"},
	    {-EBADMSG, EXIT_SOFTWARE,
	        "the server's answer cannot be understood; does it run another version?"},
	    {-EPIPE, EXIT_TEMPORARY, "the server ended the connection before it had finished; try again"},
	    {-EAGAIN, EXIT_TEMPORARY, "the server cannot do this now; try again"},
	    {-EROFS, EXIT_TEMPORARY, "the server's disk cannot be written now; its log names the place"},
	    {-EIO, EXIT_TEMPORARY,
	        "the server's disk cannot be read or written now; its log names the place"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].error == error) {
			fprintf(stderr, "postrider: %s: %s\n", subject, rows[i].why);
			return rows[i].status;
		}
	if (error)
		fprintf(stderr, "postrider: %s: %s\n", subject, strerror(-error));
	return error ? EXIT_SOFTWARE : 0;
}
