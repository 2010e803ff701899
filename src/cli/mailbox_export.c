/*
 * mailbox export: an account's mail as Maildir++, as mboxes or as folders of .eml files, with all that is
 * known of it. What an earlier run has written is there already.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/show.h"
#include "cli/cli_mailbox.h"
#include "cli/cli_progress.h"
#include "cli/mailbox_client.h"
#include "folder/folder.h"
#include "mail/message_wire.h"

enum {
	READ_MESSAGES = 100, /* asked for together */
	READ_BYTES = 4 * 1024 * 1024,
	NAME_SIZE = 48,
	MESSAGES_ARENA = 1 << 30 /* of one mailbox: some 150 octets each */
};

struct listed {
	uint32_t uid;
	uint64_t flags, size, emailid;
	int64_t date;
	struct view more_keywords, uidl; /* numbers of keywords; in the arena */
};

struct box {
	struct view path;
	uint64_t mailbox, messages;
	uint32_t uidvalidity, uidnext;
	bool subscribed;
};

struct export
{
	struct cli *cli;
	struct mailbox_client client;
	struct folder_writer *writer;
	struct arena boxes_arena, arena; /* of the account; of the mailbox */
	struct box *boxes;
	size_t box_count;
	struct map keywords; /* number -> struct view, in boxes_arena */
	struct listed *listed;
	size_t count, room;
	struct buf names, body;
	uint64_t total, done, written, present, failed;
	bool out_of_memory;
	bool server; /* the error that ended it was the server's, not the folder's */
};

/* ---- the account ---- */

static void take_box(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct export *x = arg;
	const struct mail_mailbox *m = &answer->mailbox;
	if (type != MAIL_MAILBOX || m->account != 0 || (m->marks & MAIL_MAILBOX_NO_MAILBOX))
		return;
	if (x->box_count == FOLDER_MAILBOXES_MAX)
		return;
	x->boxes = mem_resize(x->boxes, (x->box_count + 1) * sizeof *x->boxes);
	struct box *box = &x->boxes[x->box_count];
	*box = (struct box){.mailbox = m->mailbox,
	    .messages = m->messages,
	    .uidvalidity = (uint32_t)m->uidvalidity,
	    .uidnext = (uint32_t)m->uidnext,
	    .subscribed = m->subscribed != 0};
	x->out_of_memory = !arena_copy(&x->boxes_arena, m->path, &box->path) || x->out_of_memory;
	x->box_count++;
	x->total += m->messages;
}

/* ---- a mailbox's messages ---- */

static void take_keywords(struct export *x, struct view entries)
{
	struct cursor in = cursor_on(entries);
	while (!cursor_at_end(&in)) {
		uint32_t number = cursor_u32(&in);
		struct view name = cursor_bytes(&in, cursor_u8(&in));
		struct view *kept = arena_alloc(&x->boxes_arena, sizeof *kept);
		if (!cursor_ok(&in) || kept == NULL || !arena_copy(&x->boxes_arena, name, kept))
			return;
		map_set_u64(&x->keywords, number, kept);
	}
}

static void take_messages(struct export *x, struct view entries, uint64_t want)
{
	struct cursor in = cursor_on(entries);
	struct mail_message m;
	while (mail_message_get(&in, want, &m)) {
		if (x->count == x->room) {
			x->room = x->room ? 2 * x->room : 1024;
			x->listed = mem_resize(x->listed, x->room * sizeof *x->listed);
		}
		struct listed *l = &x->listed[x->count++];
		*l = (struct listed){.uid = m.uid,
		    .flags = m.flags,
		    .size = m.size,
		    .emailid = m.emailid,
		    .date = m.internaldate};
		if (!arena_copy(&x->arena, m.more_keywords, &l->more_keywords) ||
		    !arena_copy(&x->arena, m.uidl, &l->uidl))
			x->out_of_memory = true;
	}
}

static const uint64_t wanted =
    MAIL_WANT_FLAGS | MAIL_WANT_SIZE | MAIL_WANT_DATES | MAIL_WANT_IDS | MAIL_WANT_UIDL;

static void take_list(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct export *x = arg;
	if (type == MAIL_KEYWORDS)
		take_keywords(x, answer->keywords.entries);
	if (type == MAIL_MESSAGES)
		take_messages(x, answer->messages.entries, wanted);
}

static void add_keyword(struct export *x, uint64_t number)
{
	const struct view *name = map_get_u64(&x->keywords, number);
	if (name == NULL)
		return;
	if (x->names.len)
		buf_append_byte(&x->names, ' ');
	buf_append(&x->names, *name);
}

