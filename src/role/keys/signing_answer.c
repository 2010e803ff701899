/*
 * Signatures for mail: see signing_answer.h. Questions that come before the keys are known, at a start, or
 * while a new domain's are being made, wait for them.
 */
#include "role/keys/signing_answer.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/keys/mail_block.h"
#include "role/keys/signing_table.h"
#include "role/keys/signing_work.h"
#include "trust/sender/dkim_key.h"

enum {
	WAIT_MS = 8 * 1000 /* the asker has a client that waits */
};

struct waiting {
	struct waiting *next;
	struct asked asked;
	char domain[DNS_NAME_SIZE], instead[DNS_NAME_SIZE];
	bool parents;
	int64_t until; /* clock_monotonic_ms */
};

static struct {
	const struct settings *settings;
	struct waiting *first, **end;
	struct loop_timer timer;
} answers = {.end = &answers.first};

/* ---- which keys sign for a domain ---- */

static bool signs(const struct signing_held *held)
{
	return held->k.state == SIGNING_ACTIVE && held->private != NULL;
}

static bool has_signer(const struct signing_domain *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (signs(d->keys[i]))
			return true;
	return false;
}

/* The domain itself, or with `parents` the next one above it that is ours: mail from a host's name is signed
 * by its domain, and is aligned with it (RFC 9989 section 4.10.2). */
static struct signing_domain *find_domain(struct view name, bool parents)
{
	while (name.len > 0) {
		struct signing_domain *d = signing_domain_find(name);
		if (d)
			return d->enabled ? d : NULL;
		ptrdiff_t dot = parents ? view_find(name, '.') : -1;
		name = dot < 0 ? (struct view){0} : view_skip(name, (size_t)dot + 1);
	}
	return NULL;
}

/* What is asked, in a form that can wait. */
struct names {
	struct view domain, instead;
	bool parents;
};

/* -EAGAIN: it may be known in a moment. */
static int find_signing(const struct names *n, struct signing_domain **found)
{
	if (!answers.settings->dkim_sign)
		return -ENOENT;
	if (!signing_work_is_ready())
		return -EAGAIN;
	struct signing_domain *d = find_domain(n->domain, n->parents);
	if (d == NULL && signing_work_is_stale())
		return -EAGAIN;
	if (d == NULL)
		d = find_domain(n->instead, false);
	if (d && !has_signer(d))
		return signing_work_makes() ? -EAGAIN : -ENOENT;
	*found = d;
	return d ? 0 : -ENOENT;
}

static int find_signers(
    const struct names *n, struct message_signer signers[SIGNERS_MAX], struct message_signers_answer *answer)
{
	struct signing_domain *d;
	size_t count = 0;
	int error = find_signing(n, &d);
	if (error)
		return error;
	for (size_t i = 0; i < d->count && count < SIGNERS_MAX; i++)
		if (signs(d->keys[i]))
			signers[count++] = (struct message_signer){.selector = d->keys[i]->k.selector,
			    .algorithm = d->keys[i]->k.algorithm,
			    .shown = d->keys[i]->k.shown > 0};
	answer->domain = view_from_string(d->name);
	answer->signers = (struct codec_list){.items = signers, .count = count};
	return 0;
}

void signing_answer_signers(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_signers *m = message;
	struct message_signer signers[SIGNERS_MAX];
	struct message_signers_answer answer = {0};
	answer.error = find_signers(&(struct names){m->domain, m->instead, m->parents}, signers, &answer);
	if (answer.error != -EAGAIN || m->domain.len >= DNS_NAME_SIZE || m->instead.len >= DNS_NAME_SIZE) {
		ipc_send(&link->channel, MESSAGE_SIGNERS_ANSWER, frame->request, &answer, -1);
		return;
	}
	struct waiting *w = mem_alloc(sizeof *w);
	if (!asked_begin(&w->asked, link, frame)) {
		mem_free(w);
		ipc_send(&link->channel, MESSAGE_SIGNERS_ANSWER, frame->request, &answer, -1);
		return;
	}
	snprintf(w->domain, sizeof w->domain, "%.*s", VIEW_FMT(m->domain));
	snprintf(w->instead, sizeof w->instead, "%.*s", VIEW_FMT(m->instead));
	w->parents = m->parents;
	w->until = clock_monotonic_ms() + WAIT_MS;
	*answers.end = w;
	answers.end = &w->next;
	loop_timer_set(&answers.timer, answers.first->until - clock_monotonic_ms());
}

/* Answers those that can be, and those that have waited too long; the others are in the order of their times.
 */
static void answer_waiting(void *arg)
{
	struct waiting **at = &answers.first;
	int64_t now = clock_monotonic_ms();
	(void)arg;
	while (*at) {
		struct waiting *w = *at;
		struct message_signer signers[SIGNERS_MAX];
		struct message_signers_answer answer = {0};
		struct names names = {view_from_string(w->domain), view_from_string(w->instead), w->parents};
		answer.error = find_signers(&names, signers, &answer);
		if (answer.error == -EAGAIN && now < w->until) {
			at = &w->next;
			continue;
		}
		/* A server whose keys are known and that is busy with others for so long has none for this
		 * one. */
		if (answer.error == -EAGAIN && signing_work_is_ready())
			answer.error = -ENOENT;
		*at = w->next;
		asked_answer(&w->asked, MESSAGE_SIGNERS_ANSWER, &answer);
		mem_free(w);
	}
	answers.end = at;
	if (answers.first)
		loop_timer_set(&answers.timer, answers.first->until - now);
	else
		loop_timer_cancel(&answers.timer);
}

void signing_answer_again(void)
{
	if (answers.first)
		answer_waiting(NULL);
}

void signing_answer_start(struct loop *loop, const struct settings *settings)
{
	answers.settings = settings;
	loop_timer_init(&answers.timer, loop, answer_waiting, NULL);
}

/* ---- a signature ---- */

/* A key that has just been replaced signs what was begun with it: its record stays for days. */
static int sign(const struct message_sign_mail *m, unsigned char *out, size_t *len)
{
	struct signing_domain *d = signing_domain_find(m->domain);
	struct signing_held *held = d && d->enabled ? signing_held_find(d, m->selector) : NULL;
	if (held == NULL || held->private == NULL ||
	    (held->k.state != SIGNING_ACTIVE && held->k.state != SIGNING_REPLACED))
		return signing_work_is_ready() ? -ENOENT : -EAGAIN;
	if (!mail_block_is_of(m->block, m->domain, held->k.selector, held->k.algorithm))
		return -EACCES;
	return dkim_key_sign(held->private, m->block, out, len);
}

void signing_answer_sign(struct link *link, struct channel_frame *frame, const void *message)
{
	unsigned char signature[1024];
	size_t len = sizeof signature;
	const struct message_sign_mail *m = message;
	int error = sign(m, signature, &len);
	if (error == -EACCES || error == -ENOENT)
		log_event(LOG_ERROR, "-", "signature-refused", log_string("peer", role_bit_name(link->peer)),
		    log_text("domain", m->domain), log_text("selector", m->selector), log_errno(error));
	struct message_mail_signed answer = {
	    .error = error, .signature = view_of(signature, error ? 0 : len)};
	ipc_send(&link->channel, MESSAGE_MAIL_SIGNED, frame->request, &answer, -1);
}
