/*
 * Where the mail for a sender goes: to mailboxes here as the directory says it; for a sender elsewhere, into
 * the queue; for one that is an address we gave to a forwarded message, to the true sender behind it. One
 * that leads nowhere cannot be told anything.
 */
#include "role/relay/notify/relay_notify_private.h"

#include <errno.h>

#include "format/limits.h"
#include "format/path.h"
#include "trust/route/srs.h"

static struct view domain_of(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
}

/* An invalid address can never be told: give up. Out of memory: try again later. */
static void end_with(struct relay_notice *n, int error, const char *reason)
{
	bool for_ever = error == -EINVAL || error == -ENAMETOOLONG;
	n->resolving->failed(
	    n, for_ever ? NOTICE_UNTELLABLE : NOTICE_TROUBLE, for_ever ? reason : "no memory");
}

static int copy(struct relay_notice *n, struct view text, struct view *out)
{
	return arena_copy(&n->arena, text, out) ? 0 : -ENOMEM;
}

static int print(
    struct relay_notice *n, struct view *out, const char *before, struct view text, const char *after)
{
	struct buf b;
	buf_init(&b, QUEUE_PREFIX_MAX);
	buf_append_string(&b, before);
	buf_append(&b, text);
	buf_append_string(&b, after);
	int error = buf_failed(&b) ? -ENOMEM : copy(n, buf_view(&b), out);
	buf_done(&b);
	return error;
}

/* ---- what it becomes ---- */

/*
 * RFC 3461 section 6: nobody is told of a report. forwarder: the address here that led out, or empty.
 */
static int add_remote(struct relay_notice *n, struct view address, struct view forwarder)
{
	struct message_delivery *r = &n->deliveries[n->delivery_count];
	struct buf destination;
	buf_init(&destination, QUEUE_NAME_MAX);
	*r =
	    (struct message_delivery){.kind = DELIVER_REMOTE, .notify = NOTIFY_NEVER, .forwarder = forwarder};
	int error = domain_normalize(domain_of(address), &destination);
	if (error == 0)
		error = copy(n, address, &r->address);
	if (error == 0)
		error = copy(n, buf_view(&destination), &r->destination);
	buf_done(&destination);
	n->delivery_count += error == 0;
	n->remote = n->remote || error == 0;
	return error;
}

/* Those of a list that is larger than one commit delivers to go by the queue, as store takes it
 * (smtp_upload.c). */
static int add_mailbox(struct relay_notice *n, const struct message_target *t, bool many)
{
	struct message_delivery *r = &n->deliveries[n->delivery_count];
	*r = (struct message_delivery){
	    .kind = many ? DELIVER_LATER : DELIVER_MAILBOX, .notify = NOTIFY_NEVER, .account = t->account};
	int error = copy(n, t->mailbox, &r->mailbox);
	if (error == 0)
		error = copy(n, t->address, &r->address);
	if (error == 0)
		error = print(n, &r->prefix, "Return-Path: <>\r\nDelivered-To: ", t->address, "\r\n");
	r->reached = r->address;
	n->delivery_count += error == 0;
	return error;
}

static int add_target(struct relay_notice *n, const struct message_target *t, bool many)
{
	if (t->account == 0)
		return add_remote(n, t->address, n->key);
	return add_mailbox(n, t, many);
}

/* The postmaster of a domain of ours that the reader has to do with: such an address exists. */
static int choose_postmaster(struct relay_notice *n, bool local)
{
	struct view domain = local ? domain_of(n->key) : (struct view){0};
	const struct message_queue_recipient *r = n->news->m.recipients.items;
	for (size_t i = 0; i < n->news->m.recipients.count && domain.len == 0; i++)
		domain = domain_of(r[i].forwarder);
	if (domain.len == 0)
		domain = relay_role.process->settings.hostname;
	return print(n, &n->postmaster, "postmaster@", domain, "");
}

/* ---- questions ---- */

static void ask_directory(struct relay_notice *n);

static void go_elsewhere(struct relay_notice *n, struct view address)
{
	n->deliveries = arena_array(&n->arena, 1, sizeof *n->deliveries);
	int error = n->deliveries ? choose_postmaster(n, false) : -ENOMEM;
	if (error == 0)
		error = add_remote(n, address, (struct view){0});
	if (error)
		end_with(n, error, "the sender's domain is not a valid domain");
	else
		n->resolving->found(n);
}

