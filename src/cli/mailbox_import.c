/*
 * mailbox import: mail from Maildirs, mboxes and folders of .eml files into an account. Messages go in
 * groups, several of them under way, so that many share one commit and the order stays. Each has a delivery
 * id made from its mailbox and its content, so that a second run, after an interruption or by mistake, adds
 * nothing twice.
 */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/show.h"
#include "cli/cli_mailbox.h"
#include "cli/cli_progress.h"
#include "cli/mailbox_client.h"
#include "folder/folder.h"
#include "format/line_ends.h"
#include "mail/uid_ranges.h"
#include "mime/digest.h"
#include "store/store.h"

enum {
	/* Under way, and octets of them: one that is larger goes alone. */
	ITEMS = MAIL_IMPORTS_MAX,
	ITEMS_BYTES = 4 * 1024 * 1024,
	ITEM_KEPT = 64 * 1024, /* a body's memory up to this is used again */
	/* The store writes a large body to a file of its own, and what comes behind it would overtake it: the
	 * message goes before anything else is sent. */
	ITEM_OVERTAKEN = STORE_UPLOAD_MEMORY - TRAILER_MAX,
	ID_SIZE = 16
};

/* A message under way; it is kept until its answer, since it may have to be sent again. */
struct item {
	struct buf body, keywords;
	struct mime_digest *digester;
	struct message_digest digest;
	struct mail_append append;
	unsigned char id[ID_SIZE], references[8 * MESSAGE_REFERENCES_MAX];
	char uidl[FOLDER_UIDL_MAX];
	char name[200]; /* for the report */
	uint32_t request;
	bool added, answered;
	int error;
};

struct import {
	struct cli *cli;
	struct mailbox_client client;
	struct folder_tree tree;
	const struct folder_mailbox *source;
	struct buf path;  /* of the mailbox that is filled */
	uint64_t mailbox; /* its number */
	bool inbox;
	struct map seen;    /* content -> how often it was met in this mailbox */
	struct item *items; /* a ring: [oldest, next) are under way, in the order of their answers */
	size_t oldest, next;
	size_t bytes; /* of them */
	uint64_t last_upload, credit;
	uint64_t read, added, present, mailboxes, failed;
	size_t mailbox_at; /* in the tree, for the bar */
};

/* ---- what could not be taken over ---- */

static void tell(struct import *im, struct view where, struct view name, const char *why)
{
	cli_progress_end();
	if (im->cli->json) {
		fputs(im->failed ? ",\n{\"where\":" : "{\"where\":", stdout);
		cli_json_string(where);
		fputs(",\"message\":", stdout);
		cli_json_string(name);
		fputs(",\"why\":", stdout);
		cli_json_string(view_from_string(why));
		putchar('}');
	} else {
		struct buf line;
		buf_init(&line, 8192);
		show_line(&line, where);
		if (where.len && name.len)
			buf_append_string(&line, ": ");
		show_line(&line, name);
		fprintf(stderr, "postrider: not imported: %s: %s\n", buf_string(&line), why);
		buf_done(&line);
	}
	im->failed++;
}

static void tree_problem(void *arg, struct view where, const char *why)
{
	tell(arg, where, (struct view){0}, why);
}

static const char *explain(int error)
{
	return error == -EFBIG                         ? "longer than a message can be here"
	       : error == -EMSGSIZE || error == -E2BIG ? "its header is larger than can be kept"
	       : error == -EINVAL                      ? "it is no file"
	       : error == -ELOOP                       ? "it is a symbolic link, and these are not followed"
	       : error == -ENOENT
	           ? "it has gone, or another program renamed it meanwhile; run the import once more"
	           : strerror(-error);
}

/* ---- one message ---- */

static void empty_item(struct item *item)
{
	mime_digest_free(item->digester);
	item->digester = NULL;
	/* Large messages are few: their memory isn't kept. */
	if (item->body.cap > ITEM_KEPT)
		buf_done(&item->body);
	buf_clear(&item->body);
	buf_clear(&item->keywords);
}

