/* One message between its bytes and the keys role: see signing.h. */
#include "process/signing.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "format/dns_record.h"
#include "trust/sender/arc_seal.h"
#include "trust/sender/dkim_sign.h"

enum {
	/* A client waits behind it. Keys itself answers within 8 s, also while it makes a new domain's keys.
	 */
	PATIENCE_MS = 15 * 1000
};

struct signer {
	struct signing *all;
	char selector[SIGNING_SELECTOR_MAX + 1];
	enum signing_algorithm algorithm;
	struct dkim_draft draft;
	uint32_t request;
	struct buf field;
};

struct signing {
	struct calls *keys;
	void (*done)(void *arg, int error);
	void *arg;
	struct loop_task task;
	struct loop_timer patience;
	struct dkim_mail mail;
	bool hashing; /* the header has ended, and the body's hash runs */
	bool asked, ended, finished, shown;
	int error;
	char domain[DNS_NAME_SIZE];
	uint32_t request; /* for the signers */
	bool known;
	struct signer signers[SIGNERS_MAX];
	size_t count, open;
	struct buf fields;

	/* A set of ARC: one key signs the message first, and then seals it together with the rest. */
	const struct arc *arc;
	struct buf found, results; /* what was found; the field that says so */
	char authserv_id[DNS_NAME_SIZE];
	int64_t sealed_at;
	bool sealing;
};

/* ---- the end ---- */

static void tell(void *arg)
{
	struct signing *s = arg;
	s->done(s->arg, s->error);
}

static void finish(struct signing *s, int error)
{
	if (s->finished)
		return;
	s->finished = true;
	s->error = error;
	loop_timer_cancel(&s->patience);
	loop_task_schedule(&s->task);
}

static void too_late(void *arg)
{
	finish(arg, -ETIMEDOUT);
}

static void gather(struct signing *s)
{
	for (size_t i = 0; i < s->count; i++)
		buf_append(&s->fields, buf_view(&s->signers[i].field));
	finish(s, buf_failed(&s->fields) ? -E2BIG : 0);
}

/* ---- signatures ---- */

static void seal_on(struct signing *s, struct signer *one, struct view signature);

static bool on_signed(void *arg, struct link *link, struct channel_frame *frame)
{
	struct signer *one = arg;
	struct signing *s = one->all;
	struct message_mail_signed m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	one->request = 0;
	int error = frame ? (int)m.error : -EAGAIN;
	if (error)
		finish(s, error == -ENOENT ? -EAGAIN : error); /* a key that was there a moment ago */
	else if (s->arc)
		seal_on(s, one, m.signature);
	else if (dkim_draft_finish(&one->draft, m.signature, &one->field) != 0)
		finish(s, -ENOMEM);
	else if (--s->open == 0)
		gather(s);
	return true;
}

static struct dkim_signer signer_of(const struct signer *one, int64_t now)
{
	return (struct dkim_signer){
	    .algorithm = one->algorithm == SIGNING_ED25519 ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256,
	    .domain = one->all->domain,
	    .selector = one->selector,
	    .signed_at = now,
	    .expires = DKIM_NO_TIME};
}

static int ask_block(struct signing *s, struct signer *one)
{
	struct message_sign_mail m = {.domain = view_from_string(s->domain),
	    .selector = view_from_string(one->selector),
	    .block = buf_view(&one->draft.block)};
	if (m.block.len > SIGN_BLOCK_MAX)
		return -E2BIG;
	one->request = calls_ask(s->keys, MESSAGE_SIGN_MAIL, &m, on_signed, one);
	return one->request ? 0 : -EAGAIN;
}

static int ask_signature(struct signing *s, struct signer *one, int64_t now)
{
	struct dkim_signer signer = signer_of(one, now);
	int error = dkim_sign(&s->mail, &signer, &one->draft);
	return error ? error : ask_block(s, one);
}

/* ---- a set of ARC ---- */

/* What cannot be sealed, and will not be at another time either. */
static int of_seal(int error)
{
	return error == -EALREADY || error == -EAGAIN ? -EINVAL : error;
}

/* Others know RSA alone there (arc_seal.h). */
static struct signer *find_rsa(struct signing *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->signers[i].algorithm == SIGNING_RSA)
			return &s->signers[i];
	return NULL;
}

static void seal(struct signing *s)
{
	struct signer *one = find_rsa(s);
	if (one == NULL) {
		finish(s, -ENOENT);
		return;
	}
	s->sealed_at = clock_wall();
	struct dkim_signer signer = signer_of(one, s->sealed_at);
	int error = of_seal(arc_seal_results(s->arc, s->authserv_id, buf_view(&s->found), &s->results));
	if (error == 0)
		error = of_seal(arc_seal_message(s->arc, &s->mail, &signer, &one->draft));
	if (error == 0)
		error = ask_block(s, one);
	if (error)
		finish(s, error);
}

/* The first signature is the message's; the second one seals. The seal stands above what it seals. */
static void seal_on(struct signing *s, struct signer *one, struct view signature)
{
	struct dkim_signer signer = signer_of(one, s->sealed_at);
	int error = dkim_draft_finish(&one->draft, signature, s->sealing ? &s->fields : &one->field);
	if (error == 0 && s->sealing) {
		buf_append(&s->fields, buf_view(&one->field));
		buf_append(&s->fields, buf_view(&s->results));
		finish(s, buf_failed(&s->fields) ? -E2BIG : 0);
		return;
	}
	s->sealing = true;
	dkim_draft_done(&one->draft);
	dkim_draft_init(&one->draft);
	if (error == 0)
		error = of_seal(arc_seal_chain(
		    s->arc, &signer, buf_view(&s->results), buf_view(&one->field), &one->draft));
	if (error == 0)
		error = ask_block(s, one);
	if (error)
		finish(s, error);
}

