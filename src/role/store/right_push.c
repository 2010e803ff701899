/* Subscriptions to what changes in the account: mail/push.h. A session sees those that were made with it. */
#include <errno.h>

#include "account/push.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/random.h"
#include "ledger/pushed.h"
#include "role/store/question.h"
#include "role/store/store_hourly.h"
#include "role/store/store_private.h"
#include "role/store/store_push.h"

enum { ARENA_MAX = PUSH_COUNT_MAX * 4096 /* texts of all of them */ };

struct right_push {
	struct question question;
	struct arena arena;
	int64_t now;
	struct store_read read;
	struct store_commit commit;
	struct account_push list[PUSH_COUNT_MAX];
	size_t count;
	/* A change. */
	struct account_push made;
	struct push_update update;
	char code[PUSH_CODE_SIZE];
	uint64_t account, number;
	int64_t expires;
};

static struct hourly made; /* how many each account has made within an hour */

static void release(struct question *question)
{
	arena_done(&container_of(question, struct right_push, question)->arena);
}

static const struct question_kind kind = {.release = release};

static struct right_push *begin(struct right *r, uint32_t request)
{
	struct right_push *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, ARENA_MAX);
	x->now = clock_wall();
	return x;
}

/* ---- what there is ---- */

static bool copy(struct right_push *x, struct view *text)
{
	return arena_copy(&x->arena, *text, text);
}

static int add(void *arg, const struct account_push *p)
{
	struct right_push *x = arg;
	struct account_push *to = &x->list[x->count];
	if (p->session != x->question.right->session || p->expires <= x->now)
		return 0;
	if (x->count == PUSH_COUNT_MAX)
		return -EBADMSG;
	*to = *p;
	if (!copy(x, &to->types) || !copy(x, &to->device) || !copy(x, &to->code))
		return -ENOMEM;
	x->count++;
	return 0;
}

/* Of what they want to know of emails: what cannot be read is nothing. */
static int add_emails(struct txn *t, struct right_push *x)
{
	int error = 0;
	for (size_t i = 0; i < x->count && error == 0; i++) {
		struct account_push *p = &x->list[i];
		if (!p->emails)
			continue;
		error = account_push_emails(
		    t, x->question.right->account, p->number, &p->email_json, &p->email_form);
		if (error == 0 && !copy(x, &p->email_json))
			error = -ENOMEM;
		if (error == -ENOENT)
			error = 0;
	}
	return error;
}

static int run_list(struct txn *t, void *arg)
{
	struct right_push *x = arg;
	arena_reset(&x->arena);
	x->count = 0;
	int error = account_push_each(t, x->question.right->account, add, x);
	return error ? error : add_emails(t, x);
}

/* They are few and short: the channel takes them all. */
static void listed(struct store_read *read, int result)
{
	struct right_push *x = container_of(read, struct right_push, read);
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	for (size_t i = 0; i < x->count; i++) {
		const struct account_push *p = &x->list[i];
		struct push_entry m = {.number = p->number,
		    .expires = (uint64_t)p->expires,
		    .all_types = p->all_types,
		    .types = p->types,
		    .device = p->device,
		    .code = p->verified ? p->code : (struct view){0},
		    .email_json = p->email_json};
		if (!question_answer(&x->question, PUSH_ENTRY, &m))
			return;
	}
	question_done(&x->question, &(struct mail_done){.error = 0});
}

void right_push_get(struct right *r, uint32_t request, const void *message)
{
	struct right_push *x = begin(r, request);
	(void)message;
	x->read = (struct store_read){.shard = r->account, .run = run_list, .arg = x, .done = listed};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}

/* ---- changing ---- */

static void changed(struct store_commit *c, int result)
{
	struct right_push *x = container_of(c, struct right_push, commit);
	/* Whoever asked for it may be gone: it is there. */
	if (result == 0 && (x->made.number || x->update.has & PUSH_HAS_EMAILS))
		store_push_now(x->account);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		question_done(&x->question,
		    &(struct mail_done){.number = x->made.number, .uidnext = (uint64_t)x->expires});
}

