/*
 * Where a message's recipients' mail goes: into mailboxes here, over the queue so that rules and quotas are
 * heeded and told of as with any mail; or to other hosts. A recipient whose mail goes nowhere fails, and the
 * others get theirs.
 */
#include "role/relay/submit/relay_submit_private.h"

#include <string.h>

#include "dsn/dsn_explain.h"
#include "format/limits.h"
#include "format/path.h"

static void next(struct relay_submission *s);

static struct view domain_of(struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return at < 0 ? (struct view){0} : view_skip(address, (size_t)at + 1);
}

/* RFC 3461 section 5.2.7.3: that one became several is told once, and of none of these. */
static uint64_t notify_of(uint64_t notify, bool expanded)
{
	uint64_t rest = notify & ~(uint64_t)NOTIFY_SUCCESS;
	if (!expanded || !(notify & NOTIFY_SUCCESS))
		return notify;
	return rest ? rest : NOTIFY_NEVER;
}

static bool add_remote(struct relay_submission *s, const struct message_queue_recipient *r,
    struct view address, struct view forwarder, uint64_t notify)
{
	struct message_delivery *d = &s->deliveries[s->delivery_count];
	struct buf destination;
	buf_init(&destination, QUEUE_NAME_MAX);
	*d = (struct message_delivery){
	    .kind = DELIVER_REMOTE, .notify = notify, .orcpt = r->orcpt, .forwarder = forwarder};
	bool good = domain_normalize(domain_of(address), &destination) == 0 &&
	            arena_copy(&s->arena, address, &d->address) &&
	            arena_copy(&s->arena, buf_view(&destination), &d->destination);
	buf_done(&destination);
	s->remote = s->remote || good;
	return good;
}

static bool add_mailbox(struct relay_submission *s, const struct message_queue_recipient *r,
    const struct message_target *t, uint64_t notify)
{
	struct message_delivery *d = &s->deliveries[s->delivery_count];
	struct buf prefix;
	buf_init(&prefix, QUEUE_PREFIX_MAX);
	buf_printf(&prefix, "Return-Path: <%.*s>\r\nDelivered-To: %.*s\r\n", VIEW_FMT(s->m.terms.sender),
	    VIEW_FMT(t->address));
	*d = (struct message_delivery){.kind = DELIVER_LATER,
	    .account = t->account,
	    .notify = notify,
	    .address = r->address,
	    .orcpt = r->orcpt};
	bool good = !buf_failed(&prefix) && arena_copy(&s->arena, t->mailbox, &d->mailbox) &&
	            arena_copy(&s->arena, buf_view(&prefix), &d->prefix);
	buf_done(&prefix);
	return good;
}

static void add_targets(struct relay_submission *s, const struct message_queue_recipient *r,
    const struct message_target *t, size_t count, struct view forwarder)
{
	bool expanded = count > 1,
	     told = expanded && (r->notify & NOTIFY_SUCCESS) && s->m.terms.sender.len > 0;
	uint64_t notify = notify_of(r->notify, expanded);
	size_t before = s->delivery_count;
	if (s->delivery_count + count + 1 > SUBMIT_TARGETS_MAX) {
		relay_submission_fail(
		    s, s->recipient, TROUBLE_NO_MAILBOX, "the message goes to too many mailboxes");
		return;
	}
	for (size_t i = 0; i < count; i++, s->delivery_count++) {
		if (t[i].account ? add_mailbox(s, r, &t[i], notify)
		                 : add_remote(s, r, t[i].address, forwarder, notify))
			continue;
		s->delivery_count = before;
		relay_submission_fail(
		    s, s->recipient, TROUBLE_UNWRITABLE, trouble_phrase(TROUBLE_UNWRITABLE));
		return;
	}
	if (told)
		s->deliveries[s->delivery_count++] = (struct message_delivery){.kind = DELIVER_EXPANDED,
		    .address = r->address,
		    .orcpt = r->orcpt,
		    .notify = NOTIFY_SUCCESS};
}

static void take_verdict(struct relay_submission *s, const struct message_resolved *m)
{
	const struct message_queue_recipient *r = &relay_submission_recipients(s)[s->recipient];
	const struct message_target elsewhere = {.address = r->address};
	if (m->verdict == RESOLVE_NOT_OURS)
		add_targets(s, r, &elsewhere, 1, (struct view){0});
	else if (m->verdict == RESOLVE_LOCAL && m->targets.count > 0)
		add_targets(s, r, m->targets.items, m->targets.count, r->address);
	else if (m->verdict == RESOLVE_DISABLED)
		relay_submission_fail(s, s->recipient, TROUBLE_NO_MAILBOX, "the mailbox is disabled");
	else if (m->verdict == RESOLVE_LOOP || m->verdict == RESOLVE_TOO_MANY)
		relay_submission_fail(s, s->recipient, TROUBLE_NO_MAILBOX,
		    "the address leads in a circle, or to too many mailboxes");
	else
		relay_submission_fail(s, s->recipient, TROUBLE_NO_MAILBOX, "no such mailbox here");
}

static bool on_resolved(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_submission *s = arg;
	struct message_resolved m = {.verdict = RESOLVE_TEMPORARY};
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->request = 0;
	if (m.verdict == RESOLVE_TEMPORARY) {
		relay_submission_finish(s, SUBMISSION_TROUBLE, "addresses cannot be looked up now");
		return true;
	}
	take_verdict(s, &m);
	s->recipient++;
	next(s);
	return true;
}

/* One after the other; an address that none can be is no question. */
static void next(struct relay_submission *s)
{
	while (s->recipient < s->m.recipients.count) {
		const struct message_queue_recipient *r = &relay_submission_recipients(s)[s->recipient];
		struct path path;
		struct buf key;
		buf_init(&key, ADDRESS_KEY_MAX);
		bool good = mailbox_parse(r->address, &s->arena, &path) == 0 && path_key(&path, &key) == 0;
		s->utf8 = s->utf8 || (good && path.utf8);
		if (good) {
			struct message_resolve m = {.address = buf_view(&key)};
			relay_submission_ask(s, &relay_role.auth, MESSAGE_RESOLVE, &m, on_resolved);
		}
		buf_done(&key);
		if (good)
			return;
		relay_submission_fail(
		    s, s->recipient, TROUBLE_UNWRITABLE, trouble_phrase(TROUBLE_UNWRITABLE));
		s->recipient++;
	}
	s->found(s);
}

void relay_submission_resolve(struct relay_submission *s, void (*found)(struct relay_submission *s))
{
	s->found = found;
	s->deliveries = arena_array(&s->arena, SUBMIT_TARGETS_MAX, sizeof *s->deliveries);
	if (s->deliveries == NULL)
		relay_submission_finish(s, SUBMISSION_TROUBLE, "no memory");
	else
		next(s);
}
