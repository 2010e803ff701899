/* SHARING_PRINCIPALS: whom the session may see (mail/sharing.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/container.h"
#include "base/mem.h"
#include "mail/sharing.h"
#include "role/store/right_people.h"
#include "role/store/store_private.h"

enum {
	AT_ONCE = 400, /* accounts of one slice: of each some entries are looked at */
	TEXTS_MAX = (SHARING_PRINCIPALS_MAX + STORE_READ_KEYS_MAX) * (ADDRESS_MAX + 1)
};

/* ---- the viewer ---- */

static void shares_known(struct account_shares *shares, int result)
{
	struct right_viewer *v = container_of(shares, struct right_viewer, shares);
	if (result == 0) {
		for (size_t i = 0; i < shares->count; i++)
			v->sharers[i] = shares->shares[i].owner;
		v->viewer.sharer_count = shares->count;
		account_shares_free(shares);
	}
	if (!question_back(v->question))
		return;
	if (result)
		question_fail(v->question, result);
	else
		v->then(v->question);
}

void right_viewer(struct question *q, struct right_viewer *v, void (*then)(struct question *q))
{
	v->question = q;
	v->then = then;
	v->viewer = (struct directory_viewer){.shard = q->right->account, .sharers = v->sharers};
	if (!people_seen_read(store_role.process->settings.people_seen, &v->viewer.seen))
		v->viewer.seen = PEOPLE_NOBODY;
	v->shares = (struct account_shares){.shard = q->right->account, .done = shares_known};
	question_call(q);
	account_shares(&store_role.accounts, &v->shares);
}

/* ---- the list ---- */

enum phase { NUMBERS, SHARERS, PEOPLE, GROUPS, OWN_GROUPS, MEMBERS, PHASES };

struct item {
	uint64_t number;
	uint32_t at, len; /* its address among the texts */
	bool group;
};

struct right_principals {
	struct question question;
	struct right_viewer viewer;
	char *text; /* what addresses have within */
	size_t text_len;
	uint64_t *numbers; /* these alone */
	size_t number_count;

	struct item *items;
	size_t count, room, told;
	struct buf texts;
	bool listed, cut;

	/* The slice that is read. A run may be repeated: it begins where the slice began. */
	struct store_read read;
	enum phase phase;
	size_t at;            /* a number, a group */
	struct address after; /* behind this one; empty: from the start */
	size_t slice_count, slice_text, next_at;
	struct address last;
	bool more;
};

static struct right_principals *principals_of(struct question *question)
{
	return container_of(question, struct right_principals, question);
}

static void release(struct question *question)
{
	struct right_principals *p = principals_of(question);
	mem_free(p->text);
	mem_free(p->numbers);
	mem_free(p->items);
	buf_done(&p->texts);
}

static void tell(struct right_principals *p)
{
	for (; p->told < p->count; p->told++) {
		const struct item *i = &p->items[p->told];
		struct sharing_principal m = {.number = i->number % MAIL_ACCOUNT_END,
		    .kind = i->group ? SHARING_GROUP : SHARING_PERSON,
		    .address = view_take(view_skip(buf_view(&p->texts), i->at), i->len)};
		if (!right_has_room(p->question.right) ||
		    !question_answer(&p->question, SHARING_PRINCIPAL, &m))
			return;
	}
	question_done(&p->question, &(struct mail_done){.number = p->cut});
}

