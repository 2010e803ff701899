/*
 * What becomes of a transaction's message: mailboxes, what the queue keeps, and the body on its way to store
 * (upload.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/smtp/smtp_connection.h"

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

static const char prefix_form[] = "Return-Path: <%.*s>\r\nDelivered-To: %.*s\r\n";
enum { PREFIX_WORDS = sizeof prefix_form - 1 - 8 /* without the two "%.*s" */ };

/* As put_targets makes them: see message_delivery_recipient. */
size_t smtp_upload_bytes(const struct smtp_connection *c, const struct smtp_recipient *recipient,
    const struct codec_list *targets, struct view forwarder)
{
	enum { FIELDS = 3 * 8 + 6 * 4 }; /* three numbers; the lengths of six texts */
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

static void log_result(const struct smtp_connection *c, struct view recipient, int result)
{
	const struct edge_client *client = &c->edge.client;
	enum log_level level = result ? LOG_WARNING : LOG_INFO;
	const struct log_field fields[] = {log_string("client", client->text),
	    log_string("message", c->upload.message_id),
	    log_text("sender", smtp_envelope(c->session)->terms.sender), log_text("recipient", recipient),
	    log_i64("result", result), {.key = NULL}};
	/* Users and hosts that are trusted are told of completely, however much they send. */
	bool known = c->account ||
	             network_contains(smtp_role.edge.process->settings.trusted_networks, &client->address);
	log_fields(level, c->edge.id, result ? "smtp-not-kept" : "smtp-kept", fields,
	    known && !result ? LOG_COMPLETE : LOG_OF_MESSAGE);
}

/* What was delivered or queued belongs to recipients: a recipient's result is the worst of all of its. */
static void report(struct smtp_connection *c, const struct message_delivered *m, int error)
{
	size_t count = smtp_envelope(c->session)->count;
	int *results = mem_array(count, sizeof *results);
	for (size_t i = 0; i < count; i++)
		results[i] = error;
	for (size_t i = 0; m && i < c->upload.owner_count; i++) {
		int result = i < m->results.count
		                 ? (int)((const struct message_result *)m->results.items)[i].error
		                 : -EIO;
		if (result)
			results[c->upload.owners[i]] = result;
	}
	const struct smtp_envelope *envelope = smtp_envelope(c->session);
	for (size_t i = 0; i < count; i++)
		if (!envelope->recipients[i].dropped)
			log_result(c, envelope->recipients[i].path, results[i]);
	c->messages++;
	smtp_delivered(c->session, results, count, view_from_string(c->upload.message_id));
	mem_free(results);
	smtp_connection_continue(c);
}

static bool on_delivered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_delivered m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	c->upload.request = 0;
	report(c, frame ? &m : NULL, frame ? 0 : -EAGAIN);
	return true;
}

/* The prefix of the message in each mailbox: RFC 5321 section 4.4 (Return-Path), and the address it came
 * for. */
static void write_prefix(
    struct buf *out, const struct smtp_envelope *envelope, const struct smtp_target *target)
{
	buf_printf(
	    out, prefix_form, VIEW_FMT(envelope->terms.sender), VIEW_FMT(view_from_string(target->address)));
}

/* ---- what the queue keeps ---- */

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

/* What the targets of a delivery are made into, as store takes them. */
struct outgoing {
	struct message_delivery_target *mailboxes;
	struct message_delivery_recipient *recipients;
	struct buf *prefixes; /* one for each target */
	size_t mailbox_count, recipient_count;
	size_t *owners; /* the recipient of the dialogue that each result belongs to: mailboxes, then
	                   recipients */
};

static size_t targets_of(const struct smtp_connection *c, size_t recipient)
{
	size_t n = 0;
	for (size_t i = 0; i < c->upload.count; i++)
		n += c->upload.targets[i].recipient == recipient;
	return n;
}

/*
 * One target. A mailbox is delivered to at once, unless the message is to be held or goes to many, and its
 * sender told who asked for that. Mail that leaves this server goes into the queue. An address that became
 * several has been expanded: its sender hears that once, and of none of the several (RFC 3461 section
 * 5.2.7.3).
 */
static void put_target(const struct smtp_envelope *envelope, struct outgoing *o, const struct smtp_target *t,
    bool expanded, struct view prefix, bool many)
{
	const struct smtp_recipient *r = &envelope->recipients[t->recipient];
	unsigned notify = notify_bits(r->notify);
	struct message_delivery_recipient recipient = {
	    .address = t->account == 0 ? view_from_string(t->address) : r->path,
	    .orcpt = r->orcpt,
	    .notify = expanded && notify & NOTIFY_SUCCESS
	                  ? (notify & ~NOTIFY_SUCCESS ? notify & ~NOTIFY_SUCCESS : NOTIFY_NEVER)
	                  : notify,
	    .forwarder = view_from_string(t->forwarder),
	};
	if (t->account == 0) {
		recipient.kind = RECIPIENT_REMOTE;
		recipient.destination = destination_of_target(r, recipient.address);
	} else if (envelope->terms.hold_until || many) {
		recipient.kind = RECIPIENT_LOCAL;
		recipient.account = t->account;
		recipient.mailbox = view_from_string(t->mailbox);
		recipient.prefix = prefix;
	} else {
		o->owners[o->mailbox_count] = t->recipient;
		o->mailboxes[o->mailbox_count++] = (struct message_delivery_target){.account = t->account,
		    .mailbox = view_from_string(t->mailbox),
		    .prefix = prefix,
		    .address = view_from_string(t->address)};
		if (!(recipient.notify & NOTIFY_SUCCESS) || envelope->sender_is_null)
			return;
		recipient.kind = RECIPIENT_DELIVERED;
		recipient.account = t->account;
	}
	o->recipients[o->recipient_count++] = recipient;
}

