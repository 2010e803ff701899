/* Applying intents: see intent.h. */
#include "account/intent.h"

#include <errno.h>

#include "account/roles.h"
#include "account/slices.h"
#include "base/container.h"
#include "base/mem.h"

/* An account's intents that are looked through for one to be applied: those under way are few. */
enum { INTENTS_LOOKED_AT = 1000 };

int intent_put(struct txn *t, uint64_t shard, uint64_t id, uint32_t part, const struct account_intent *intent)
{
	struct entry value;
	intent_encode(intent, &value);
	return value_put(t, shard, key_intent(id, part), &value);
}

int64_t undelete_until(const struct accounts *a, int64_t now)
{
	return a->undelete_seconds > 0 ? now + a->undelete_seconds : 0;
}

void intent_note_removed(struct account_removed *removed, const struct account_change *c, uint32_t uid)
{
	if (removed == NULL)
		return;
	removed->uids[removed->count++] = uid;
	removed->modseq = c->head.modseq;
}

struct first_intent {
	const struct account_request *r;
	bool found;
	uint64_t id;
	uint32_t part;
	struct account_intent intent;
};

/* Whether it is ours to apply. One that this process is working on isn't, until it asks for that itself. */
static bool is_due(const struct first_intent *first)
{
	const struct account_request *r = first->r;
	if (r->only)
		return first->id == r->only;
	return first->intent.process != r->accounts->process;
}

static int look_at_intent(void *arg, struct view key, struct view value)
{
	struct first_intent *first = arg;
	if (!key_read_intent(key, &first->id, &first->part))
		return -EBADMSG;
	int error = intent_decode(value, &first->intent);
	first->found = error == 0 && is_due(first);
	return error ? error : first->found;
}

static int find_intent(struct txn *t, const struct account_request *r, struct first_intent *first)
{
	struct account_key from = r->only ? key_intent(r->only, 0) : key_letter('I'),
	                   to = r->only ? key_intent(r->only + 1, 0) : key_behind_letter('I');
	struct txn_range range = {
	    .shard = r->shard, .from = key_view(&from), .to = key_view(&to), .limit = INTENTS_LOOKED_AT};
	first->r = r;
	first->found = false;
	int error = txn_range(t, &range, look_at_intent, first);
	return error > 0 ? 0 : error;
}

/* The UIDs that are there, of the intent's ranges, as many as a slice has room for. */
static int collect_messages(
    struct txn *t, uint64_t shard, const struct account_intent *intent, struct slice *all)
{
	int error = 0;
	for (size_t i = 0; i < intent->count && all->count < REMOVE_AT_ONCE && error == 0; i++) {
		struct account_key from = key_message(intent->mailbox, intent->ranges[i].first);
		struct account_key to = key_message(intent->mailbox, intent->ranges[i].last);
		/* The end of a range is exclusive; one byte more includes the last UID. */
		to.data[to.len++] = '\0';
		error = slice_collect(all, t, shard, key_view(&from), key_view(&to), REMOVE_AT_ONCE);
	}
	return error;
}

bool intent_has_room(const struct account_change *c)
{
	return c->writes + MESSAGE_WRITES_MAX + CHANGE_END_WRITES <= STORE_SLICE_KEYS;
}

static int uncount_metadata(struct account_change *c, struct account_key key)
{
	struct account_value v;
	struct view value;
	int error = change_get(c, key, &value);
	if (error == 0 && value_decode(value, &v) == 0)
		c->head.noted_bytes = less(c->head.noted_bytes, v.size);
	c->head.metadata -= c->head.metadata > 0;
	return error == -ENOENT ? 0 : error;
}

/* What else there is of a mailbox, as much as a slice has room for; *left: there is more. */
static int remove_leftovers(struct account_change *c, uint32_t mailbox, bool *left)
{
	const struct account_key from[] = {
	    key_gone(mailbox, 0), key_seen(mailbox, 0, 0), key_metadata(mailbox, 0, (struct view){0})};
	const struct account_key to[] = {key_gone(mailbox + 1, 0), key_seen(mailbox + 1, 0, 0),
	    key_metadata(mailbox + 1, 0, (struct view){0})};
	struct slice *slice = slice_new();
	size_t room =
	    c->writes + CHANGE_END_WRITES < SLICE_KEYS ? SLICE_KEYS - c->writes - CHANGE_END_WRITES : 0;
	int error = 0;
	for (size_t i = 0; i < sizeof from / sizeof *from && error == 0; i++)
		error = slice_collect(slice, c->txn, c->shard, key_view(&from[i]), key_view(&to[i]), room);
	for (size_t i = 0; i < slice->count && error == 0; i++) {
		if (slice->keys[i].data[0] == 'W')
			error = uncount_metadata(c, slice->keys[i]);
		if (error == 0)
			error = change_delete(c, slice->keys[i]);
	}
	*left = slice->count == room;
	slice_free(slice);
	return error;
}

static int remove_mailbox(struct account_change *c, struct change_mailbox *box)
{
	int error = change_delete(c, key_mailbox(box->number));
	box->changed = false; /* or change_end would write it again */
	c->head.mailboxes -= c->head.mailboxes > 0;
	change_mark_state(c, MAIL_STATE_MAILBOXES);
	return error ? error : change_log_destroyed(c, KIND_MAILBOX, box->number);
}

