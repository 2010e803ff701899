/* See store_answer.h. */
#include "role/store/store_answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/change.h"
#include "account/email_set.h"
#include "account/marks.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "directory/directory.h"
#include "directory/groups.h"
#include "format/header.h"
#include "format/limits.h"
#include "format/path.h"
#include "mail/email_wire.h"
#include "mime/digest.h"
#include "mime/trailer.h"
#include "role/store/store_hourly.h"
#include "role/store/store_private.h"
#include "trace/trace_write.h"

enum {
	ARENA_MAX = 4 << 20, /* a message of 1 MB, and what is known of it */
	/* Under way at a time, of all accounts: what comes above it is not sent. Each takes its message. */
	UNDER_WAY_MAX = 200,
	COPY_KEYWORDS_MAX = 30, /* that the copy gets */
	/* Entries of a commit: a record of STORE_ANSWER_RECIPIENTS_MAX recipients, and what a keyword changes
	   of an email in EMAIL_PLACES_MAX mailboxes. */
	RECORD_WRITES = 300,
	KEYWORD_WRITES = 1000
};

struct answer {
	struct store_answer what; /* in the arena */
	struct arena arena;
	int64_t now;
	struct store_read read;
	struct store_commit commit;
	struct account_mark mark;
	struct address who, own; /* who is answered; the account's own address */
	bool known;              /* the sender was answered lately */

	/* Where it goes. */
	struct record_recipient recipients[STORE_ANSWER_RECIPIENTS_MAX];
	char texts[STORE_ANSWER_RECIPIENTS_MAX][ADDRESS_MAX + ADDRESS_DOMAIN_MAX]; /* address, destination */
	size_t count;
	bool sender_is_own, author_is_own, too_many;
	char signer[ADDRESS_DOMAIN_MAX + 1], client[ADDRESS_MAX + 32];

	struct mime_digest *mime;
	struct message_digest digest;
	struct queue_delivery queue;
	struct account_delivery copy;
	struct account_target target;
	struct account_wanted_place place;
	struct view keywords[COPY_KEYWORDS_MAX];

	/* Of a receipt. */
	struct account_email_set set;
	struct buf change;
	int changed;
};

static struct {
	size_t under_way;
	bool stopped;
	struct hourly hours, receipts;
} answers;

static void free_answer(struct answer *a)
{
	mime_digest_free(a->mime);
	buf_done(&a->change);
	mem_free(a->set.events);
	arena_done(&a->arena);
	mem_free(a);
	answers.under_way--;
}

/* Who waits for it hears why; else the log does. */
static void give_up(struct answer *a, int error, const char *why)
{
	if (a->what.done)
		a->what.done(a->what.arg, error);
	else
		log_event(LOG_WARNING, "-", "answer-not-sent", log_u64("account", a->what.account),
		    log_text("about", a->what.about), log_string("why", why));
	free_answer(a);
}

/* ---- the commit ---- */

/* A copy that finds no room, or no mailbox, does not hold up the mail. */
static int file_copy(struct txn *t, struct answer *a)
{
	if (!a->what.copy.wanted)
		return 0;
	int error = account_delivery_run(t, &a->copy);
	bool none = error == -EINVAL || error == -EMLINK; /* there can be no such mailbox */
	return none || account_delivery_is_refusal(error) ? 0 : error;
}

static int run(struct txn *t, void *arg)
{
	struct answer *a = arg;
	size_t writes = ACCOUNT_MARK_WRITES + (a->what.copy.wanted ? account_delivery_writes(&a->copy) : 0);
	a->known = false;
	int error = queue_delivery_check(t, &a->queue, writes);
	if (error == 0 && a->what.once)
		error = marks_find(t, a->what.account, &a->mark, a->now, &a->known);
	if (error == 0 && a->known)
		error = -EALREADY; /* nothing is written, and the body is not kept */
	if (error == 0)
		error = file_copy(t, a);
	if (error == 0 && a->what.once)
		error = marks_set(t, a->what.account, &a->mark);
	return error ? error : queue_delivery_run(t, &a->queue);
}

static void end(struct answer *a, int result)
{
	const struct queue_record *r = &a->queue.record;
	if (result == 0) {
		trace_event(queue_id_view(&a->queue.id), TRACE_ACCEPTED, log_text("from", r->client),
		    log_text("sender", r->terms.sender), log_u64("size", r->body_len),
		    log_text("message_id", r->message_id), log_u64("recipients", r->count),
		    log_text(a->what.about.len ? "about" : NULL, a->what.about));
	} else if (a->what.done == NULL && !a->known && result != -ENOENT) {
		log_event(LOG_WARNING, "-", "answer-not-sent", log_u64("account", a->what.account),
		    log_text("about", a->what.about), log_errno(result));
	}
	queue_delivery_done(store_role.queue, &a->queue, result);
	if (a->what.done)
		a->what.done(a->what.arg, result);
	free_answer(a);
}

