/* See letter.h: signed first, then its address is looked up, then the upload. */
#include "process/letter.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/report_address.h"
#include "format/limits.h"
#include "format/path.h"
#include "mime/digest.h"
#include "process/signing.h"
#include "process/upload.h"

enum {
	LETTER_MAX = 48 << 20, /* octets: a report of the most rows has 4 MB */
	TARGETS_MAX = 100,     /* mailboxes that one address leads to */
	MEMORY_MAX = 256 * 1024
};

struct letter {
	const struct letter_way *way;
	struct buf text;
	struct arena arena;
	struct view address, key, domain, client;
	char id[RANDOM_ID_SIZE];
	void (*done)(void *arg, enum letter_end how);
	void *arg;
	struct signing *signing;
	struct upload upload;
	size_t uploaded;
	struct message_delivery *deliveries;
	size_t delivery_count;
	struct calls *asked;
	uint32_t request;
	struct loop_task task;
	enum letter_end how;
	bool ended;
};

static void end(struct letter *l, enum letter_end how)
{
	if (l->ended)
		return;
	l->ended = true;
	l->how = how;
	loop_task_schedule(&l->task);
}

static void on_end(void *arg)
{
	struct letter *l = arg;
	void (*done)(void *, enum letter_end) = l->done;
	void *to = l->arg;
	enum letter_end how = l->how;
	letter_free(l);
	done(to, how);
}

void letter_free(struct letter *l)
{
	if (l == NULL)
		return;
	loop_task_cancel(&l->task);
	if (l->request)
		calls_forget(l->asked, l->request);
	signing_free(l->signing);
	upload_end(&l->upload);
	buf_done(&l->text);
	arena_done(&l->arena);
	mem_free(l);
}

/* ---- delivery ---- */

static bool on_delivered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct letter *l = arg;
	struct message_delivered m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	l->request = 0;
	const struct message_delivery_result *results = frame ? m.results.items : NULL;
	int error = results && m.results.count > 0 ? (int)results[0].error : -EAGAIN;
	end(l, error == 0 ? LETTER_SENT : error == -ENOENT ? LETTER_NEVER : LETTER_LATER);
	return true;
}

static void deliver(struct letter *l)
{
	struct mime_digest *mime = mime_digest_new();
	struct message_digest digest;
	mime_digest_feed(mime, buf_view(&l->text));
	mime_digest_end(mime, &digest);
	struct message_deliver m = {.session = view_from_string(l->id),
	    .summary = digest.summary,
	    .trailer = digest.trailer,
	    .received_at = (uint64_t)clock_wall(),
	    .message_id_hash = digest.message_id_hash,
	    .id = view_from_string(l->id),
	    .client = l->client,
	    .message_id = digest.message_id,
	    .terms = {.body = SMTP_7BIT},
	    .deliveries = {.items = l->deliveries, .count = l->delivery_count},
	    .is_report = l->deliveries[0].account != 0 &&
	                 report_address_is(l->way->process->settings.report_addresses, l->address),
	    .author = l->domain};
	l->asked = l->way->store;
	l->request = upload_deliver(&l->upload, &m, on_delivered, l);
	if (l->request == 0)
		end(l, LETTER_LATER);
	mime_digest_free(mime);
}

static void upload_more(void *arg)
{
	struct letter *l = arg;
	struct view text = buf_view(&l->text);
	if (l->ended || l->request)
		return;
	while (l->uploaded < text.len) {
		struct view piece = view_take(view_skip(text, l->uploaded), UPLOAD_PIECE);
		l->uploaded += piece.len;
		if (!upload_append(&l->upload, piece) && l->uploaded < text.len)
			return;
	}
	deliver(l);
}

/* ---- whereto ---- */

static struct view domain_of(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
}

static bool add_remote(struct letter *l, struct view address)
{
	struct message_delivery *d = &l->deliveries[l->delivery_count];
	struct buf destination;
	buf_init(&destination, DOMAIN_MAX + 2);
	*d = (struct message_delivery){.kind = DELIVER_REMOTE, .notify = NOTIFY_NEVER};
	bool good = domain_normalize(domain_of(address), &destination) == 0 &&
	            arena_copy(&l->arena, address, &d->address) &&
	            arena_copy(&l->arena, buf_view(&destination), &d->destination);
	buf_done(&destination);
	l->delivery_count += good;
	return good;
}

