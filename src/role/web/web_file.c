/*
 * Files behind links, for whoever has a URL. Nobody is signed in, and no cookie is looked at: each request
 * gets a channel of its own by what the URL says, which reads this one file and ends with the request. A look
 * at the page is no download; what was taken to the file's end is, and is counted behind the answer. Whatever
 * somebody has put there, a browser shall not run it in our name: it is an attachment of no type, in a
 * sandbox.
 */
#include "role/web/web_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "edge/account_client.h"
#include "http/http_conditions.h"
#include "http/http_url.h"
#include "role/web/web_edge.h"
#include "role/web/web_file_page.h"
#include "role/web/web_octets.h"
#include "role/web/web_origin.h"

enum { WAITING_MAX = 2 * MAIL_PIECE_MAX, PATH_MAX_OCTETS = 16 + FILE_LINK_PATH_MAX + 3 * FILE_LINK_NAME_MAX };

/* Questions on the channel. */
enum { LOOK = 1, READ, TAKEN };

struct web_file {
	struct web_exchange *e; /* NULL: it is over; a download is still being counted */
	uint32_t asked;         /* of auth; 0: nothing */
	struct account_client client;
	bool open, page, has_ended;
	struct view text; /* what the URL has of the link */
	uint32_t number;  /* known behind LOOK, like the next two */
	char *owner, *name;
	char etag[64];
	struct web_octets octets;
	bool to_the_end;    /* the file's last octet is in the answer */
	struct buf waiting; /* octets that the client has not taken */
	struct loop_task end;
};

static void free_file(struct web_file *f)
{
	if (f->asked)
		calls_forget(&web_edge.auth, f->asked);
	if (f->open)
		account_client_close(&f->client);
	loop_task_cancel(&f->end);
	buf_done(&f->waiting);
	mem_free(f->owner);
	mem_free(f->name);
	mem_free(f);
}

static void end_later(void *arg)
{
	free_file(arg);
}

/* ---- octets ---- */

static void finish(struct web_file *f)
{
	if (f->has_ended && buf_view(&f->waiting).len == 0)
		http_exchange_end(f->e->x);
}

static void give(struct web_file *f)
{
	while (buf_view(&f->waiting).len > 0 && http_exchange_has_room(f->e->x)) {
		struct view piece = view_take(buf_view(&f->waiting), HTTP_PIECE_MAX);
		http_exchange_write(f->e->x, piece);
		buf_consume(&f->waiting, piece.len);
	}
	finish(f);
}

static void add_fields(struct web_file *f)
{
	struct http_exchange *x = f->e->x;
	http_exchange_add(x, "content-type", VIEW("application/octet-stream"));
	http_exchange_add(x, "content-security-policy", VIEW("sandbox; default-src 'none'"));
	http_exchange_add(x, "cache-control", VIEW("private, no-store"));
	http_exchange_add(x, "x-robots-tag", VIEW("noindex"));
	web_octets_name(f->e, view_from_string(f->name));
}

static void send_octets(struct web_file *f)
{
	struct web_octets *o = &f->octets;
	unsigned status = http_exchange_judge(f->e->x, o->etag);
	if (status) {
		http_exchange_add(f->e->x, "etag", o->etag);
		http_exchange_reply(f->e->x, status, (struct view){0}, (struct view){0});
		return;
	}
	if (web_octets_is_ranged(f->e, o->etag) && !web_octets_choose(f->e, o))
		return;
	if (!o->ranged)
		o->length = o->size;
	f->to_the_end = http_exchange_is(f->e->x, "GET") && o->first + o->length == o->size;
	add_fields(f);
	web_octets_begin(f->e, o);
	if (http_exchange_is(f->e->x, "HEAD"))
		http_exchange_end(f->e->x);
	else
		account_client_ask(
		    &f->client, READ, FILE_LINK_READ, &(struct file_link_read){o->first, o->length});
}

/* ---- what store says ---- */

static void show_page(struct web_file *f, const struct file_link_file *file)
{
	struct buf path;
	buf_init(&path, PATH_MAX_OCTETS);
	buf_printf(&path, "/file/%.*s/", VIEW_FMT(f->text));
	http_url_escape(&path, file->name);
	web_file_page(f->e, file, buf_view(&path));
	buf_done(&path);
}

static void take_file(struct web_file *f, const struct file_link_file *file)
{
	f->number = (uint32_t)file->number;
	f->owner = mem_string(file->owner);
	f->name = mem_string(file->name);
	/* What a link names never changes. */
	snprintf(f->etag, sizeof f->etag, "\"%" PRIx64 "-%" PRIx64 "\"", file->number, file->created);
	f->octets = (struct web_octets){.etag = view_from_string(f->etag), .size = file->size};
	if (f->page)
		show_page(f, file);
	else
		send_octets(f);
}

static void fail(struct web_file *f, int64_t error)
{
	if (error == -ENOENT && !http_exchange_has_begun(f->e->x))
		web_file_page_missing(f->e);
	else
		web_exchange_unavailable(f->e);
}