/* From the mailbox, the content, and how many alike came before it: two copies there are two here. */
static void make_id(struct import *im, struct item *item)
{
	crypto_generichash_state state;
	unsigned char content[crypto_generichash_BYTES_MIN];
	struct view body = buf_view(&item->body), path = buf_view(&im->path);
	crypto_generichash(content, sizeof content, (const unsigned char *)body.data, body.len, NULL, 0);
	uintptr_t before = (uintptr_t)map_get(&im->seen, view_of(content, sizeof content));
	uint64_t number = before;
	map_set(&im->seen, view_of(content, sizeof content), (void *)(before + 1));
	crypto_generichash_init(&state, NULL, 0, ID_SIZE);
	crypto_generichash_update(&state, content, sizeof content);
	crypto_generichash_update(&state, (const unsigned char *)&number, sizeof number);
	crypto_generichash_update(&state, (const unsigned char *)path.data, path.len);
	crypto_generichash_final(&state, item->id, ID_SIZE);
}

static void digest(struct item *item)
{
	struct mail_append *a = &item->append;
	struct view body = buf_view(&item->body);
	item->digester = mime_digest_new();
	mime_digest_feed(item->digester, body);
	mime_digest_end(item->digester, &item->digest);
	a->summary = item->digest.summary;
	a->trailer = item->digest.trailer;
	a->message_id_hash = item->digest.message_id_hash;
	for (size_t i = 0; i < item->digest.reference_count; i++)
		for (int k = 0; k < 8; k++)
			item->references[8 * i + (size_t)k] =
			    (unsigned char)(item->digest.references[i] >> (56 - 8 * k));
	a->references = view_of(item->references, 8 * item->digest.reference_count);
}

/* What the folder told of the message, as a question to the store. */
static void make_append(struct import *im, struct item *item, const struct folder_message *m)
{
	struct line_ends lines = {0};
	struct view body = buf_view(&item->body);
	line_ends_feed(&lines, body);
	buf_append(&item->keywords, m->keywords);
	memcpy(item->uidl, m->uidl.data ? m->uidl.data : "", m->uidl.len);
	snprintf(item->name, sizeof item->name, "%.*s", VIEW_FMT(view_take(m->name, sizeof item->name - 1)));
	make_id(im, item);
	item->append = (struct mail_append){
	    .mailbox = im->mailbox,
	    .flags = m->flags,
	    .internaldate = m->date < 0 ? 1 : m->date,
	    .keywords = buf_view(&item->keywords),
	    .binary = line_ends_growth(&lines) > 0 || (body.len && memchr(body.data, '\0', body.len)),
	    .text_growth = line_ends_growth(&lines),
	    /* POP3 shows INBOX alone. */
	    .uidl = view_of(item->uidl, im->inbox ? m->uidl.len : 0),
	    .delivery = view_of(item->id, ID_SIZE),
	};
	digest(item);
}

/* ---- on the way ---- */

static int take_answer(struct import *im);
static int finish_all(struct import *im);

/* Whoever waits for credit takes the answers that come meanwhile. */
static int send_body(struct import *im, struct item *item)
{
	struct view rest = buf_view(&item->body);
	item->append.upload = ++im->last_upload;
	im->credit = MAIL_UPLOAD_WINDOW;
	do {
		int error = 0;
		while (error == 0 && im->credit == 0)
			error = take_answer(im);
		size_t len = rest.len < im->credit ? rest.len : (size_t)im->credit;
		struct mail_upload piece = {.upload = im->last_upload, .bytes = view_take(rest, len)};
		if (error == 0)
			error = mailbox_client_ask(&im->client, MAIL_UPLOAD, &piece, NULL);
		if (error)
			return error;
		im->credit -= len;
		rest = view_skip(rest, len);
	} while (rest.len);
	return 0;
}

static int send_item(struct import *im, struct item *item)
{
	int error = send_body(im, item);
	item->added = item->answered = false;
	return error ? error : mailbox_client_ask(&im->client, MAIL_APPEND, &item->append, &item->request);
}

static bool concerns_one(int error)
{
	return error == -EMSGSIZE || error == -EFBIG || error == -EINVAL || error == -E2BIG;
}

/* Takes those off that are answered, the oldest first. */
static int end_items(struct import *im)
{
	while (im->oldest < im->next && im->items[im->oldest % ITEMS].answered) {
		struct item *item = &im->items[im->oldest % ITEMS];
		int error = item->error;
		if (error && !concerns_one(error))
			return error;
		if (error)
			tell(im, im->source->location, view_from_string(item->name), explain(error));
		else if (item->added)
			im->added++;
		else
			im->present++;
		im->bytes -= item->body.len;
		empty_item(item);
		im->oldest++;
	}
	return 0;
}

