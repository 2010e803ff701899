/* MASKED_GET, MASKED_CREATE, MASKED_UPDATE: mail/masked.h. An address and what its owner sees of it are
 * written in one commit, and it is the channel that says whose they are. */
#include <errno.h>
#include <stdio.h>

#include "account/masked.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/random.h"
#include "config/masked_domain.h"
#include "directory/directory.h"
#include "directory/groups.h"
#include "directory/masked.h"
#include "role/store/question.h"
#include "role/store/store_hourly.h"
#include "role/store/store_private.h"

enum {
	GUESS_OCTETS = 10,   /* letters of 32: 50 bits, so that nobody finds one by trying */
	ARENA_MAX = 4 << 20, /* texts of all of an account's, with what it copies while the list grows */
	TRIES = 3
};
_Static_assert((int)MASKED_EVER_MAX < (int)STORE_READ_KEYS_MAX, "one slice reads all of them");
_Static_assert(MASKED_EVER_MAX *(MASKED_EMAIL_MAX + MASKED_DOMAIN_MAX + 2 * MASKED_TEXT_MAX +
                                 4 * sizeof(struct account_masked)) < ARENA_MAX,
    "they have room");

struct right_masked {
	struct question question;
	struct arena arena;
	struct store_read read;
	struct store_commit commit;
	struct account_masked *list;
	size_t count, room, told;
	/* A change. */
	struct masked_update update;
	struct account_masked made; /* its texts are in the arena, but for the address: */
	char email[MASKED_EMAIL_MAX];
	char guess[GUESS_OCTETS];
	struct view prefix;
	unsigned tries;
	uint64_t most;       /* the setting masked_addresses */
	struct view domains; /* and masked_domains */
};

static struct hourly made; /* how many each account has made within an hour */

static struct right_masked *masked_of(struct question *question)
{
	return container_of(question, struct right_masked, question);
}

static void release(struct question *question)
{
	arena_done(&masked_of(question)->arena);
}

/* ---- what there is ---- */

static void tell(struct right_masked *x)
{
	for (; x->told < x->count; x->told++) {
		const struct account_masked *m = &x->list[x->told];
		struct masked_entry e = {.number = m->number,
		    .state = m->state,
		    .created = (uint64_t)m->created,
		    .last = (uint64_t)m->last,
		    .email = m->email,
		    .for_domain = m->for_domain,
		    .description = m->description,
		    .created_by = m->created_by};
		if (!right_has_room(x->question.right) || !question_answer(&x->question, MASKED_ENTRY, &e))
			return;
	}
	question_done(&x->question, &(struct mail_done){.number = x->made.number});
}

static void go_on(struct question *question)
{
	tell(masked_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static bool copy(struct right_masked *x, struct view *text)
{
	return arena_copy(&x->arena, *text, text);
}

static struct right_masked *begin(struct right *r, uint32_t request)
{
	struct right_masked *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, ARENA_MAX);
	x->most = store_role.process->settings.masked_addresses;
	x->domains = store_role.process->settings.masked_domains;
	if (!copy(x, &x->domains)) /* a reload may come before the commit */
		x->most = 0;
	return x;
}

static int add(void *arg, const struct account_masked *m)
{
	struct right_masked *x = arg;
	if (x->count == x->room) {
		size_t room = x->room ? 2 * x->room : 64;
		struct account_masked *list = arena_array(&x->arena, room, sizeof *list);
		if (list == NULL)
			return -ENOMEM;
		for (size_t i = 0; i < x->count; i++)
			list[i] = x->list[i];
		x->list = list;
		x->room = room;
	}
	struct account_masked *to = &x->list[x->count];
	*to = *m;
	if (!copy(x, &to->email) || !copy(x, &to->for_domain) || !copy(x, &to->description) ||
	    !copy(x, &to->created_by))
		return -ENOMEM;
	x->count++;
	return 0;
}

static int run_list(struct txn *t, void *arg)
{
	struct right_masked *x = arg;
	arena_reset(&x->arena);
	x->list = NULL;
	x->count = x->room = 0;
	return account_masked_each(t, x->question.right->account, add, x);
}

static void listed(struct store_read *read, int result)
{
	struct right_masked *x = container_of(read, struct right_masked, read);
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		tell(x);
}

void right_masked_get(struct right *r, uint32_t request, const void *message)
{
	struct right_masked *x = begin(r, request);
	(void)message;
	x->read = (struct store_read){.shard = r->account, .run = run_list, .arg = x, .done = listed};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}

/* ---- making ---- */

struct count {
	uint64_t living;
	uint32_t last;
};

/* The address, at the account's own domain. No sub-address: that would be somebody else's. */
static int write_address(struct txn *t, struct right_masked *x)
{
	struct directory_domain d;
	struct view own;
	int error = directory_account_address(t, x->question.right->account, &own);
	if (error)
		return error;
	ptrdiff_t at = view_find_last(own, '@');
	if (at < 0)
		return -EBADMSG;
	struct view domain = view_skip(own, (size_t)at + 1);
	error = directory_domain_get(t, domain, &d);
	if (error)
		return error;
	int len = snprintf(x->email, sizeof x->email, "%.*s%s%.*s@%.*s", VIEW_FMT(x->prefix),
	    view_empty(x->prefix) ? ""
	    : d.separator == '.'  ? "-"
	                          : ".",
	    GUESS_OCTETS, x->guess, VIEW_FMT(domain));
	if (len < 0 || (size_t)len >= sizeof x->email)
		return -EINVAL;
	x->made.email = view_of(x->email, (size_t)len);
	return 0;
}

/* How many the account may have. */
static int most_of(struct txn *t, const struct right_masked *x, uint64_t *most)
{
	struct view own;
	int error = directory_account_address(t, x->question.right->account, &own);
	ptrdiff_t at = error ? -1 : view_find_last(own, '@');
	if (at >= 0)
		*most = masked_domains_most(x->domains, view_skip(own, (size_t)at + 1), x->most);
	return error;
}

static int run_create(struct txn *t, void *arg)
{
	struct right_masked *x = arg;
	uint64_t owner = x->question.right->account;
	struct directory_masked masked = {.owner = owner, .on = x->made.state == MASKED_ENABLED};
	struct count count = {0};
	int error = account_masked_count(t, owner, &count.living, &count.last);
	uint64_t most = 0;
	if (error == 0)
		error = most_of(t, x, &most);
	/* Those that were deleted stay taken: no account may take addresses for ever. */
	if (error == 0 && (count.living >= most || count.last >= MASKED_EVER_MAX))
		error = -EMLINK;
	masked.number = count.last + 1;
	if (error == 0)
		error = write_address(t, x);
	if (error == 0)
		error = directory_masked_add(t, x->made.email, &masked);
	x->made.number = count.last + 1;
	return error ? error : account_masked_put(t, owner, &x->made);
}

static void guess(struct right_masked *x)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	unsigned char octets[GUESS_OCTETS];
	random_bytes(octets, sizeof octets);
	for (size_t i = 0; i < GUESS_OCTETS; i++)
		x->guess[i] = letters[octets[i] % 32];
}

