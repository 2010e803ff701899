/*
 * What becomes of a transaction's message: mailboxes, what the queue keeps, and the body on its way to store
 * (upload.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mem.h"
#include "mime/trailer.h"
#include "role/smtp/smtp_connection.h"
#include "role/smtp/smtp_report_address.h"

/* There is room for more of the body; or store is gone, and the rest is read and dropped. */
static void on_ready(void *arg)
{
	smtp_hooks_store_ready(arg);
}

void smtp_upload_init(struct smtp_connection *c)
{
	upload_init(&c->upload.body, &smtp_role.store, on_ready, c);
}

static struct view destination_of(struct view address)
{
	for (size_t i = address.len; i > 0; i--)
		if (address.data[i - 1] == '@')
			return view_skip(address, i);
	return (struct view){0};
}

/* The recipient's own path is as the client wrote it; what it was made into is normal already. */
static struct view destination_of_target(const struct smtp_recipient *r, struct view address)
{
	return destination_of(view_equal(address, r->path) ? r->address : address);
}

enum { OUTGOING_MAX = 4 << 20 }; /* 1,000 targets with prefixes as long as addresses can make them */

static const char prefix_form[] = "Return-Path: <%.*s>\r\nDelivered-To: %.*s\r\n";
enum { PREFIX_WORDS = sizeof prefix_form - 1 - 8 /* without the two "%.*s" */ };

/* As put_targets makes them: see message_delivery. */
size_t smtp_upload_bytes(const struct smtp_connection *c, const struct smtp_recipient *recipient,
    const struct codec_list *targets, struct view forwarder)
{
	enum { FIELDS = 4 * 8 + 7 * 4 }; /* four numbers; the lengths of seven texts */
	size_t named = FIELDS + recipient->path.len + recipient->orcpt.len;
	size_t sender = smtp_envelope(c->session)->terms.sender.len;
	size_t bytes = targets->count > 1 ? named : 0; /* that it became several is told as well */
	for (size_t i = 0; i < targets->count; i++) {
		const struct message_target *t = (const struct message_target *)targets->items + i;
		if (t->account == 0)
			bytes += FIELDS + t->address.len + recipient->orcpt.len +
			         destination_of_target(recipient, t->address).len;
		else
			bytes += named + t->mailbox.len + PREFIX_WORDS + sender + t->address.len;
		bytes += forwarder.len;
	}
	return bytes;
}

void smtp_upload_add(struct smtp_connection *c, size_t number, const struct smtp_recipient *recipient,
    const struct codec_list *targets, struct view forwarder)
{
	c->upload.bytes += smtp_upload_bytes(c, recipient, targets, forwarder);
	for (size_t i = 0; i < targets->count; i++) {
		const struct message_target *target = (const struct message_target *)targets->items + i;
		if (c->upload.count == c->upload.room) {
			c->upload.room = c->upload.room ? c->upload.room * 2 : 4;
			c->upload.targets =
			    mem_resize(c->upload.targets, c->upload.room * sizeof *c->upload.targets);
		}
		c->upload.targets[c->upload.count++] = (struct smtp_target){.recipient = number,
		    .account = target->account,
		    .mailbox = mem_string(target->mailbox),
		    .address = mem_string(target->address),
		    .forwarder = forwarder.len > 0 ? mem_string(forwarder) : NULL};
	}
}

bool smtp_upload_body(struct smtp_connection *c, struct view bytes)
{
	c->upload.body.binary = smtp_envelope(c->session)->terms.body == SMTP_BINARYMIME;
	return upload_append(&c->upload.body, bytes);
}

/* ---- the delivery ---- */

static const char *result_word(int result)
{
	static const struct {
		int error;
		const char *word;
	} words[] = {{0, "kept"}, {-EDQUOT, "mailbox full"}, {-ENOSPC, "disk full"},
	    {-EROFS, "store read-only"}, {-EPERM, "refused by its rules"}, {-ENOENT, "mailbox gone"},
	    {-EACCES, "account disabled"}, {-EAGAIN, "store away"}};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (words[i].error == result)
			return words[i].word;
	return "failed";
}