static void go_to_mailboxes(struct relay_notice *n, const struct codec_list *targets)
{
	const struct message_target *t = targets->items;
	n->deliveries = arena_array(&n->arena, targets->count, sizeof *n->deliveries);
	int error = n->deliveries ? choose_postmaster(n, true) : -ENOMEM;
	for (size_t i = 0; i < targets->count && error == 0; i++)
		error = add_target(n, &t[i], targets->count > NOTIFY_MAILBOXES_AT_ONCE);
	if (error)
		end_with(n, error, "the sender's address leads to an invalid address");
	else if (targets->count == 0)
		n->resolving->failed(n, NOTICE_LATER, "the sender's address leads nowhere");
	else
		n->resolving->found(n);
}

static bool on_true_sender(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_notice *n = arg;
	struct message_srs_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	n->request = 0;
	if (frame == NULL)
		n->resolving->failed(n, NOTICE_TROUBLE, "keys does not answer");
	else if (m.error == 0)
		go_elsewhere(n, m.address);
	else {
		n->forged = true;
		ask_directory(n); /* again, and what it says counts now: a catch-all may take it */
	}
	return true;
}

static void ask(
    struct relay_notice *n, struct calls *calls, unsigned type, const void *m, call_answered answered)
{
	n->asked = calls;
	n->request = calls_ask(calls, type, m, answered, n);
	if (n->request == 0)
		n->resolving->failed(n, NOTICE_TROUBLE, "another part of this server is away");
}

/* Before a mailbox, even one that takes everything. False: it is none of these addresses. */
static bool ask_true_sender(struct relay_notice *n)
{
	struct view local = view_take(n->sender, n->sender.len - domain_of(n->sender).len - 1);
	if (n->forged || !srs_is(local))
		return false;
	struct message_srs m = {.operation = SRS_REVERSE, .address = local};
	ask(n, &relay_role.keys, MESSAGE_SRS, &m, on_true_sender);
	return true;
}

static bool on_resolved(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_notice *n = arg;
	struct message_resolved m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	n->request = 0;
	if (frame == NULL)
		n->resolving->failed(n, NOTICE_TROUBLE, "auth does not answer");
	else if ((m.verdict == RESOLVE_LOCAL || m.verdict == RESOLVE_UNKNOWN_USER) && ask_true_sender(n))
		return true;
	else if (m.verdict == RESOLVE_LOCAL)
		go_to_mailboxes(n, &m.targets);
	else if (m.verdict == RESOLVE_NOT_OURS)
		go_elsewhere(n, n->sender);
	else if (m.verdict == RESOLVE_DISABLED)
		n->resolving->failed(n, NOTICE_UNTELLABLE, "the sender's mailbox is disabled");
	else if (m.verdict == RESOLVE_LOOP || m.verdict == RESOLVE_TOO_MANY)
		n->resolving->failed(
		    n, NOTICE_UNTELLABLE, "the sender's aliases lead in a circle, or to too many mailboxes");
	else if (m.verdict != RESOLVE_UNKNOWN_USER)
		n->resolving->failed(n, NOTICE_LATER, "the sender's address cannot be looked up now");
	else
		n->resolving->failed(n, NOTICE_UNTELLABLE,
		    n->forged ? "the sender was not rewritten by this server, or too long ago"
		              : "the sender does not exist here");
	return true;
}

static void ask_directory(struct relay_notice *n)
{
	ask(n, &relay_role.auth, MESSAGE_RESOLVE, &(struct message_resolve){.address = n->key}, on_resolved);
}

void relay_notice_resolve(struct relay_notice *n, const struct relay_resolve_functions *functions)
{
	struct path path;
	struct buf key;
	n->resolving = functions;
	buf_init(&key, ADDRESS_KEY_MAX);
	int error = mailbox_parse(n->sender, &n->arena, &path);
	if (error == 0)
		error = path_key(&path, &key);
	if (error == 0)
		error = copy(n, buf_view(&key), &n->key);
	buf_done(&key);
	if (error)
		end_with(n, error, "the sender's address is not a valid address");
	else
		ask_directory(n);
}