static void done(struct store_commit *c, int result)
{
	end(container_of(c, struct answer, commit), result);
}

/* ---- a receipt ---- */

static int with_receipt(struct account_email_set *set, struct account_change *c, bool before)
{
	struct answer *a = container_of(set, struct answer, set);
	if (before)
		return queue_delivery_check(c->txn, &a->queue, KEYWORD_WRITES);
	if (a->changed)
		return a->changed; /* there is no such email, or it cannot be changed */
	return set->step.changed == 0 ? -EALREADY : queue_delivery_run(c->txn, &a->queue);
}

static void receipt_done(struct account_email_set *set, int result)
{
	end(container_of(set, struct answer, set), result);
}

static void commit_receipt(struct answer *a, struct store_upload *body)
{
	buf_init(&a->change, EMAIL_SET_BYTES);
	(void)email_change_put(
	    &a->change, &(struct email_change){.id = a->what.receipt_of, .add_keywords = VIEW("$MDNSent")});
	a->set = (struct account_email_set){.shard = a->what.account,
	    .actor = a->what.account,
	    .changes = buf_view(&a->change),
	    .count = 1,
	    .if_modseq = UINT64_MAX,
	    .quota_default = store_role.process->settings.quota_default,
	    .results = &a->changed,
	    .with = with_receipt,
	    .with_writes = RECORD_WRITES,
	    .upload = body,
	    .done = receipt_done};
	account_email_set(&store_role.accounts, &a->set);
}

/* ---- the queue's record, and the copy ---- */

static void fill_record(struct answer *a)
{
	struct queue_record *r = &a->queue.record;
	struct view message_id, id;
	bool local = false;
	*r = (struct queue_record){.client = view_from_string(a->client),
	    .submitter = a->what.account,
	    .arrived = a->now,
	    .body_len = a->what.message.len,
	    .trailer_len = a->digest.trailer.len,
	    .message_id_hash = a->digest.message_id_hash,
	    .recipients = a->recipients,
	    .count = a->count};
	r->terms = (struct mail_terms){.sender = a->sender_is_own ? a->what.sender : (struct view){0},
	    .body = a->what.eight_bit || a->what.utf8 ? SMTP_8BITMIME : SMTP_7BIT,
	    .utf8 = a->what.utf8};
	if (header_find(a->what.message, VIEW("Message-ID"), &message_id) &&
	    message_id_next(&message_id, &id))
		r->message_id = id;
	for (size_t i = 0; i < a->digest.reference_count && i < MESSAGE_REFERENCES_MAX; i++)
		r->references[r->reference_count++] = a->digest.references[i];
	for (size_t i = 0; i < a->count; i++)
		local = local || a->recipients[i].local;
	if (local)
		r->summary = a->digest.summary;
	r->shared = a->what.copy.wanted;
	/* Without a signature above it: relay makes it on the way. */
	if (store_role.process->settings.dkim_sign)
		r->signer = view_from_string(a->signer);
}

/* Its owner has no need to read it: without flags of the script's it is seen. */
static void fill_copy(struct answer *a)
{
	struct view words = a->what.copy.flags, word;
	a->place = (struct account_wanted_place){.mailbox_id = a->what.copy.mailbox_id,
	    .special_use = a->what.copy.special_use,
	    .path = a->what.copy.path,
	    .create = a->what.copy.create,
	    .keywords = a->keywords};
	while (words.len > 0 && view_next(&words, ' ', &word)) {
		uint64_t flag = mail_system_flag(word);
		a->place.flags |= flag;
		if (flag == 0 && word.len > 0 && word.len <= MAIL_KEYWORD_MAX && word.data[0] != '\\' &&
		    a->place.keyword_count < COPY_KEYWORDS_MAX)
			a->keywords[a->place.keyword_count++] = word;
	}
	if (a->what.copy.flags.len == 0)
		a->place.flags = FLAG_SEEN;
	a->target = (struct account_target){.shard = a->what.account,
	    .places = &a->place,
	    .place_count = 1,
	    .enforce_quota = true,
	    .quota_default = store_role.process->settings.quota_default,
	    .quota_messages_default = store_role.process->settings.quota_messages_default};
	a->copy = (struct account_delivery){.body_len = a->what.message.len,
	    .internaldate = a->now,
	    .summary = a->digest.summary,
	    .structure = trailer_short_structure(a->digest.trailer),
	    .message_id_hash = a->digest.message_id_hash,
	    .targets = &a->target,
	    .target_count = 1};
	account_delivery_begin(&a->copy);
}