static int take_answer(struct import *im)
{
	union mailbox_answer answer;
	uint32_t request;
	unsigned type;
	int error = mailbox_client_answer(&im->client, &request, &type, &answer);
	if (error)
		return error;
	if (type == MAIL_UPLOAD_CREDIT && answer.credit.upload == im->last_upload)
		im->credit += answer.credit.bytes;
	for (size_t i = im->oldest; i < im->next; i++) {
		struct item *item = &im->items[i % ITEMS];
		if (item->request != request)
			continue;
		if (type == MAIL_UIDS)
			item->added = uid_ranges_count(answer.uids.ranges) > 0;
		item->answered = type == MAIL_DONE;
		item->error = type == MAIL_DONE ? (int)answer.done.error : 0;
		break;
	}
	return end_items(im);
}

static int finish_all(struct import *im)
{
	int error = 0;
	while (error == 0 && im->oldest < im->next)
		error = take_answer(im);
	return error;
}

/* ---- a mailbox ---- */

static void show_progress(struct import *im, const struct folder_reader *reader)
{
	char note[64];
	uint64_t done, total;
	folder_reader_progress(reader, &done, &total);
	snprintf(note, sizeof note, "%" PRIu64 " messages", im->read);
	cli_progress_often(
	    im->mailbox_at * 1000 + (total ? done * 1000 / total : 0), im->tree.count * 1000, note);
}

static int add_message(struct import *im, const struct folder_message *m, struct buf *body)
{
	int error = 0;
	while (error == 0 && im->oldest < im->next &&
	       (im->next - im->oldest == ITEMS || im->bytes + body->len > ITEMS_BYTES))
		error = take_answer(im);
	if (error)
		return error;
	struct item *item = &im->items[im->next % ITEMS];
	struct buf empty = item->body;
	item->body = *body;
	*body = empty;
	im->bytes += item->body.len;
	make_append(im, item, m);
	bool large = item->body.len > ITEM_OVERTAKEN;
	error = send_item(im, item);
	im->next++;
	return error == 0 && large ? finish_all(im) : error;
}

static int fill_mailbox(struct import *im, struct folder_reader *reader)
{
	struct folder_message m;
	struct buf body;
	int result, error = 0;
	buf_init(&body, 2 * (size_t)FOLDER_MESSAGE_MAX);
	while (error == 0 && (result = folder_reader_next(reader, &m, &body)) != 0) {
		show_progress(im, reader);
		im->read++;
		if (result < 0)
			tell(im, im->source->location, m.name, explain(result));
		else
			error = add_message(im, &m, &body);
	}
	buf_done(&body);
	return error ? error : finish_all(im);
}

static int make_mailbox(struct import *im)
{
	struct mail_mailbox found;
	struct mail_create create = {.path = buf_view(&im->path)};
	struct mail_done done = {0};
	int error = mailbox_client_find(&im->client, buf_view(&im->path), &found);
	im->mailbox = error ? 0 : found.mailbox;
	bool made = error == -ENOENT;
	if (made) {
		error = mailbox_client_run(&im->client, MAIL_CREATE, &create, NULL, NULL, &done);
		im->mailbox = done.number;
	}
	/* What nobody has said anything of is shown: a mailbox that is hidden looks like a loss. */
	struct mail_set set = {.mailbox = im->mailbox, .set = MAIL_SET_SUBSCRIBED, .subscribed = 1};
	bool subscribe = im->tree.knows_subscriptions ? im->source->subscribed : made;
	if (error == 0 && subscribe)
		error = mailbox_client_run(&im->client, MAIL_SET, &set, NULL, NULL, NULL);
	return error;
}

static int import_mailbox(struct import *im, const char *into)
{
	struct folder_reader *reader;
	buf_clear(&im->path);
	im->inbox = into == NULL && view_equal(im->source->path, VIEW("INBOX"));
	if (into) {
		buf_append_string(&im->path, into);
		if (!view_equal(im->source->path, VIEW("INBOX"))) {
			buf_append_byte(&im->path, '/');
			buf_append(&im->path, im->source->path);
		}
	} else {
		buf_append(&im->path, im->source->path);
	}
	int error = folder_reader_open(&im->tree, im->source, &reader);
	if (error) {
		tell(im, im->source->location, (struct view){0}, explain(error));
		return 0;
	}
	error = buf_failed(&im->path) ? -EINVAL : make_mailbox(im);
	if (error == -EINVAL || error == -EMLINK) {
		tell(im, im->source->location, buf_view(&im->path),
		    error == -EINVAL ? "no mailbox can have this name"
		                     : "the account has too many mailboxes, or levels of them");
		error = 0;
	} else if (error == 0) {
		map_init(&im->seen);
		error = fill_mailbox(im, reader);
		map_done(&im->seen);
		im->mailboxes++;
	}
	folder_reader_close(reader);
	return error;
}

