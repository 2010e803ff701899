/*
 * RCPT: where a recipient's mail goes (RFC 5321 section 3.6.2). To mailboxes here, as auth resolves the
 * address; to another host, for a user who has logged in, for a domain that we are backup MX for, and where
 * an alias leads out of our domains; or back to the sender of a message that we forwarded, for a bounce.
 * Nothing else: this is no open relay.
 */
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/route.h"
#include "role/smtp/smtp_hooks.h"
#include "format/domain.h"
#include "trust/route/srs.h"

static bool keep_targets(struct smtp_connection *c, const struct message_target *from, size_t count)
{
	struct message_target *targets = arena_array(&c->check.arena, count, sizeof *targets);
	if (targets == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		targets[i].account = from[i].account;
		targets[i].limited = from[i].limited;
		if (!arena_copy(&c->check.arena, from[i].mailbox, &targets[i].mailbox) ||
		    !arena_copy(&c->check.arena, from[i].address, &targets[i].address))
			return false;
	}
	c->check.targets = (struct codec_list){.items = targets, .count = count};
	return true;
}

static struct view domain_of(struct view address)
{
	for (size_t i = address.len; i > 0; i--)
		if (address.data[i - 1] == '@')
			return view_skip(address, i);
	return (struct view){0};
}

static struct view local_of(struct view address)
{
	size_t domain = domain_of(address).len;
	return address.len > domain ? view_take(address, address.len - domain - 1) : address;
}

/* ---- other hosts ---- */

/* Whether we are backup MX for this recipient's domain; with a list, whether it names the recipient. */
static enum resolve_verdict relay_verdict(struct view address)
{
	for (size_t i = 0; i < smtp_role.relay_domain_count; i++) {
		const struct smtp_relay_domain *d = &smtp_role.relay_domains[i];
		if (route_match(view_from_string(d->domain), domain_of(address)) == 0)
			continue;
		return !d->listed || map_get(&d->recipients, address) ? RESOLVE_LOCAL : RESOLVE_UNKNOWN_USER;
	}
	return RESOLVE_NOT_OURS;
}

static enum resolve_verdict take_foreign(struct smtp_connection *c)
{
	const struct smtp_recipient *recipient = c->check.recipient;
	enum resolve_verdict verdict = c->account || c->local.may_send ? RESOLVE_LOCAL : RESOLVE_NOT_OURS;
	if (verdict != RESOLVE_LOCAL && c->edge.client.service != SERVICE_LMTP)
		verdict = relay_verdict(recipient->address);
	struct message_target target = {.address = recipient->path};
	c->check.direct = true;
	if (verdict == RESOLVE_LOCAL && !keep_targets(c, &target, 1))
		verdict = RESOLVE_TEMPORARY;
	return verdict;
}

/* ---- the answer ---- */

static struct view forwarder_of(const struct smtp_connection *c)
{
	return c->check.direct ? (struct view){0} : c->check.recipient->address;
}

/* Is there room for what this recipient leads to, in number and in the message to store, beside so much? */
static bool has_place(const struct smtp_connection *c, size_t count, size_t bytes)
{
	count += c->check.targets.count;
	bytes += smtp_upload_bytes(c, c->check.recipient, &c->check.targets, forwarder_of(c));
	return count <= SMTP_TARGETS_MAX && bytes <= SMTP_TARGETS_BYTES_MAX;
}

static void decide(struct smtp_connection *c, enum resolve_verdict verdict)
{
	static const struct smtp_verdict verdicts[] = {
	    [RESOLVE_UNKNOWN_USER] = {SMTP_PERMANENT, 550, "5.1.1", "there is no such mailbox here", false},
	    [RESOLVE_NOT_OURS] = {SMTP_PERMANENT, 550, "5.7.1", "this server does not relay to other domains",
	        false},
	    [RESOLVE_DISABLED] = {SMTP_PERMANENT, 550, "5.2.1", "this mailbox is disabled", false},
	    [RESOLVE_LOOP] = {SMTP_PERMANENT, 550, "5.4.6",
	        "the aliases behind this address lead in a circle, or are nested too deeply", false},
	    [RESOLVE_TOO_MANY] = {SMTP_PERMANENT, 550, "5.3.5",
	        "too many aliases stand behind this address, or they lead to too many mailboxes", false},
	    [RESOLVE_TEMPORARY] = {SMTP_TEMPORARY, 451, "4.3.0",
	        "the address cannot be looked up now, try again later", false},
	};
	static const struct smtp_verdict too_many = {.kind = SMTP_TEMPORARY,
	    .code = 452,
	    .enhanced = "4.5.3",
	    .text = "too many mailboxes for one message; send it again for this recipient"};
	if (verdict == RESOLVE_LOCAL && !has_place(c, 0, 0))
		verdict = RESOLVE_TOO_MANY;
	if (verdict == RESOLVE_LOCAL && !has_place(c, c->upload.count, c->upload.bytes))
		smtp_hooks_resume(c, HOOK_DECIDED, &too_many);
	else if (verdict == RESOLVE_LOCAL)
		smtp_hooks_resume(c, HOOK_ACCEPT, NULL);
	else
		smtp_hooks_resume(
		    c, HOOK_DECIDED, &verdicts[verdict <= RESOLVE_TOO_MANY ? verdict : RESOLVE_TEMPORARY]);
}