void signing_seal(struct signing *s, const struct arc *arc, struct view authserv_id, struct view results)
{
	s->arc = arc;
	snprintf(s->authserv_id, sizeof s->authserv_id, "%.*s", VIEW_FMT(authserv_id));
	buf_init(&s->found, SIGNING_FIELDS_MAX);
	buf_init(&s->results, SIGNING_FIELDS_MAX);
	buf_append(&s->found, results);
}

/* The message has ended, and it is known who signs. */
static void sign_all(struct signing *s)
{
	int64_t now = clock_wall();
	int error = 0;
	if (s->arc) {
		seal(s);
		return;
	}
	s->open = s->count;
	for (size_t i = 0; i < s->count && error == 0; i++)
		error = ask_signature(s, &s->signers[i], now);
	if (error)
		finish(s, error);
}

/* ---- who signs ---- */

static void take_signers(struct signing *s, const struct message_signers_answer *m)
{
	const struct message_signer *from = m->signers.items;
	snprintf(s->domain, sizeof s->domain, "%.*s", VIEW_FMT(m->domain));
	s->shown = true;
	s->count = m->signers.count;
	for (size_t i = 0; i < s->count; i++) {
		struct signer *one = &s->signers[i];
		one->all = s;
		one->algorithm = (enum signing_algorithm)from[i].algorithm;
		snprintf(one->selector, sizeof one->selector, "%.*s", VIEW_FMT(from[i].selector));
		dkim_draft_init(&one->draft);
		buf_init(&one->field, SIGNING_FIELDS_MAX);
		s->shown = s->shown && from[i].shown;
	}
	s->known = true;
}

static bool on_signers(void *arg, struct link *link, struct channel_frame *frame)
{
	struct signing *s = arg;
	struct message_signers_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->request = 0;
	int error = frame ? (int)m.error : -EAGAIN;
	if (error == 0 && m.signers.count == 0)
		error = -ENOENT;
	if (error) {
		s->error = error;
		if (s->ended)
			finish(s, error);
		return true;
	}
	take_signers(s, &m);
	if (s->ended)
		sign_all(s);
	return true;
}

void signing_domain(struct signing *s, struct view domain, struct view instead, bool parents)
{
	if (s->asked)
		return;
	s->asked = true;
	struct message_signers m = {.domain = domain, .instead = instead, .parents = parents};
	s->error = -ENOENT;
	if ((domain.len == 0 && instead.len == 0) || domain.len >= sizeof s->domain ||
	    instead.len >= sizeof s->domain)
		return;
	s->error = 0;
	s->request = calls_ask(s->keys, MESSAGE_SIGNERS, &m, on_signers, s);
	if (s->request == 0)
		s->error = -EAGAIN;
}

/* ---- the message ---- */

static void header_ended(struct signing *s)
{
	s->hashing = s->mail.error == 0 && dkim_sign_begin(&s->mail) == 0;
}

void signing_bytes(struct signing *s, struct view bytes)
{
	if (!s->mail.header_ended) {
		bytes = view_skip(bytes, dkim_mail_header(&s->mail, bytes));
		if (s->mail.header_ended)
			header_ended(s);
	}
	if (s->hashing && bytes.len > 0)
		dkim_mail_body(&s->mail, bytes);
}

void signing_end(struct signing *s)
{
	bool headed = s->mail.header_ended;
	s->ended = true;
	dkim_mail_header_end(&s->mail);
	if (!headed)
		header_ended(s);
	dkim_mail_end(&s->mail);
	if (!s->asked)
		s->error = -ENOENT;
	if (s->error)
		finish(s, s->error);
	else if (s->known)
		sign_all(s);
	if (!s->finished)
		loop_timer_set(&s->patience, PATIENCE_MS);
}

struct signing *signing_new(
    struct calls *keys, struct loop *loop, void (*done)(void *arg, int error), void *arg)
{
	struct signing *s = mem_alloc(sizeof *s);
	s->keys = keys;
	s->done = done;
	s->arg = arg;
	dkim_mail_init(&s->mail);
	buf_init(&s->fields, SIGNING_FIELDS_MAX);
	loop_task_init(&s->task, loop, tell, s);
	loop_timer_init(&s->patience, loop, too_late, s);
	return s;
}

void signing_free(struct signing *s)
{
	if (s == NULL)
		return;
	loop_task_cancel(&s->task);
	loop_timer_cancel(&s->patience);
	if (s->request)
		calls_forget(s->keys, s->request);
	for (size_t i = 0; i < s->count; i++) {
		if (s->signers[i].request)
			calls_forget(s->keys, s->signers[i].request);
		dkim_draft_done(&s->signers[i].draft);
		buf_done(&s->signers[i].field);
	}
	dkim_mail_done(&s->mail);
	buf_done(&s->found);
	buf_done(&s->results);
	buf_done(&s->fields);
	mem_free(s);
}

struct view signing_fields(const struct signing *s)
{
	return buf_view(&s->fields);
}

const char *signing_domain_name(const struct signing *s)
{
	return s->domain;
}

bool signing_is_shown(const struct signing *s)
{
	return s->shown;
}