/* Removes as many of them as there is room for; with the last ones the intent goes. */
static int apply_slice(struct account_change *c, struct account_request *r, const struct first_intent *first,
    const struct slice *messages)
{
	const struct account_intent *intent = &first->intent;
	struct change_mailbox *box;
	size_t gone = 0;
	bool left = false;
	int error = change_any_mailbox(c, intent->mailbox, &box);
	if (error == -ENOENT) /* the mailbox is gone, and its messages with it */
		return change_delete(c, key_intent(first->id, first->part));
	for (; gone < messages->count && error == 0 && (gone == 0 || intent_has_room(c)); gone++) {
		uint32_t mailbox, uid;
		if (!key_read_message(slice_key(messages, gone), &mailbox, &uid))
			return -EBADMSG;
		error = message_remove(c, mailbox, uid, undelete_until(r->accounts, intent->time));
		intent_note_removed(r->removed, c, uid);
	}
	r->counted = gone;
	if (error || gone < messages->count || gone == REMOVE_AT_ONCE)
		return error;
	if (intent->what == INTENT_REMOVE_MAILBOX)
		error = remove_leftovers(c, box->number, &left);
	if (error == 0 && !left && intent->what == INTENT_REMOVE_MAILBOX)
		error = remove_mailbox(c, box);
	return error || left ? error : change_delete(c, key_intent(first->id, first->part));
}

/* One slice of an intent; r->more until none is left. */
static int run_repair(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct first_intent *first = mem_alloc(sizeof *first);
	struct account_change *c = mem_alloc(sizeof *c);
	struct slice *messages = slice_new();
	r->more = false;
	r->counted = 0;
	if (r->removed)
		r->removed->count = r->removed->kept_count;
	int error = find_intent(t, r, first);
	if (error == 0 && first->found) {
		error = collect_messages(t, r->shard, &first->intent, messages);
		if (error == 0)
			error = change_begin(c, t, r->shard, r->now);
		if (error == 0)
			error = apply_slice(c, r, first, messages);
		if (error == 0)
			error = change_end(c);
		r->more = error == 0;
	}
	slice_free(messages);
	mem_free(c);
	mem_free(first);
	return error;
}

void account_repair(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_repair, true);
}

/* Is there anything to finish? */
static int run_look(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_head head;
	struct first_intent *first = mem_alloc(sizeof *first);
	int error = head_get(t, r->shard, &head);
	if (error == 0)
		error = find_intent(t, r, first);
	r->more = error == 0 && first->found;
	r->without_roles = error == 0 && !head.roles_made;
	mem_free(first);
	return error;
}

/* An account that was made before each had its mailboxes for sent mail and so on. */
static int run_make_roles(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_change c;
	r->more = false;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = roles_make(&c, view_from_string(r->tag));
	return error ? error : change_end(&c);
}

static void repaired(struct account_request *r, int result)
{
	r->ended = NULL;
	request_take_language(r->accounts, r);
	if (result == 0)
		request_commit(r->accounts, r, run_make_roles, false);
	else
		r->done(r, result);
}

static void looked(struct store_read *read, int result)
{
	struct account_request *r = container_of(read, struct account_request, read);
	r->ended = result == 0 && r->without_roles ? repaired : NULL;
	if (result == 0 && r->more)
		account_repair(r->accounts, r);
	else if (r->ended)
		r->ended(r, 0);
	else
		r->done(r, result);
}

static void look(struct account_request *r)
{
	r->only = 0;
	r->read = (struct store_read){.shard = r->shard, .run = run_look, .arg = r, .done = looked};
	store_read(r->accounts->store, &r->read);
}

void intent_leave(struct accounts *a, uint64_t shard, uint64_t id)
{
	a->left = mem_resize(a->left, (a->left_count + 1) * sizeof *a->left);
	a->left[a->left_count++] = (struct account_left){shard, id};
}

/* Takes one of the account's; 0: none is left. */
static uint64_t take_left(struct accounts *a, uint64_t shard)
{
	for (size_t i = 0; i < a->left_count; i++)
		if (a->left[i].shard == shard) {
			uint64_t id = a->left[i].id;
			a->left[i] = a->left[--a->left_count];
			return id;
		}
	return 0;
}

static void take_up(struct account_request *r);

static void taken_up(struct account_request *r, int result)
{
	if (result == 0) {
		take_up(r);
		return;
	}
	if (result != -ENOENT) /* the account is gone */
		intent_leave(r->accounts, r->shard, r->only);
	r->done(r, result);
}

/* First what this process could not finish, then what others left. */
static void take_up(struct account_request *r)
{
	r->only = take_left(r->accounts, r->shard);
	r->ended = r->only ? taken_up : NULL;
	if (r->only)
		account_repair(r->accounts, r);
	else
		look(r);
}

void account_begin_use(struct accounts *a, struct account_request *r)
{
	r->accounts = a;
	r->count = 0;
	take_up(r);
}