static void commit(struct right_push *x, int (*run)(struct txn *, void *), bool frees)
{
	x->commit = (struct store_commit){.run = run, .arg = x, .done = changed, .frees_space = frees};
	question_call(&x->question);
	store_commit(store_role.store, &x->commit);
}

/* What a client wants, within what is allowed. */
static int64_t limited(uint64_t expires, int64_t now)
{
	int64_t last = now + PUSH_SECONDS_MAX;
	return expires == 0 || expires > (uint64_t)last ? last : (int64_t)expires;
}

static void make_code(char code[PUSH_CODE_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567"; /* 32 of them */
	unsigned char octets[PUSH_CODE_SIZE];
	random_bytes(octets, sizeof octets);
	for (size_t i = 0; i < PUSH_CODE_SIZE; i++)
		code[i] = letters[octets[i] % 32];
}

/* It comes from a process that speaks with strangers: what is kept can be read. */
static bool is_form(struct view bytes)
{
	struct email_push_form form;
	return bytes.len == 0 || email_push_read(bytes, &form);
}

static int run_create(struct txn *t, void *arg)
{
	struct right_push *x = arg;
	int error = account_push_add(t, x->account, x->now, &x->made);
	return error ? error : pushed_put(t, x->account);
}

void right_push_create(struct right *r, uint32_t request, const void *message)
{
	const struct push_create *m = message;
	struct right_push *x = begin(r, request);
	make_code(x->code);
	x->account = r->account;
	x->expires = limited(m->expires, x->now);
	x->made = (struct account_push){.number = 1 + random_u64() % ACCOUNT_PUSH_NUMBERS,
	    .session = r->session,
	    .expires = x->expires,
	    .all_types = m->all_types,
	    .url = m->url,
	    .device = m->device,
	    .types = m->types,
	    .point = m->point,
	    .auth = m->auth,
	    .code = view_of(x->code, sizeof x->code),
	    .emails = m->email_form.len > 0,
	    .email_json = m->email_json,
	    .email_form = m->email_form};
	if (!is_form(m->email_form) || (x->made.emails && m->point.len == 0))
		question_fail(&x->question, -EPERM);
	else if (!hourly_take(&made, r->account, x->now, 1, PUSH_CREATED_MAX))
		question_fail(&x->question, -EUSERS);
	else if (x->expires <= x->now)
		question_fail(&x->question, -EINVAL);
	else if (!copy(x, &x->made.url) || !copy(x, &x->made.device) || !copy(x, &x->made.types) ||
	         !copy(x, &x->made.point) || !copy(x, &x->made.auth) || !copy(x, &x->made.email_json) ||
	         !copy(x, &x->made.email_form))
		question_fail(&x->question, -ENOMEM);
	else
		commit(x, run_create, false);
}

static int run_update(struct txn *t, void *arg)
{
	struct right_push *x = arg;
	const struct right *r = x->question.right;
	return account_push_update(t, r->account, x->now, r->session, &x->update, &x->expires);
}

void right_push_update(struct right *r, uint32_t request, const void *message)
{
	struct right_push *x = begin(r, request);
	x->account = r->account;
	x->update = *(const struct push_update *)message;
	x->update.expires = (uint64_t)limited(x->update.expires, x->now);
	if (!is_form(x->update.email_form))
		question_fail(&x->question, -EPERM);
	else if (copy(x, &x->update.types) && copy(x, &x->update.code) && copy(x, &x->update.email_json) &&
	         copy(x, &x->update.email_form))
		commit(x, run_update, false);
	else
		question_fail(&x->question, -ENOMEM);
}

static int run_remove(struct txn *t, void *arg)
{
	struct right_push *x = arg;
	const struct right *r = x->question.right;
	return account_push_remove(t, r->account, r->session, x->number);
}

void right_push_remove(struct right *r, uint32_t request, const void *message)
{
	struct right_push *x = begin(r, request);
	x->number = ((const struct push_number *)message)->number;
	commit(x, run_remove, true);
}