static void put_targets(struct smtp_connection *c, const struct smtp_envelope *envelope, struct outgoing *o)
{
	size_t *recipient_owners = mem_array(c->upload.count + envelope->count, sizeof *recipient_owners);
	for (size_t i = 0; i < c->upload.count; i++) {
		const struct smtp_target *t = &c->upload.targets[i];
		size_t before = o->recipient_count;
		if (envelope->recipients[t->recipient].dropped)
			continue;
		buf_init(&o->prefixes[i], 4096);
		write_prefix(&o->prefixes[i], envelope, t);
		put_target(envelope, o, t, targets_of(c, t->recipient) > 1, buf_view(&o->prefixes[i]),
		    c->upload.count > SMTP_TARGETS_AT_ONCE);
		if (o->recipient_count > before)
			recipient_owners[before] = t->recipient;
	}
	for (size_t i = 0; i < envelope->count; i++) {
		const struct smtp_recipient *r = &envelope->recipients[i];
		if (r->dropped || envelope->sender_is_null || !(notify_bits(r->notify) & NOTIFY_SUCCESS) ||
		    targets_of(c, i) < 2)
			continue;
		recipient_owners[o->recipient_count] = i;
		o->recipients[o->recipient_count++] =
		    (struct message_delivery_recipient){.kind = RECIPIENT_EXPANDED,
		        .address = r->path,
		        .orcpt = r->orcpt,
		        .notify = NOTIFY_SUCCESS};
	}
	for (size_t i = 0; i < o->recipient_count; i++)
		o->owners[o->mailbox_count + i] = recipient_owners[i];
	mem_free(recipient_owners);
}

void smtp_upload_deliver(void *arg, const struct smtp_envelope *envelope, const struct message_digest *digest)
{
	struct smtp_connection *c = arg;
	size_t most = c->upload.count + envelope->count;
	struct outgoing o = {
	    .mailboxes = mem_array(c->upload.count, sizeof *o.mailboxes),
	    .recipients = mem_array(most, sizeof *o.recipients),
	    .prefixes = mem_array(c->upload.count, sizeof *o.prefixes),
	    .owners = mem_array(c->upload.count + most, sizeof *o.owners),
	};
	bool many = c->upload.count > SMTP_TARGETS_AT_ONCE;
	random_id(c->upload.message_id);
	put_targets(c, envelope, &o);
	struct message_deliver m = {
	    .session = view_from_string(c->edge.id),
	    .summary = digest->summary,
	    .trailer = digest->trailer,
	    .received_at = (uint64_t)clock_wall(),
	    .message_id_hash = digest->message_id_hash,
	    .references = {.items = (void *)digest->references, .count = digest->reference_count},
	    /* SMTP has one reply for all: a client that is told to come again must not have delivered to some
	       already. */
	    .all_or_none = c->edge.client.service != SERVICE_LMTP,
	    /* With several mailboxes and one reply, those that have room must not get it twice because one
	       has none: RCPT was its chance. */
	    .enforce_quota = c->edge.client.service == SERVICE_LMTP || c->upload.count == 1,
	    .id = view_from_string(c->upload.message_id),
	    .terms = envelope->terms,
	    .client = view_from_string(c->edge.client.text),
	    .submitter = c->account,
	    .message_id = digest->message_id,
	    .headers = buf_view(&c->message.headers),
	    .targets = {.items = o.mailboxes, .count = o.mailbox_count},
	    .recipients = {.items = o.recipients, .count = o.recipient_count},
	};
	/* A frame holds the recipients or the message's last piece, not both. */
	if (many)
		upload_flush(&c->upload.body);
	c->upload.request = upload_deliver(&c->upload.body, &m, on_delivered, c);
	for (size_t i = 0; i < c->upload.count; i++)
		buf_done(&o.prefixes[i]);
	mem_free(o.prefixes);
	mem_free(o.mailboxes);
	mem_free(o.recipients);
	mem_free(c->upload.owners);
	c->upload.owners = o.owners;
	c->upload.owner_count = o.mailbox_count + o.recipient_count;
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
	mem_free(c->upload.owners);
	c->upload.targets = NULL;
	c->upload.owners = NULL;
	c->upload.owner_count = 0;
	c->upload.count = c->upload.room = 0;
	c->upload.bytes = 0;
	c->upload.request = 0;
}