/* ---- the whole ---- */

/* The last level of the path, as the name of a mailbox. */
static struct view root_name(const char *path)
{
	struct view v = view_from_string(path);
	while (v.len > 1 && v.data[v.len - 1] == '/')
		v = view_take(v, v.len - 1);
	ptrdiff_t slash = view_find_last(v, '/');
	v = view_skip(v, (size_t)(slash + 1));
	return v.len == 0 || view_equal(v, VIEW(".")) || view_equal(v, VIEW("..")) ? VIEW("Imported") : v;
}

static void say_result(struct import *im)
{
	if (im->cli->json)
		printf("],\"mailboxes\":%" PRIu64 ",\"added\":%" PRIu64 ",\"present\":%" PRIu64 "}\n",
		    im->mailboxes, im->added, im->present);
	else
		printf("%" PRIu64 " message%s added in %" PRIu64 " mailbox%s; %" PRIu64
		       " %s there already; %" PRIu64 " could not be imported\n",
		    im->added, im->added == 1 ? " was" : "s were", im->mailboxes,
		    im->mailboxes == 1 ? "" : "es", im->present, im->present == 1 ? "was" : "were",
		    im->failed);
}

static void import_done(struct import *im)
{
	for (size_t i = 0; i < ITEMS; i++) {
		mime_digest_free(im->items[i].digester);
		buf_done(&im->items[i].body);
		buf_done(&im->items[i].keywords);
	}
	mem_free(im->items);
	buf_done(&im->path);
}

static void import_init(struct import *im)
{
	im->items = mem_array(ITEMS, sizeof *im->items);
	for (size_t i = 0; i < ITEMS; i++) {
		buf_init(&im->items[i].body, 2 * (size_t)FOLDER_MESSAGE_MAX);
		buf_init(&im->items[i].keywords, FOLDER_KEYWORDS_MAX * (MAIL_KEYWORD_MAX + 1));
	}
	buf_init(&im->path, MAIL_PATH_MAX);
}

static int import_tree(struct import *im, const char *into)
{
	int error = 0;
	for (; error == 0 && im->mailbox_at < im->tree.count; im->mailbox_at++) {
		im->source = &im->tree.mailboxes[im->mailbox_at];
		error = import_mailbox(im, into);
	}
	cli_progress_end();
	say_result(im);
	if (error && im->source)
		fprintf(stderr,
		    "postrider: the import has stopped; once the cause is mended, the same command goes on "
		    "where it was\n");
	return error;
}

static int run(struct import *im, const char *path, const char *into, enum folder_format format)
{
	if (im->cli->json)
		fputs("{\"failed\":[", stdout);
	int error = folder_tree_read(path, root_name(path), format, &im->tree, tree_problem, im);
	if (error) {
		if (im->cli->json)
			say_result(im);
		fprintf(stderr, "postrider: %s: %s\n", path,
		    error == -ENODATA ? "no Maildir, no mbox and no .eml files are here" : strerror(-error));
		return error == -EACCES ? EXIT_REFUSED : EXIT_NOTHING;
	}
	error = import_tree(im, into);
	folder_tree_done(&im->tree);
	int status = mailbox_client_problem(im->client.address, error);
	return status ? status : im->failed ? EXIT_DATA : 0;
}

int mailbox_import(struct cli *cli, struct directory_client *directory)
{
	const char *into = cli_value(cli, "--into"), *format_name = cli_value(cli, "--format");
	enum folder_format format =
	    format_name ? folder_format_by_name(view_from_string(format_name)) : FOLDER_UNKNOWN;
	struct import im = {.cli = cli};
	if (!cli_words(cli, 2, 2))
		return EXIT_USAGE;
	if (format_name && format == FOLDER_UNKNOWN)
		return cli_usage(cli, "--format takes maildir, mbox, mboxo or eml");
	int status = mailbox_client_open(cli, directory, cli->argv[0], &im.client);
	if (status)
		return status;
	import_init(&im);
	status = run(&im, cli->argv[1], into, format);
	import_done(&im);
	mailbox_client_close(&im.client);
	return status;
}