static void post(struct answer *a)
{
	char id[RANDOM_ID_SIZE];
	struct store_upload *body = store_upload_begin(store_role.store);
	a->mime = mime_digest_new();
	mime_digest_feed(a->mime, a->what.message);
	mime_digest_end(a->mime, &a->digest);
	int error = store_upload_append(body, a->what.message);
	if (error == 0)
		error = store_upload_append(body, a->digest.trailer);
	if (error) {
		store_upload_abort(body);
		give_up(a, error, "the store does not take it now");
		return;
	}
	random_id(id);
	memcpy(a->queue.id.text, id, sizeof a->queue.id.text);
	fill_record(a);
	if (a->what.copy.wanted)
		fill_copy(a);
	queue_delivery_begin(store_role.queue, &a->queue);
	if (a->what.receipt_of) {
		commit_receipt(a, body);
		return;
	}
	a->commit =
	    (struct store_commit){.run = run, .arg = a, .done = done, .uploads = {body}, .upload_count = 1};
	store_commit(store_role.store, &a->commit);
}

/* ---- whether it was sent before ---- */

static int run_find(struct txn *t, void *arg)
{
	struct answer *a = arg;
	return marks_find(t, a->what.account, &a->mark, a->now, &a->known);
}

static void found(struct store_read *read, int result)
{
	struct answer *a = container_of(read, struct answer, read);
	struct hourly *hours = a->what.receipt_of ? &answers.receipts : &answers.hours;
	if (a->what.done && answers.stopped)
		give_up(a, -ESHUTDOWN, "the store stops");
	else if (result || a->known || answers.stopped)
		free_answer(a);
	else if (!hourly_take(hours, a->what.account, a->now, 1, STORE_ANSWERS_AN_HOUR))
		give_up(a, -EUSERS, "the account's rules have sent too much in this hour");
	else
		post(a);
}

static void look_for_mark(struct answer *a)
{
	a->mark = (struct account_mark){.kind = MARK_ANSWERED,
	    .handle = a->what.handle,
	    .who = address_view(&a->who),
	    .since = a->now,
	    .until = a->now + (int64_t)a->what.seconds};
	a->read = (struct store_read){.shard = a->what.account, .run = run_find, .arg = a, .done = found};
	if (a->what.once)
		store_read(store_role.store, &a->read);
	else
		found(&a->read, 0);
}

/* ---- where it goes ---- */

/* remote: with the domain that it is for; else an account's. */
static bool add(struct answer *a, struct view address, uint64_t account, struct view domain)
{
	struct record_recipient *p = &a->recipients[a->count];
	if (a->count == STORE_ANSWER_RECIPIENTS_MAX || address.len + domain.len > sizeof a->texts[0])
		return false;
	char *text = a->texts[a->count++];
	memcpy(text, address.data, address.len);
	if (domain.len > 0)
		memcpy(text + address.len, domain.data, domain.len);
	*p = (struct record_recipient){.state = RECORD_WAITING,
	    .notify = NOTIFY_NEVER,
	    .local = account != 0,
	    .account = account,
	    .address = view_of(text, address.len),
	    .destination = view_of(text + address.len, domain.len)};
	return true;
}

static bool add_target(struct answer *a, const struct directory_target *t)
{
	if (t->remote)
		return add(a, address_view(&t->address), 0, address_domain(&t->address));
	return add(a, address_view(&t->address), t->shard, (struct view){0});
}

/* Its address as the directory knows it, without quotes. False: it is none. */
static bool read_address(struct view text, struct address *out)
{
	struct arena arena;
	struct path path;
	char plain[PATH_MAX_OCTETS + 1];
	arena_init(&arena, 4096);
	bool good = mailbox_parse(text, &arena, &path) == 0;
	int len = good ? snprintf(plain, sizeof plain, "%.*s@%.*s", VIEW_FMT(path.local_part),
	                     VIEW_FMT(path.domain))
	               : 0;
	arena_done(&arena);
	return len > 0 && (size_t)len < sizeof plain &&
	       address_normalize(view_of(plain, (size_t)len), out) == 0;
}

static int resolve_one(struct txn *t, struct answer *a, struct view text, struct directory_targets *targets)
{
	struct directory_domain domain;
	struct address address;
	/* What is no address is nobody's: there is no other who could be told. */
	if (!read_address(text, &address))
		return 0;
	if (directory_domain_get(t, address_domain(&address), &domain) == -ENOENT) {
		/* Elsewhere case may count (RFC 5321 section 2.4), so it stays as it was written. */
		a->too_many = !add(a, text, 0, address_domain(&address)) || a->too_many;
		return 0;
	}
	int error = directory_resolve(t, address_view(&address), targets);
	for (size_t i = 0; error == 0 && i < targets->count; i++)
		a->too_many = !add_target(a, &targets->items[i]) || a->too_many;
	return error == -ENOENT || error == -EACCES || error == -ELOOP || error == -E2BIG ? 0 : error;
}