static void tell_result(const struct smtp_connection *c, struct view recipient, int result)
{
	const struct edge_client *client = &c->edge.client;
	enum log_level level = result ? LOG_WARNING : LOG_INFO;
	const struct log_field fields[] = {log_string("client", client->text),
	    log_string("message", c->upload.message_id),
	    log_text("sender", smtp_envelope(c->session)->terms.sender), log_text("recipient", recipient),
	    log_string("result", result_word(result)), {.key = NULL}};
	/* Users and hosts that are trusted are told of completely, however much they send. */
	bool known = c->account || c->local.may_send ||
	             network_contains(smtp_role.edge.process->settings.trusted_networks, &client->address);
	log_fields(level, c->edge.id, result ? "smtp-not-kept" : "smtp-kept", fields,
	    known && !result ? LOG_COMPLETE : LOG_OF_MESSAGE);
}

static bool is_dropped(const struct smtp_connection *c, const struct smtp_target *t)
{
	return smtp_envelope(c->session)->recipients[t->recipient].dropped;
}

static struct message_delivery_result result_of(const struct message_delivered *m, size_t number)
{
	const struct message_delivery_result *results = m->results.items;
	return number < m->results.count ? results[number] : (struct message_delivery_result){.error = -EIO};
}

/* Each target has the result of its place; a recipient's is the worst of all of its targets. */
static void report(struct smtp_connection *c, const struct message_delivered *m, int error)
{
	size_t count = smtp_envelope(c->session)->count, number = 0;
	int *results = mem_array(count, sizeof *results);
	struct view *texts = mem_array(count, sizeof *texts);
	for (size_t i = 0; i < count; i++)
		results[i] = error;
	for (size_t i = 0; m && i < c->upload.count; i++) {
		const struct smtp_target *t = &c->upload.targets[i];
		if (is_dropped(c, t))
			continue;
		struct message_delivery_result result = result_of(m, number++);
		if (result.error) {
			results[t->recipient] = (int)result.error;
			texts[t->recipient] = result.text;
		}
	}
	const struct smtp_envelope *envelope = smtp_envelope(c->session);
	for (size_t i = 0; i < count; i++)
		if (!envelope->recipients[i].dropped)
			tell_result(c, envelope->recipients[i].path, results[i]);
	c->messages++;
	smtp_delivered(c->session, results, texts, count, view_from_string(c->upload.message_id));
	mem_free(texts);
	mem_free(results);
	smtp_connection_continue(c);
}

static void count(const struct smtp_connection *c, const struct message_delivered *m)
{
	enum service service = c->edge.client.service;
	bool kept = false;
	for (size_t i = 0; i < m->results.count; i++)
		kept = kept || result_of(m, i).error == 0;
	metric_took(METRIC_DELIVERY_SECONDS, clock_monotonic_ms() - c->upload.asked);
	if (kept)
		metric_add(METRIC_MESSAGES_IN,
		    service == SERVICE_SMTP   ? METRIC_BY_SMTP
		    : service == SERVICE_LMTP ? METRIC_BY_LMTP
		                              : METRIC_BY_SUBMISSION,
		    1);
}

static bool on_delivered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_delivered m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	c->upload.request = 0;
	if (frame)
		count(c, &m);
	report(c, frame ? &m : NULL, frame ? 0 : -EAGAIN);
	return true;
}

/* ---- what becomes of each target ---- */

static unsigned notify_bits(struct view notify)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {{"NEVER", NOTIFY_NEVER}, {"SUCCESS", NOTIFY_SUCCESS}, {"FAILURE", NOTIFY_FAILURE},
	    {"DELAY", NOTIFY_DELAY}};
	struct view part;
	unsigned bits = 0;
	while (notify.len > 0 && view_next(&notify, ',', &part))
		for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
			if (view_equal_nocase(part, view_from_string(words[i].word)))
				bits |= words[i].bit;
	return bits;
}