static void take_done(struct web_file *f, uint32_t request, const struct mail_done *done)
{
	if (done->error) {
		fail(f, done->error);
	} else if (request == READ) {
		f->has_ended = true;
		finish(f);
	}
}

static void on_answer(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct web_file *f = arg;
	if (f->e == NULL) {
		if (request == TAKEN && type == MAIL_DONE)
			loop_task_schedule(&f->end);
		return;
	}
	if (type == FILE_LINK_FILE && request == LOOK && f->name == NULL) {
		take_file(f, answer);
	} else if (type == MAIL_DATA && request == READ) {
		if (buf_append(&f->waiting, ((const struct mail_data *)answer)->bytes) == 0)
			give(f);
		else
			fail(f, -ENOMEM);
	} else if (type == MAIL_DONE) {
		take_done(f, request, answer);
	}
	web_exchange_touch(f->e);
}

static bool is_full(void *arg)
{
	const struct web_file *f = arg;
	return f->e && buf_view(&f->waiting).len > 0;
}

/* Store was restarted, or the link is no more. */
static void on_lost(void *arg)
{
	struct web_file *f = arg;
	f->open = false;
	if (f->e == NULL) {
		loop_task_schedule(&f->end);
		return;
	}
	web_exchange_unavailable(f->e);
	web_exchange_touch(f->e);
}

static const struct account_client_handler handler = {
    .answer = on_answer, .is_full = is_full, .lost = on_lost};

/* ---- what auth says ---- */

static bool granted(void *arg, struct link *link, struct channel_frame *frame)
{
	struct web_file *f = arg;
	struct message_sign_in_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	f->asked = 0;
	if (frame && m.why == SIGN_DONE && frame->fd >= 0) {
		account_client_init(&f->client, &handler, f, NULL);
		account_client_open(&f->client, web_edge.process, frame->fd);
		frame->fd = -1;
		f->open = true;
		account_client_ask(&f->client, LOOK, FILE_LINK_LOOK, &(struct file_link_look){0});
		return true;
	}
	if (frame && m.why == SIGN_MISSING)
		web_file_page_missing(f->e);
	else if (frame && m.why == SIGN_FULL)
		web_file_page_busy(f->e);
	else
		web_exchange_unavailable(f->e);
	web_exchange_touch(f->e);
	return true;
}

static uint32_t ask_auth(struct web_file *f)
{
	struct message_field field = {.value = f->text};
	const struct message_sign_in m = {.operation = SIGN_FILE,
	    .session = view_from_string(f->e->connection->edge.id),
	    .client = view_from_string(f->e->client),
	    .fields = {.items = &field, .count = 1}};
	return calls_ask(&web_edge.auth, MESSAGE_SIGN_IN, &m, granted, f);
}

/* ---- the request ---- */

static void begin(struct web_exchange *e)
{
	struct view text, rest = web_exchange_rest(e);
	struct file_link_ref ref;
	if (web_origin_is_code(e)) {
		web_exchange_refuse(e, 403, NULL, NULL, "This is no part of a page.");
		return;
	}
	bool page = view_find(rest, '/') < 0;
	if (!view_next(&rest, '/', &text) || !file_link_read(text, &ref)) {
		web_file_page_missing(e);
		return;
	}
	struct web_file *f = mem_alloc(sizeof *f);
	f->e = e;
	f->text = text;
	f->page = page;
	buf_init(&f->waiting, WAITING_MAX);
	loop_task_init(&f->end, &web_edge.process->loop, end_later, f);
	e->data = f;
	f->asked = ask_auth(f);
	if (f->asked == 0)
		web_exchange_unavailable(e);
}

static void room(struct web_exchange *e)
{
	struct web_file *f = e->data;
	if (f == NULL || !f->open || buf_view(&f->waiting).len == 0)
		return;
	give(f);
	if (buf_view(&f->waiting).len == 0)
		account_client_go_on(&f->client);
	web_exchange_touch(e);
}

static void note(const struct web_file *f)
{
	struct http_exchange *x = f->e->x;
	if (f->page || f->owner == NULL || !http_exchange_is(x, "GET"))
		return;
	log_event(LOG_INFO, f->e->connection->edge.id, "file-fetched", log_string("client", f->e->client),
	    log_string("address", f->owner), log_u64("number", f->number),
	    log_u64("status", http_exchange_answered(x)), log_u64("bytes", http_exchange_written(x)));
}

static void over(struct web_exchange *e, bool whole)
{
	struct web_file *f = e->data;
	if (f == NULL)
		return;
	note(f);
	if (!whole || !f->to_the_end || !f->open) {
		free_file(f);
		return;
	}
	f->e = NULL;
	account_client_ask(&f->client, TAKEN, FILE_LINK_TAKEN, &(struct file_link_taken){0});
	account_client_go_on(&f->client);
}

const struct web_route web_file_routes[] = {
    {"GET", "/file/*", 0, begin, NULL, room, over},
    {0},
};