/* Whether mail for the address comes to this account. */
static bool is_own(
    struct txn *t, const struct answer *a, struct view address, struct directory_targets *targets)
{
	struct address own;
	if (!read_address(address, &own) || directory_resolve(t, address_view(&own), targets) != 0)
		return false;
	for (size_t i = 0; i < targets->count; i++)
		if (!targets->items[i].remote && targets->items[i].shard == a->what.account)
			return true;
	return false;
}

static int run_resolve(struct txn *t, void *arg)
{
	struct answer *a = arg;
	struct directory_targets *targets = mem_alloc(sizeof *targets);
	struct view own, rest = a->what.recipients, line;
	a->count = 0;
	a->too_many = false;
	int error = directory_account_address(t, a->what.account, &own);
	if (error == 0)
		error = address_normalize(own, &a->own);
	while (error == 0 && view_next(&rest, '\n', &line))
		error = line.len > 0 ? resolve_one(t, a, line, targets) : 0;
	a->sender_is_own = is_own(t, a, a->what.sender, targets);
	a->author_is_own = is_own(t, a, a->what.author, targets);
	mem_free(targets);
	return error;
}

static void name_signer(struct answer *a)
{
	struct address author;
	bool good = a->author_is_own && read_address(a->what.author, &author);
	struct view domain = address_domain(good ? &author : &a->own), own = address_view(&a->own);
	snprintf(a->signer, sizeof a->signer, "%.*s", VIEW_FMT(domain));
	snprintf(a->client, sizeof a->client, "%s of %.*s", a->what.receipt_of ? "a session" : "the rules",
	    VIEW_FMT(own));
}

static bool name_prefixes(struct answer *a)
{
	char text[ADDRESS_MAX + 512];
	for (size_t i = 0; i < a->count; i++) {
		struct record_recipient *p = &a->recipients[i];
		struct view sender = a->sender_is_own ? a->what.sender : (struct view){0};
		snprintf(text, sizeof text, "Return-Path: <%.*s>\r\nDelivered-To: %.*s\r\n", VIEW_FMT(sender),
		    VIEW_FMT(p->address));
		if (p->local && !arena_copy(&a->arena, view_from_string(text), &p->prefix))
			return false;
	}
	return true;
}

static void resolved(struct store_read *read, int result)
{
	struct answer *a = container_of(read, struct answer, read);
	if (result || answers.stopped) {
		give_up(a, result ? result : -ESHUTDOWN,
		    result == -ENOENT ? "the account is gone" : "the directory cannot be read now");
		return;
	}
	name_signer(a);
	if (a->count == 0)
		give_up(a, -EADDRNOTAVAIL, "its address leads nowhere");
	else if (a->too_many)
		give_up(a, -EADDRNOTAVAIL, "its address leads to too many");
	else if (!name_prefixes(a))
		give_up(a, -ENOMEM, "there is not enough memory");
	else
		look_for_mark(a);
}

/* ---- from outside ---- */

static bool copy_all(struct answer *a, const struct store_answer *from)
{
	const struct {
		struct view from, *to;
	} texts[] = {{from->about, &a->what.about}, {from->message, &a->what.message},
	    {from->recipients, &a->what.recipients}, {from->sender, &a->what.sender},
	    {from->author, &a->what.author}, {from->handle, &a->what.handle},
	    {from->copy.path, &a->what.copy.path}, {from->copy.mailbox_id, &a->what.copy.mailbox_id},
	    {from->copy.special_use, &a->what.copy.special_use}, {from->copy.flags, &a->what.copy.flags}};
	a->what = *from;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!arena_copy(&a->arena, texts[i].from, texts[i].to))
			return false;
	a->what.once = from->once && from->seconds > 0;
	/* Whom it goes to is who was answered: folded, so that case makes no difference. */
	return !a->what.once || read_address(from->recipients, &a->who);
}

void store_answer_send(const struct store_answer *from)
{
	if (answers.stopped) {
		if (from->done)
			from->done(from->arg, -ESHUTDOWN);
		return;
	}
	struct answer *a = mem_alloc(sizeof *a);
	answers.under_way++;
	arena_init(&a->arena, ARENA_MAX);
	a->now = clock_wall();
	if (!copy_all(a, from)) {
		give_up(a, -ENOMEM, "it is too large, or for nobody");
		return;
	}
	if (answers.under_way > UNDER_WAY_MAX) {
		give_up(a, -EAGAIN, "too many are being sent");
		return;
	}
	a->read =
	    (struct store_read){.shard = DIRECTORY_SHARD, .run = run_resolve, .arg = a, .done = resolved};
	store_read(store_role.store, &a->read);
}

void store_answer_start(void)
{
	answers.stopped = false;
}

void store_answer_stop(void)
{
	answers.stopped = true;
	hourly_forget(&answers.hours);
	hourly_forget(&answers.receipts);
}