/* The deliveries of a message, one for each target and in their order; behind them what has been expanded. */
struct outgoing {
	struct arena arena;
	struct message_delivery *items;
	size_t count;
};

/*
 * What stands before the message in a mailbox: RFC 5321 section 4.4 (Return-Path), and the address it came
 * for.
 */
static bool write_prefix(struct arena *arena, const struct smtp_envelope *envelope,
    const struct smtp_target *t, struct view *prefix)
{
	size_t size = PREFIX_WORDS + envelope->terms.sender.len + strlen(t->address) + 1;
	char *text = arena_alloc(arena, size);
	if (text == NULL)
		return false;
	int len = snprintf(text, size, prefix_form, VIEW_FMT(envelope->terms.sender),
	    VIEW_FMT(view_from_string(t->address)));
	*prefix = view_of(text, (size_t)len);
	return true;
}

/* Targets of one recipient stand side by side: an address that became several has been expanded. */
static bool is_expanded(const struct smtp_connection *c, size_t i)
{
	const struct smtp_target *t = c->upload.targets;
	return (i > 0 && t[i - 1].recipient == t[i].recipient) ||
	       (i + 1 < c->upload.count && t[i + 1].recipient == t[i].recipient);
}

/* Its sender hears that once, and of none of the several (RFC 3461 section 5.2.7.3). */
static unsigned notify_of(const struct smtp_recipient *r, bool expanded)
{
	unsigned notify = notify_bits(r->notify);
	if (!expanded || !(notify & NOTIFY_SUCCESS))
		return notify;
	unsigned rest = notify & ~(unsigned)NOTIFY_SUCCESS;
	return rest ? rest : NOTIFY_NEVER;
}

/*
 * A mailbox is delivered to at once, unless the message is to be held or goes to many. What leaves this
 * server goes into the queue.
 */
static enum message_delivery_kind kind_of_target(
    const struct smtp_connection *c, const struct smtp_envelope *envelope, const struct smtp_target *t)
{
	if (t->account == 0)
		return DELIVER_REMOTE;
	bool many = c->upload.count > SMTP_TARGETS_AT_ONCE;
	return envelope->terms.hold_until || many ? DELIVER_LATER : DELIVER_MAILBOX;
}

/*
 * With several mailboxes and one reply, those that have room must not get it twice because one has none:
 * RCPT was its chance. That one recipient of LMTP became several is no different.
 */
static bool has_own_reply(const struct smtp_connection *c, size_t i)
{
	return c->edge.client.service == SERVICE_LMTP ? !is_expanded(c, i) : c->upload.count == 1;
}

static bool put_target(
    const struct smtp_connection *c, const struct smtp_envelope *envelope, size_t i, struct outgoing *o)
{
	const struct smtp_target *t = &c->upload.targets[i];
	const struct smtp_recipient *r = &envelope->recipients[t->recipient];
	struct message_delivery *d = &o->items[o->count++];
	*d = (struct message_delivery){.kind = kind_of_target(c, envelope, t),
	    .account = t->account,
	    .address = t->account ? r->path : view_from_string(t->address),
	    .orcpt = r->orcpt,
	    .notify = notify_of(r, is_expanded(c, i)),
	    .forwarder = view_from_string(t->forwarder)};
	if (d->kind == DELIVER_REMOTE) {
		d->destination = destination_of_target(r, d->address);
		return true;
	}
	bool junk = c->message.junk && c->message.junk[t->recipient];
	d->mailbox = junk ? VIEW("\\Junk") : view_from_string(t->mailbox);
	d->enforce_quota = has_own_reply(c, i);
	if (d->kind == DELIVER_MAILBOX)
		d->reached = view_from_string(t->address);
	return write_prefix(&o->arena, envelope, t, &d->prefix);
}

static void put_expanded(const struct smtp_recipient *r, struct outgoing *o)
{
	o->items[o->count++] = (struct message_delivery){
	    .kind = DELIVER_EXPANDED, .address = r->path, .orcpt = r->orcpt, .notify = NOTIFY_SUCCESS};
}