static void go_on(struct question *question)
{
	if (principals_of(question)->listed)
		tell(principals_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* ---- what is gathered ---- */

static bool has_text(const struct right_principals *p, struct view address)
{
	struct view text = view_of(p->text, p->text_len);
	for (; address.len >= text.len; address = view_skip(address, 1))
		if (view_equal_nocase(view_take(address, text.len), text))
			return true;
		else if (address.len == 0)
			break;
	return false;
}

static int add(struct right_principals *p, uint64_t number, bool group, struct view address)
{
	if (!has_text(p, address))
		return 0;
	if (p->count == p->room) /* a slice has told more than it may */
		return -EMSGSIZE;
	struct item *i = &p->items[p->count++];
	*i = (struct item){number, (uint32_t)p->texts.len, (uint32_t)address.len, group};
	return buf_append(&p->texts, address) ? -ENOMEM : 0;
}

static int note_last(struct right_principals *p, struct view address)
{
	return address_normalize(address, &p->last);
}

static int add_account(void *arg, struct view address, const struct directory_account *a)
{
	struct right_principals *p = arg;
	int error = note_last(p, address);
	p->more = true;
	return error || a->disabled ? error : add(p, a->shard, false, address);
}

/* Its number is not in what a list tells: it is looked up behind the list. */
static int add_named(void *arg, struct view address)
{
	struct right_principals *p = arg;
	int error = note_last(p, address);
	p->more = true;
	if (error == 0)
		error = add(p, 0, false, address);
	return error ? error : p->count - p->slice_count >= AT_ONCE;
}

static int add_group(void *arg, struct view address, uint64_t members)
{
	struct right_principals *p = arg;
	(void)members;
	int stop = add_named(arg, address);
	if (p->count > p->slice_count)
		p->items[p->count - 1].group = true;
	return stop;
}

static int find_numbers(struct txn *t, struct right_principals *p)
{
	size_t kept = p->slice_count;
	for (size_t i = p->slice_count; i < p->count; i++) {
		struct item *item = &p->items[i];
		struct view address = view_take(view_skip(buf_view(&p->texts), item->at), item->len);
		struct directory_account account = {.disabled = false};
		int error = item->group ? directory_group_number(t, address, &item->number)
		                        : directory_account_get(t, address, &account);
		if (error && error != -ENOENT)
			return error;
		if (!item->group)
			item->number = account.shard;
		if (error == 0 && !account.disabled)
			p->items[kept++] = *item;
	}
	p->count = kept;
	return 0;
}

static int add_numbers(struct txn *t, struct right_principals *p, const uint64_t *numbers, size_t count)
{
	struct directory_person person;
	for (p->next_at = p->at; p->next_at < count && p->next_at - p->at < AT_ONCE; p->next_at++) {
		int error = directory_sees(t, &p->viewer.viewer, numbers[p->next_at], &person);
		if (error == 0)
			error = add(p, person.number, person.group, person.address);
		if (error && error != -ENOENT)
			return error;
	}
	p->more = p->next_at < count;
	return 0;
}

static int add_members(struct txn *t, struct right_principals *p)
{
	const struct directory_viewer *v = &p->viewer.viewer;
	struct address group;
	struct view name;
	if (p->at >= v->group_count)
		return 0;
	int error = directory_group_name(t, v->groups[p->at], &name);
	if (error == 0)
		error = address_normalize(name, &group);
	if (error == 0)
		error = directory_member_each(t, address_view(&group), address_view(&p->after), add_named, p);
	if (error == -ENOENT) /* it went meanwhile */
		error = 0;
	if (error >= 0)
		error = find_numbers(t, p);
	if (!p->more) { /* the next group, from its start */
		p->next_at = p->at + 1;
		p->last.len = 0;
		p->more = p->next_at < v->group_count;
	}
	return error;
}

/* ---- slices ---- */

static int run_phase(struct txn *t, struct right_principals *p)
{
	const struct directory_viewer *v = &p->viewer.viewer;
	struct view domain = address_domain(&v->address), after = address_view(&p->after);
	int error = 0;
	switch (p->phase) {
	case NUMBERS:
		return add_numbers(t, p, p->numbers, p->number_count);
	case SHARERS:
		return add_numbers(t, p, v->sharers, v->sharer_count);
	case PEOPLE:
		return v->seen == PEOPLE_OF_DOMAIN ? directory_account_each(t, domain, after, add_account, p)
		                                   : add(p, v->shard, false, address_view(&v->address));
	case GROUPS:
		if (v->seen == PEOPLE_OF_DOMAIN)
			error = directory_group_each(t, domain, after, add_group, p);
		return error < 0 ? error : find_numbers(t, p);
	case OWN_GROUPS:
		return v->seen == PEOPLE_NOBODY ? 0 : add_numbers(t, p, v->groups, v->group_count);
	default:
		return v->seen == PEOPLE_NOBODY ? 0 : add_members(t, p);
	}
}

static int run_slice(struct txn *t, void *arg)
{
	struct right_principals *p = arg;
	p->count = p->slice_count;
	buf_truncate(&p->texts, p->slice_text);
	p->next_at = p->at;
	p->last = p->after;
	p->more = false;
	int error = directory_viewer_begin(t, &p->viewer.viewer);
	return error ? error : run_phase(t, p);
}

static int by_number(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void finish(struct right_principals *p)
{
	size_t kept = 0;
	if (p->count)
		qsort(p->items, p->count, sizeof *p->items, by_number);
	for (size_t i = 0; i < p->count; i++)
		if (kept == 0 || p->items[kept - 1].number != p->items[i].number)
			p->items[kept++] = p->items[i];
	/* With some told twice the list may be ended before so many are found. */
	p->cut = kept > SHARING_PRINCIPALS_MAX || p->phase != PHASES;
	p->count = kept > SHARING_PRINCIPALS_MAX ? SHARING_PRINCIPALS_MAX : kept;
	p->listed = true;
	tell(p);
}

static void read_slice(struct right_principals *p);

static void sliced(struct store_read *read, int result)
{
	struct right_principals *p = container_of(read, struct right_principals, read);
	if (!question_back(&p->question))
		return;
	if (result) {
		question_fail(&p->question, result);
		return;
	}
	if (p->more) {
		p->at = p->next_at;
		p->after = p->last;
	} else {
		p->phase = p->phase == NUMBERS ? PHASES : p->phase + 1;
		p->at = 0;
		p->after.len = 0;
	}
	if (p->phase == PHASES || p->count > SHARING_PRINCIPALS_MAX)
		finish(p);
	else
		read_slice(p);
}

/* With room made on the loop's thread. */
static void read_slice(struct right_principals *p)
{
	if (p->room - p->count < STORE_READ_KEYS_MAX) {
		p->room = 2 * p->room + STORE_READ_KEYS_MAX;
		p->items = mem_resize(p->items, p->room * sizeof *p->items);
	}
	p->slice_count = p->count;
	p->slice_text = p->texts.len;
	p->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run_slice, .arg = p, .done = sliced};
	question_call(&p->question);
	store_read(store_role.store, &p->read);
}

static void viewer_known(struct question *question)
{
	read_slice(principals_of(question));
}

void right_principals(struct right *r, uint32_t request, const void *message)
{
	const struct sharing_principals *m = message;
	struct right_principals *p = question_begin(r, request, sizeof *p, &kind);
	struct cursor in = cursor_on(m->numbers);
	buf_init(&p->texts, TEXTS_MAX);
	p->text = mem_string(m->text);
	p->text_len = m->text.len;
	p->phase = m->numbers.len ? NUMBERS : SHARERS;
	p->numbers = mem_array(m->numbers.len / 8 + 1, sizeof *p->numbers);
	while (in.rest.len >= 8)
		p->numbers[p->number_count++] =
		    store_shard(STORE_ACCOUNT, cursor_u64(&in) % MAIL_ACCOUNT_END);
	right_viewer(&p->question, &p->viewer, viewer_known);
}