static bool add_mailbox(struct letter *l, const struct message_target *t)
{
	struct message_delivery *d = &l->deliveries[l->delivery_count];
	struct buf prefix;
	buf_init(&prefix, QUEUE_PREFIX_MAX);
	buf_printf(&prefix, "Return-Path: <>\r\nDelivered-To: %.*s\r\n", VIEW_FMT(t->address));
	*d =
	    (struct message_delivery){.kind = DELIVER_MAILBOX, .notify = NOTIFY_NEVER, .account = t->account};
	bool good = !buf_failed(&prefix) && arena_copy(&l->arena, t->mailbox, &d->mailbox) &&
	            arena_copy(&l->arena, t->address, &d->address) &&
	            arena_copy(&l->arena, buf_view(&prefix), &d->prefix);
	d->reached = d->address;
	buf_done(&prefix);
	l->delivery_count += good;
	return good;
}

static void go_to(struct letter *l, const struct message_target *targets, size_t count)
{
	l->deliveries = arena_array(&l->arena, count, sizeof *l->deliveries);
	bool good = l->deliveries != NULL;
	for (size_t i = 0; i < count && good; i++)
		good = targets[i].account ? add_mailbox(l, &targets[i]) : add_remote(l, targets[i].address);
	if (good)
		upload_more(l);
	else
		end(l, LETTER_NEVER);
}

static bool on_resolved(void *arg, struct link *link, struct channel_frame *frame)
{
	struct letter *l = arg;
	struct message_resolved m = {.verdict = RESOLVE_TEMPORARY};
	if (frame && !link_decode(link, frame, &m))
		return false;
	l->request = 0;
	struct message_target elsewhere = {.address = l->address};
	if (m.verdict == RESOLVE_NOT_OURS)
		go_to(l, &elsewhere, 1);
	else if (m.verdict == RESOLVE_LOCAL && m.targets.count > 0 && m.targets.count <= TARGETS_MAX)
		go_to(l, m.targets.items, m.targets.count);
	else
		end(l, m.verdict == RESOLVE_TEMPORARY ? LETTER_LATER : LETTER_NEVER);
	return true;
}

static void resolve(struct letter *l)
{
	struct path path;
	struct buf key;
	buf_init(&key, ADDRESS_KEY_MAX);
	bool good = mailbox_parse(l->address, &l->arena, &path) == 0 && path_key(&path, &key) == 0;
	if (good) {
		struct message_resolve m = {.address = buf_view(&key)};
		l->asked = l->way->auth;
		l->request = calls_ask(l->way->auth, MESSAGE_RESOLVE, &m, on_resolved, l);
	}
	buf_done(&key);
	if (l->request == 0)
		end(l, good ? LETTER_LATER : LETTER_NEVER);
}

/* ---- the signature ---- */

/* Without a key for the domain the report goes unsigned: whoever reads it decides what it is worth. */
static void signed_or_not(void *arg, int error)
{
	struct letter *l = arg;
	struct buf whole;
	if (error && error != -ENOENT && error != -EINVAL && error != -E2BIG) {
		end(l, LETTER_LATER);
		return;
	}
	if (error == 0) {
		buf_init(&whole, LETTER_MAX + SIGNING_FIELDS_MAX);
		buf_append(&whole, signing_fields(l->signing));
		buf_append(&whole, buf_view(&l->text));
		buf_done(&l->text);
		l->text = whole;
		if (buf_failed(&l->text)) {
			end(l, LETTER_LATER);
			return;
		}
	}
	resolve(l);
}

struct letter *letter_send(const struct letter_request *r)
{
	struct letter *l = mem_alloc(sizeof *l);
	*l = (struct letter){.way = r->way, .done = r->done, .arg = r->arg};
	snprintf(l->id, sizeof l->id, "%s", r->id);
	arena_init(&l->arena, MEMORY_MAX);
	buf_init(&l->text, LETTER_MAX);
	upload_init(&l->upload, l->way->store, upload_more, l);
	loop_task_init(&l->task, &l->way->process->loop, on_end, l);
	if (!arena_copy(&l->arena, r->address, &l->address) ||
	    !arena_copy(&l->arena, r->domain, &l->domain) || !arena_copy(&l->arena, r->client, &l->client) ||
	    buf_append(&l->text, r->text) != 0) {
		end(l, LETTER_LATER);
		return l;
	}
	l->signing = signing_new(l->way->keys, &l->way->process->loop, signed_or_not, l);
	signing_domain(l->signing, l->domain, (struct view){0}, true);
	signing_bytes(l->signing, buf_view(&l->text));
	signing_end(l->signing);
	return l;
}