static bool put_targets(
    const struct smtp_connection *c, const struct smtp_envelope *envelope, struct outgoing *o)
{
	const struct smtp_target *t = c->upload.targets;
	o->items = arena_array(&o->arena, 2 * c->upload.count, sizeof *o->items);
	if (o->items == NULL)
		return false;
	for (size_t i = 0; i < c->upload.count; i++)
		if (!is_dropped(c, &t[i]) && !put_target(c, envelope, i, o))
			return false;
	for (size_t i = 0; i < c->upload.count; i++) {
		const struct smtp_recipient *r = &envelope->recipients[t[i].recipient];
		bool first = i == 0 || t[i - 1].recipient != t[i].recipient;
		if (first && is_expanded(c, i) && !r->dropped && !envelope->sender_is_null &&
		    (notify_bits(r->notify) & NOTIFY_SUCCESS))
			put_expanded(r, o);
	}
	return true;
}

/* What stands behind the message: what its digest knows, and who sent it. Where both find no room together,
 * the digest comes first. */
static struct view trailer_of(
    const struct smtp_connection *c, const struct message_digest *digest, struct buf *room)
{
	if (c->message.results.len == 0)
		return digest->trailer;
	buf_append(room, digest->trailer);
	trailer_append(room, TRAILER_SENDER, buf_view(&c->message.results));
	return buf_view(room);
}

void smtp_upload_deliver(void *arg, const struct smtp_envelope *envelope, const struct message_digest *digest)
{
	struct smtp_connection *c = arg;
	struct outgoing o = {.count = 0};
	struct buf trailer;
	bool many = c->upload.count > SMTP_TARGETS_AT_ONCE;
	arena_init(&o.arena, OUTGOING_MAX);
	buf_init(&trailer, TRAILER_MAX);
	random_id(c->upload.message_id);
	bool good = put_targets(c, envelope, &o);
	struct message_deliver m = {
	    .session = view_from_string(c->edge.id),
	    .refused = c->refused,
	    .summary = digest->summary,
	    .trailer = trailer_of(c, digest, &trailer),
	    .received_at = (uint64_t)clock_wall(),
	    .message_id_hash = digest->message_id_hash,
	    .references = {.items = (void *)digest->references, .count = digest->reference_count},
	    /* SMTP has one reply for all: a client that is told to come again must not have delivered to some
	       already. */
	    .all_or_none = c->edge.client.service != SERVICE_LMTP,
	    .id = view_from_string(c->upload.message_id),
	    .terms = envelope->terms,
	    .client = view_from_string(c->edge.client.text),
	    .submitter = c->account,
	    .message_id = digest->message_id,
	    .list = c->message.list,
	    .list_counts = c->message.list_counts,
	    .headers = buf_view(&c->message.headers),
	    .head = c->message.head,
	    .signer = c->message.signer,
	    .deliveries = {.items = o.items, .count = o.count},
	    .is_report = smtp_report_is_among(envelope),
	    .author = buf_view(&c->message.author),
	};
	/* A frame holds the recipients or the message's last piece, not both. */
	if (many)
		upload_flush(&c->upload.body);
	c->upload.asked = clock_monotonic_ms();
	c->upload.request = good ? upload_deliver(&c->upload.body, &m, on_delivered, c) : 0;
	arena_done(&o.arena);
	buf_done(&trailer);
	if (c->upload.request == 0)
		report(c, NULL, -EAGAIN);
}

void smtp_upload_abandon(struct smtp_connection *c)
{
	upload_end(&c->upload.body);
	if (c->upload.request)
		calls_forget(&smtp_role.store, c->upload.request);
	for (size_t i = 0; i < c->upload.count; i++) {
		mem_free(c->upload.targets[i].mailbox);
		mem_free(c->upload.targets[i].address);
		mem_free(c->upload.targets[i].forwarder);
	}
	mem_free(c->upload.targets);
	c->upload.targets = NULL;
	c->upload.count = c->upload.room = 0;
	c->upload.bytes = 0;
	c->upload.request = 0;
}