static void created(struct store_commit *c, int result);

static void create(struct right_masked *x)
{
	guess(x);
	x->commit = (struct store_commit){.run = run_create, .arg = x, .done = created};
	question_call(&x->question);
	store_commit(store_role.store, &x->commit);
}

static void created(struct store_commit *c, int result)
{
	struct right_masked *x = container_of(c, struct right_masked, commit);
	if (!question_back(&x->question))
		return;
	if (result == -EEXIST && ++x->tries < TRIES) {
		create(x);
		return;
	}
	if (result) {
		question_fail(&x->question, result == -EEXIST ? -EAGAIN : result);
		return;
	}
	x->list = &x->made;
	x->count = 1;
	tell(x);
}

static bool is_prefix(struct view prefix)
{
	for (size_t i = 0; i < prefix.len; i++) {
		char c = prefix.data[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return prefix.len <= MASKED_PREFIX_MAX;
}

void right_masked_create(struct right *r, uint32_t request, const void *message)
{
	const struct masked_create *m = message;
	struct right_masked *x = begin(r, request);
	int64_t now = clock_wall();
	x->made = (struct account_masked){.state = (uint8_t)m->state,
	    .created = now,
	    .for_domain = m->for_domain,
	    .description = m->description,
	    .created_by = m->created_by};
	x->prefix = m->prefix;
	if (!copy(x, &x->prefix) || !copy(x, &x->made.for_domain) || !copy(x, &x->made.description) ||
	    !copy(x, &x->made.created_by))
		question_fail(&x->question, -ENOMEM);
	else if (!is_prefix(x->prefix))
		question_fail(&x->question, -EINVAL);
	else if (!hourly_take(&made, r->account, now, 1, MASKED_HOUR_MAX))
		question_fail(&x->question, -EUSERS);
	else
		create(x);
}

/* ---- changing ---- */

static int run_update(struct txn *t, void *arg)
{
	struct right_masked *x = arg;
	uint64_t owner = x->question.right->account;
	struct account_masked now, changed;
	struct count count = {0};
	int error = account_masked_get(t, owner, (uint32_t)x->update.number, &now);
	if (error)
		return error;
	/* What was read lives until the first write. */
	changed = now;
	if (x->update.has & MASKED_HAS_STATE)
		changed.state = (uint8_t)x->update.state;
	if (x->update.has & MASKED_HAS_DOMAIN)
		changed.for_domain = x->update.for_domain;
	if (x->update.has & MASKED_HAS_DESCRIPTION)
		changed.description = x->update.description;
	if (!copy(x, &changed.email) || !copy(x, &changed.for_domain) || !copy(x, &changed.description) ||
	    !copy(x, &changed.created_by))
		return -ENOMEM;
	/* One that was deleted counts again. */
	if (now.state == MASKED_DELETED && changed.state != MASKED_DELETED) {
		uint64_t most = 0;
		error = account_masked_count(t, owner, &count.living, &count.last);
		if (error == 0)
			error = most_of(t, x, &most);
		if (error == 0 && count.living >= most)
			error = -EMLINK;
		if (error)
			return error;
	}
	struct directory_masked masked = {
	    .owner = owner, .on = changed.state == MASKED_ENABLED, .number = changed.number};
	/* The directory may refuse, and so comes first. */
	if (masked.on != (now.state == MASKED_ENABLED))
		error = directory_masked_set(t, changed.email, &masked);
	if (error)
		return error == -ENOENT ? -EACCES : error;
	return account_masked_put(t, owner, &changed);
}

static void updated(struct store_commit *c, int result)
{
	struct right_masked *x = container_of(c, struct right_masked, commit);
	if (question_back(&x->question))
		question_fail(&x->question, result);
}

void right_masked_update(struct right *r, uint32_t request, const void *message)
{
	struct right_masked *x = begin(r, request);
	x->update = *(const struct masked_update *)message;
	if (!copy(x, &x->update.for_domain) || !copy(x, &x->update.description)) {
		question_fail(&x->question, -ENOMEM);
		return;
	}
	x->commit = (struct store_commit){.run = run_update, .arg = x, .done = updated};
	question_call(&x->question);
	store_commit(store_role.store, &x->commit);
}