/* As the writer wants it; views live until the next call. */
static void describe(struct export *x, const struct listed *l, char name[NAME_SIZE], struct folder_message *m)
{
	struct cursor more = cursor_on(l->more_keywords);
	buf_clear(&x->names);
	for (unsigned i = 0; i < FLAG_KEYWORDS; i++)
		if (l->flags & FLAG_KEYWORD << i)
			add_keyword(x, i);
	while (!cursor_at_end(&more))
		add_keyword(x, cursor_u16(&more));
	snprintf(name, NAME_SIZE, "E%" PRIx64 "U%" PRIu32, l->emailid, l->uid);
	*m = (struct folder_message){.name = view_from_string(name),
	    .date = l->date,
	    .flags = l->flags & FLAGS_SYSTEM,
	    .keywords = buf_view(&x->names),
	    .uidl = l->uidl,
	    .uid = l->uid};
}

/* ---- bodies ---- */

static void tell(struct export *x, const struct box *box, uint32_t uid, const char *why)
{
	struct buf path;
	buf_init(&path, 8192);
	show_line(&path, box->path);
	cli_progress_end();
	fprintf(stderr, "postrider: not exported: %s, UID %" PRIu32 ": %s\n", buf_string(&path), uid, why);
	buf_done(&path);
	x->failed++;
}

static int write_message(struct export *x, const struct box *box, const struct listed *l, int error)
{
	struct folder_message m;
	char name[NAME_SIZE];
	if (error == -ENOENT) /* it was deleted meanwhile */
		return 0;
	if (error || buf_failed(&x->body)) {
		tell(x, box, l->uid,
		    error == -EBADMSG ? "it is damaged"
		    : error           ? strerror(-error)
		                      : "it is too large");
		return 0;
	}
	describe(x, l, name, &m);
	error = folder_writer_put(x->writer, &m, buf_view(&x->body));
	x->written += error == 0;
	return error;
}

static void count(struct export *x)
{
	char note[64];
	x->done++;
	snprintf(note, sizeof note, "%" PRIu64 " messages", x->done);
	cli_progress_often(x->done, x->total, note);
}

/* Messages [first, end) of the list, of which each is wanted. */
static int read_bodies(struct export *x, const struct box *box, const size_t *indexes, size_t index_count)
{
	union mailbox_answer answer;
	struct buf parts;
	uint32_t asked, request;
	unsigned type;
	size_t at = 0;
	buf_init(&parts, READ_MESSAGES * 20);
	for (size_t i = 0; i < index_count; i++) {
		buf_append_u32(&parts, x->listed[indexes[i]].uid);
		buf_append_u64(&parts, 0);
		buf_append_u64(&parts, UINT64_MAX);
	}
	struct mail_read question = {.mailbox = box->mailbox, .parts = buf_view(&parts)};
	int error = mailbox_client_ask(&x->client, MAIL_READ, &question, &asked), result = 0;
	buf_done(&parts);
	buf_clear(&x->body);
	while (error == 0) {
		error = mailbox_client_answer(&x->client, &request, &type, &answer);
		if (error || request != asked)
			continue;
		if (type == MAIL_DONE) {
			x->server = answer.done.error != 0;
			return x->server ? (int)answer.done.error : result;
		}
		if (type != MAIL_DATA || answer.data.index != at || at == index_count)
			continue;
		buf_append(&x->body, answer.data.bytes);
		if (!answer.data.last && !answer.data.error)
			continue;
		/* A disk that is full is told once, and the answers still come. */
		if (result == 0)
			result = write_message(x, box, &x->listed[indexes[at]], (int)answer.data.error);
		buf_clear(&x->body);
		count(x);
		at++;
	}
	x->server = true;
	return error;
}

static int write_messages(struct export *x, const struct box *box)
{
	size_t indexes[READ_MESSAGES], index_count = 0;
	uint64_t bytes = 0;
	int error = 0;
	for (size_t i = 0; error == 0 && i < x->count; i++) {
		struct folder_message m;
		char name[NAME_SIZE];
		describe(x, &x->listed[i], name, &m);
		if (folder_writer_has(x->writer, &m, x->listed[i].size)) {
			x->present++;
			count(x);
			continue;
		}
		indexes[index_count++] = i;
		bytes += x->listed[i].size;
		if (index_count < READ_MESSAGES && bytes < READ_BYTES)
			continue;
		error = read_bodies(x, box, indexes, index_count);
		index_count = 0;
		bytes = 0;
	}
	if (error == 0 && index_count)
		error = read_bodies(x, box, indexes, index_count);
	return error;
}