/* ---- bounces of forwarded mail ---- */

/* A bounce of a message that we forwarded comes to the sender that we gave it: it goes on to the true one. */
static bool may_be_bounce(const struct smtp_connection *c)
{
	return smtp_envelope(c->session)->sender_is_null && srs_is(local_of(c->check.recipient->path));
}

static bool keep_true_sender(struct smtp_connection *c, struct view sender)
{
	struct buf address;
	bool good = false;
	buf_init(&address, CHANNEL_FRAME_MAX);
	buf_printf(&address, "%.*s@", VIEW_FMT(local_of(sender)));
	if (domain_normalize(domain_of(sender), &address) == 0) {
		struct message_target target = {.address = buf_view(&address)};
		good = keep_targets(c, &target, 1);
	}
	buf_done(&address);
	return good;
}

/* An address that we did not rewrite stays what the directory said of it. */
static bool true_sender_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_srs_answer m;
	if (frame == NULL) {
		smtp_hooks_resume(c, HOOK_DECIDED, &smtp_unavailable);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	c->check.direct = m.error == 0 && keep_true_sender(c, m.address);
	decide(c, c->check.direct ? RESOLVE_LOCAL : c->check.resolved);
	return true;
}

static void ask_true_sender(struct smtp_connection *c)
{
	struct message_srs question = {
	    .operation = SRS_REVERSE, .address = local_of(c->check.recipient->path)};
	struct smtp_verdict verdict;
	if (smtp_hooks_ask(c, &smtp_role.edge.keys, MESSAGE_SRS, &question, true_sender_answered, &verdict) !=
	    HOOK_WAIT)
		smtp_hooks_resume(c, HOOK_DECIDED, &verdict);
}

/* Mail for a user of this machine, such as cron writes: it has no mailbox, and whoever answers for the server
 * reads it. */
static bool goes_to_postmaster(const struct smtp_connection *c, enum resolve_verdict verdict)
{
	return !c->check.for_postmaster && (verdict == RESOLVE_NOT_OURS || verdict == RESOLVE_UNKNOWN_USER) &&
	       smtp_local_is_here(c, domain_of(c->check.recipient->address));
}

static bool recipient_answered(void *arg, struct link *link, struct channel_frame *frame);

static void ask_postmaster(struct smtp_connection *c)
{
	struct message_resolve m = {.address = VIEW("postmaster")};
	struct smtp_verdict verdict;
	c->check.for_postmaster = true;
	if (smtp_hooks_ask(c, &smtp_role.edge.auth, MESSAGE_RESOLVE, &m, recipient_answered, &verdict) !=
	    HOOK_WAIT)
		smtp_hooks_resume(c, HOOK_DECIDED, &verdict);
}

static bool recipient_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_resolved m;
	if (frame == NULL) {
		smtp_hooks_resume(c, HOOK_DECIDED, &smtp_unavailable);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	enum resolve_verdict verdict = (enum resolve_verdict)m.verdict;
	if (goes_to_postmaster(c, verdict)) {
		ask_postmaster(c);
		return true;
	}
	/* Taken for no mailbox, a message would be acknowledged and kept nowhere. */
	if (verdict == RESOLVE_LOCAL &&
	    (m.targets.count == 0 || !keep_targets(c, m.targets.items, m.targets.count)))
		verdict = RESOLVE_TEMPORARY;
	else if (verdict == RESOLVE_NOT_OURS)
		verdict = take_foreign(c);
	c->check.resolved = verdict;
	/* Before a mailbox: a catch-all would take it, and the true sender would never hear of it. */
	if (!c->check.direct && (verdict == RESOLVE_LOCAL || verdict == RESOLVE_UNKNOWN_USER) &&
	    may_be_bounce(c))
		ask_true_sender(c);
	else
		decide(c, verdict);
	return true;
}

enum smtp_hook_result smtp_resolve_recipient(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct message_resolve m = {.address = c->check.recipient->address};
	c->check.direct = c->check.for_postmaster = false;
	return smtp_hooks_ask(c, &smtp_role.edge.auth, MESSAGE_RESOLVE, &m, recipient_answered, verdict);
}

/* ---- room ---- */