static int export_box(struct export *x, const struct box *box)
{
	struct mail_fetch fetch = {.mailbox = box->mailbox, .want = wanted};
	x->count = 0;
	arena_reset(&x->arena);
	int error = mailbox_client_run(&x->client, MAIL_FETCH, &fetch, take_list, x, NULL);
	x->server = error != 0;
	if (error == 0 && x->out_of_memory)
		error = -ENOMEM;
	if (error == 0)
		error = folder_writer_begin(
		    x->writer, box->path, box->subscribed, box->uidvalidity, box->uidnext);
	if (error == 0)
		error = write_messages(x, box);
	return error ? error : folder_writer_end(x->writer);
}

/* ---- the whole ---- */

static void say_result(struct export *x, const char *path, size_t boxes, uint64_t lost)
{
	if (x->cli->json)
		printf("{\"mailboxes\":%zu,\"written\":%" PRIu64 ",\"present\":%" PRIu64
		       ",\"failed\":%" PRIu64 ",\"keywords_left_out\":%" PRIu64 "}\n",
		    boxes, x->written, x->present, x->failed, lost);
	else
		printf("%" PRIu64 " message%s of %zu mailbox%s written to %s; %" PRIu64
		       " %s there already; %" PRIu64 " could not be read\n",
		    x->written, x->written == 1 ? "" : "s", boxes, boxes == 1 ? "" : "es", path, x->present,
		    x->present == 1 ? "was" : "were", x->failed);
	if (lost && !x->cli->json)
		fprintf(stderr,
		    "postrider: %" PRIu64
		    " keywords of messages were left out: a Maildir has room for 26 names\n",
		    lost);
}

static int export_all(struct export *x, const char *path, const char *only)
{
	struct mail_mailboxes question = {.own_only = 1};
	size_t boxes = 0;
	int error = mailbox_client_run(&x->client, MAIL_MAILBOXES, &question, take_box, x, NULL);
	x->server = error != 0;
	for (size_t i = 0; error == 0 && i < x->box_count; i++)
		if (only == NULL || view_equal(x->boxes[i].path, view_from_string(only))) {
			error = export_box(x, &x->boxes[i]);
			boxes++;
		}
	cli_progress_end();
	uint64_t lost = folder_writer_lost_keywords(x->writer);
	int closed = folder_writer_close(x->writer);
	error = error ? error : closed;
	if (error == 0 && boxes == 0)
		return mailbox_client_problem(only ? only : x->client.address, -ENOENT);
	say_result(x, path, boxes, lost);
	if (error && !x->server) {
		fprintf(stderr, "postrider: %s: %s; the same command goes on where it was\n", path,
		    strerror(-error));
		return EXIT_UNAVAILABLE;
	}
	int status = mailbox_client_problem(x->client.address, error);
	return status ? status : x->failed ? EXIT_DATA : 0;
}

static void export_done(struct export *x)
{
	mailbox_client_close(&x->client);
	arena_done(&x->boxes_arena);
	arena_done(&x->arena);
	map_done(&x->keywords);
	buf_done(&x->names);
	buf_done(&x->body);
	mem_free(x->boxes);
	mem_free(x->listed);
}

int mailbox_export(struct cli *cli, struct directory_client *directory)
{
	const char *only = cli_value(cli, "--mailbox"), *format_name = cli_value(cli, "--format");
	enum folder_format format =
	    folder_format_by_name(format_name ? view_from_string(format_name) : VIEW("maildir"));
	struct export x = {.cli = cli};
	if (!cli_words(cli, 2, 2))
		return EXIT_USAGE;
	if (format == FOLDER_UNKNOWN || format == FOLDER_MBOXO)
		return cli_usage(cli, "--format takes maildir, mbox or eml");
	int status = mailbox_client_open(cli, directory, cli->argv[0], &x.client);
	if (status)
		return status;
	arena_init(&x.boxes_arena, MESSAGES_ARENA);
	arena_init(&x.arena, MESSAGES_ARENA);
	map_init(&x.keywords);
	buf_init(&x.names, 2000 * (MAIL_KEYWORD_MAX + 1));
	buf_init(&x.body, FOLDER_MESSAGE_MAX);
	int error = folder_writer_open(cli->argv[1], format, &x.writer);
	if (error) {
		fprintf(stderr, "postrider: %s: %s\n", cli->argv[1], strerror(-error));
		status = error == -EACCES ? EXIT_REFUSED : EXIT_UNAVAILABLE;
	} else {
		status = export_all(&x, cli->argv[1], only);
	}
	export_done(&x);
	return status;
}