static bool room_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	static const struct smtp_verdict full = {.kind = SMTP_TEMPORARY,
	    .code = 452,
	    .enhanced = "4.2.2",
	    .text = "the mailbox is full, try again later"};
	static const struct smtp_verdict too_large = {.kind = SMTP_PERMANENT,
	    .code = 552,
	    .enhanced = "5.2.3",
	    .text = "the message is larger than this mailbox can ever hold"};
	static const struct smtp_verdict disk = {.kind = SMTP_TEMPORARY,
	    .code = 452,
	    .enhanced = "4.3.1",
	    .text = "this server has no room now, try again later"};
	struct smtp_connection *c = arg;
	struct message_result m;
	if (frame == NULL) {
		smtp_hooks_resume(c, HOOK_DECIDED, &smtp_unavailable);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	if (m.error) {
		smtp_hooks_resume(c, HOOK_DECIDED,
		    (int)m.error == -EDQUOT   ? &full
		    : (int)m.error == -EFBIG  ? &too_large
		    : (int)m.error == -ENOSPC ? &disk
		                              : &smtp_unavailable);
		return true;
	}
	/* The next target of the same recipient, by the same hook. */
	c->check.next--;
	smtp_hooks_resume(c, HOOK_ACCEPT, NULL);
	return true;
}

/* Only who has a quota is asked for: it is the store's answer that costs. */
static bool may_be_full(const struct message_target *target)
{
	return target->account != 0 &&
	       (target->limited || smtp_role.edge.process->settings.quota_default > 0 ||
	           smtp_role.edge.process->settings.quota_messages_default > 0);
}

/* A full mailbox is refused here, while the sender can still be told; what was taken is delivered. */
enum smtp_hook_result smtp_recipient_has_room(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	const struct message_target *targets = c->check.targets.items;
	while (c->check.room_next < c->check.targets.count && !may_be_full(&targets[c->check.room_next]))
		c->check.room_next++;
	if (c->check.room_next >= c->check.targets.count)
		return HOOK_ACCEPT;
	struct message_room m = {
	    .account = targets[c->check.room_next++].account, .bytes = smtp_envelope(c->session)->size};
	return smtp_hooks_ask(c, &smtp_role.store, MESSAGE_ROOM, &m, room_answered, verdict);
}

void smtp_recipient_taken(struct smtp_connection *c)
{
	smtp_upload_add(
	    c, smtp_envelope(c->session)->count, c->check.recipient, &c->check.targets, forwarder_of(c));
}

/* ---- ETRN ---- */

static bool etrn_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct message_etrn_answer m = {.error = (uint64_t)-EAGAIN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	c->check.request = 0;
	smtp_etrn_done(c->session, m.error ? (int64_t)m.error : (int64_t)m.messages);
	smtp_connection_continue(c);
	return true;
}

/* Only for the domains that we are backup MX for: others' mail is not tried earlier because a stranger says
 * so. */
void smtp_recipient_etrn(void *arg, struct view domain)
{
	struct smtp_connection *c = arg;
	struct message_etrn m = {.domain = domain};
	bool ours = false;
	for (size_t i = 0; i < smtp_role.relay_domain_count; i++)
		ours = ours || route_match(view_from_string(smtp_role.relay_domains[i].domain), domain) > 0;
	c->check.calls = &smtp_role.store;
	c->check.request = ours ? calls_ask(&smtp_role.store, MESSAGE_ETRN, &m, etrn_answered, c) : 0;
	if (c->check.request == 0)
		smtp_etrn_done(c->session, ours ? -EAGAIN : -EACCES);
}

/* ---- relay domains ---- */

static void read_recipients(struct smtp_relay_domain *d, struct view text)
{
	struct view line;
	d->listed = true;
	while (view_next(&text, '\n', &line)) {
		line = view_trim(line);
		struct buf key;
		buf_init(&key, 1024);
		if (line.len > 0 && line.data[0] != '#' &&
		    address_key(local_of(line), domain_of(line), &key) == 0)
			map_set(&d->recipients, buf_view(&key), d);
		buf_done(&key);
	}
}

void smtp_relay_domains_configure(struct role_process *p)
{
	struct view lines = p->settings.relay_domains, line, domain, path;
	const char *problem;
	for (size_t i = 0; i < smtp_role.relay_domain_count; i++) {
		mem_free(smtp_role.relay_domains[i].domain);
		map_done(&smtp_role.relay_domains[i].recipients);
	}
	smtp_role.relay_domain_count = 0;
	for (uint64_t number = 0; lines.len && view_next(&lines, '\n', &line); number++) {
		struct smtp_relay_domain *d = &smtp_role.relay_domains[smtp_role.relay_domain_count];
		if (number >= SMTP_RELAY_DOMAINS_MAX) {
			log_event(
			    LOG_ERROR, "-", "too-many-relay-domains", log_u64("max", SMTP_RELAY_DOMAINS_MAX));
			break;
		}
		if (relay_domain_parse(line, &domain, &path, &problem) != 0)
			continue; /* refused when the configuration was read */
		*d = (struct smtp_relay_domain){.domain = mem_string(domain)};
		map_init(&d->recipients);
		for (const struct role_file *f = p->files; f; f = f->next)
			if (f->kind == FILE_RECIPIENTS && f->number == number)
				read_recipients(d, buf_view(&f->content));
		smtp_role.relay_domain_count++;
	}
}
