/*
 * All mailboxes with their paths: see mailboxes.h. G entries are read in the order of their numbers, a slice
 * at a time, and subscriptions to what is not there behind them; the paths are put together at the end, on
 * the loop's thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account/change.h"
#include "account/mailboxes.h"
#include "account/seen.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	AT_ONCE = STORE_READ_KEYS_MAX - 2,
	/* Names and paths together: of mailboxes that all stand as deep and have names as long as may be. */
	TEXTS_MAX = (ACCOUNT_MAILBOXES_MAX + ACCOUNT_SUBSCRIPTIONS_MAX) *
	            (ACCOUNT_PATH_MAX + ACCOUNT_MAILBOX_NAME_MAX)
};

enum phase { READ_MAILBOXES, READ_SUBSCRIPTIONS, READ_ALL };

/* ---- rights ---- */

static bool is_granted_to(const struct account_grant *g, const struct account_who *who)
{
	if (g->kind == GRANT_ANYONE)
		return true;
	if (g->kind == GRANT_USER)
		return g->who == who->user;
	for (size_t i = 0; i < who->group_count; i++)
		if (g->who == who->groups[i])
			return true;
	return false;
}

uint32_t account_rights(const struct account_mailbox *m, const struct account_who *who)
{
	uint32_t given = 0, taken = 0;
	if (who == NULL)
		return RIGHT_ALL;
	for (size_t i = 0; i < m->grant_count; i++)
		if (is_granted_to(&m->grants[i], who))
			*(m->grants[i].negative ? &taken : &given) |= m->grants[i].rights;
	return given & ~taken;
}

static int run_access(struct txn *t, void *arg)
{
	struct account_access *x = arg;
	struct account_head head;
	struct account_mailbox m;
	int error = head_get(t, x->shard, &head);
	if (error == 0)
		error = mailbox_get(t, x->shard, x->mailbox, &m);
	if (error == 0)
		x->rights = account_rights(&m, x->who);
	return error;
}

static void access_known(struct store_read *read, int result)
{
	struct account_access *x = container_of(read, struct account_access, read);
	x->done(x, result);
}

void account_access(struct accounts *a, struct account_access *x)
{
	x->read = (struct store_read){.shard = x->shard, .run = run_access, .arg = x, .done = access_known};
	store_read(a->store, &x->read);
}

/* ---- reading ---- */

/* The text's place in the buffer, which may still move. */
static int copy_text(struct account_tree *t, struct view text, struct view *out)
{
	*out = view_of((const char *)(uintptr_t)t->texts->len, text.len);
	return buf_append(t->texts, text);
}

static int add_mailbox(struct account_tree *t, uint32_t number, const struct account_mailbox *m)
{
	if (t->count == t->room)
		return -EBADMSG; /* more than an account can have */
	struct account_tree_mailbox *out = &t->mailboxes[t->count++];
	*out = (struct account_tree_mailbox){.number = number,
	    .parent = m->parent,
	    .changed = m->modseq > m->messages_modseq ? m->modseq : m->messages_modseq,
	    .rights = account_rights(m, t->who),
	    .uidvalidity = m->uidvalidity,
	    .uidnext = m->uidnext,
	    .recent = m->recent,
	    .messages = m->messages,
	    .unseen = m->unseen,
	    .deleted = m->deleted,
	    .order = m->order,
	    .bytes = m->bytes,
	    .deleted_bytes = m->deleted_bytes,
	    .modseq = m->modseq,
	    .messages_modseq = m->messages_modseq,
	    .role = m->role,
	    .subscribed = m->subscribed,
	    .shared = m->grant_count > 0};
	return copy_text(t, m->name, &out->path);
}

static int add_entry(void *arg, struct view key, struct view value)
{
	struct account_tree *t = arg;
	struct account_mailbox m;
	struct view path;
	memcpy(t->from.data, key.data, key.len);
	t->from.data[key.len] = '\0';
	t->from.len = key.len + 1;
	t->seen++;
	if (t->phase == READ_MAILBOXES) {
		uint32_t number;
		int error = mailbox_decode(value, &m);
		if (error == 0 && !key_read_mailbox(key, &number))
			error = -EBADMSG;
		return error || m.removing ? error : add_mailbox(t, number, &m);
	}
	int error = summary_decode(value, &path);
	if (error || t->count == t->room)
		return error;
	t->mailboxes[t->count] = (struct account_tree_mailbox){.subscribed = true};
	return copy_text(t, path, &t->mailboxes[t->count++].path);
}

static int read_slice(struct txn *txn, struct account_tree *t)
{
	struct account_key to = t->phase == READ_MAILBOXES ? key_behind_letter('G') : key_subscriptions_end();
	struct account_key from = t->slice_from;
	struct txn_range range = {
	    .shard = t->shard, .from = key_view(&from), .to = key_view(&to), .limit = AT_ONCE};
	t->seen = 0;
	int error = txn_range(txn, &range, add_entry, t);
	t->more = t->seen == AT_ONCE;
	return error;
}

/* One, and those above it, from which its path comes. */
static int read_chain(struct txn *txn, struct account_tree *t)
{
	uint32_t number = t->only;
	for (size_t i = 0; number != MAILBOX_ROOT; i++) {
		struct account_mailbox m;
		int error = i == ACCOUNT_DEPTH_MAX ? -EBADMSG : mailbox_get(txn, t->shard, number, &m);
		if (error == 0)
			error = add_mailbox(t, number, &m);
		uint32_t *unseen = &t->mailboxes[t->count - 1].unseen;
		if (error == 0 && t->who && number == t->only)
			error = seen_count_unseen(txn, t->shard, number, t->who->user, m.messages, unseen);
		if (error)
			return error;
		number = m.parent;
	}
	return 0;
}

static int run_tree(struct txn *txn, void *arg)
{
	struct account_tree *t = arg;
	struct account_head head;
	t->count = t->slice_count;
	buf_truncate(t->texts, t->slice_text);
	t->more = false;
	t->from = t->slice_from;
	int error = head_get(txn, t->shard, &head);
	if (error)
		return error;
	t->modseq = head.modseq;
	if (t->only)
		return read_chain(txn, t);
	if (t->phase == READ_SUBSCRIPTIONS && (t->who || head.subscriptions == 0))
		return 0;
	return read_slice(txn, t);
}

/* ---- paths ---- */

static int by_number(const void *a, const void *b)
{
	const struct account_tree_mailbox *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct account_tree_mailbox *find(const struct account_tree *t, uint32_t number)
{
	struct account_tree_mailbox wanted = {.number = number};
	return number ? bsearch(&wanted, t->mailboxes, t->count, sizeof wanted, by_number) : NULL;
}

static struct view text_at(const struct account_tree *t, struct view place)
{
	return view_of(buf_view(t->texts).data + (uintptr_t)place.data, place.len);
}

/* The names from the top down, behind all texts so far; and the latest change on the way. An orphan, which a
 * rename between two slices can make, is left out: `false`. */
static bool put_path(
    struct account_tree *t, const struct account_tree_mailbox *m, struct buf *path, uint64_t *changed)
{
	const struct account_tree_mailbox *chain[ACCOUNT_DEPTH_MAX];
	size_t count = 0;
	*changed = m->changed;
	for (;;) {
		if (count == ACCOUNT_DEPTH_MAX)
			return false;
		chain[count++] = m;
		if (m->parent == MAILBOX_ROOT)
			break;
		m = find(t, m->parent);
		if (m == NULL)
			return false;
		if (m->modseq > *changed)
			*changed = m->modseq;
	}
	buf_clear(path);
	while (count-- > 0) {
		buf_append(path, text_at(t, chain[count]->path));
		if (count > 0)
			buf_append_byte(path, '/');
	}
	return true;
}

/* "/" comes before all others, so that what is below a mailbox follows it. */
static int by_path(const void *a, const void *b)
{
	const struct account_tree_mailbox *x = a, *y = b;
	size_t len = x->path.len < y->path.len ? x->path.len : y->path.len, i = 0;
	while (i < len && x->path.data[i] == y->path.data[i])
		i++;
	if (i < len) {
		unsigned char c = (unsigned char)x->path.data[i], d = (unsigned char)y->path.data[i];
		return (c == '/' ? 0 : c) < (d == '/' ? 0 : d) ? -1 : 1;
	}
	if (x->path.len != y->path.len)
		return x->path.len < y->path.len ? -1 : 1;
	return x->number == 0 ? y->number != 0 : y->number == 0 ? -1 : 0;
}

/* A name that is subscribed and has a mailbox by now: one line for both. */
static void join_subscriptions(struct account_tree *t)
{
	size_t kept = 0;
	for (size_t i = 0; i < t->count; i++) {
		struct account_tree_mailbox *before = kept ? &t->mailboxes[kept - 1] : NULL;
		if (before && t->mailboxes[i].number == 0 && view_equal(before->path, t->mailboxes[i].path))
			before->subscribed = true;
		else
			t->mailboxes[kept++] = t->mailboxes[i];
	}
	t->count = kept;
}

/* May whoever looks see it? One who sees a mailbox sees its path. */
static bool is_shown(const struct account_tree *t, const struct account_tree_mailbox *m)
{
	return (m->rights & RIGHT_LOOKUP || m->number == 0) && (t->only == 0 || m->number == t->only);
}

static int put_paths(struct account_tree *t)
{
	struct account_tree_mailbox *all = t->mailboxes;
	struct buf path;
	size_t kept = 0;
	buf_init(&path, ACCOUNT_PATH_MAX);
	/* Of each first its path; the names are still needed for the others. */
	struct view *paths = mem_array(t->count + 1, sizeof *paths);
	uint64_t *changed = mem_array(t->count + 1, sizeof *changed);
	for (size_t i = 0; i < t->count; i++) {
		paths[i] = all[i].path;
		if (all[i].number && !put_path(t, &all[i], &path, &changed[i]))
			paths[i].len = 0;
		else if (all[i].number && copy_text(t, buf_view(&path), &paths[i]) != 0)
			break;
	}
	for (size_t i = 0; i < t->count; i++) {
		if (paths[i].len == 0 || !is_shown(t, &all[i]))
			continue;
		all[kept] = all[i];
		all[kept].path = text_at(t, paths[i]);
		all[kept++].changed = changed[i];
		if (changed[i] > t->mailboxes_modseq)
			t->mailboxes_modseq = changed[i];
	}
	t->count = kept;
	mem_free(paths);
	mem_free(changed);
	buf_done(&path);
	return buf_failed(t->texts) ? -ENOMEM : 0;
}

static int finish(struct account_tree *t)
{
	/* A chain comes from below; subscriptions have no number, and stand in front from here on. */
	if (t->count)
		qsort(t->mailboxes, t->count, sizeof *t->mailboxes, by_number);
	int error = put_paths(t);
	if (error)
		return error;
	if (t->count)
		qsort(t->mailboxes, t->count, sizeof *t->mailboxes, by_path);
	join_subscriptions(t);
	return t->only && t->count == 0 ? -ENOENT : 0;
}

static void next_slice(struct account_tree *t);

static void ended(struct store_read *read, int result)
{
	struct account_tree *t = container_of(read, struct account_tree, read);
	if (result == 0 && !t->more && !t->only && ++t->phase < READ_ALL) {
		t->from = key_subscriptions();
		t->more = true;
	}
	if (result == 0 && t->more) {
		next_slice(t);
		return;
	}
	if (result == 0)
		result = finish(t);
	if (result)
		account_tree_free(t);
	t->done(t, result);
}

/* With room made on the loop's thread. */
static void next_slice(struct account_tree *t)
{
	if (t->room - t->count < AT_ONCE) {
		t->room = t->count + AT_ONCE;
		t->mailboxes = mem_resize(t->mailboxes, t->room * sizeof *t->mailboxes);
	}
	t->slice_count = t->count;
	t->slice_text = t->texts->len;
	t->slice_from = t->from;
	t->read = (struct store_read){.shard = t->shard, .run = run_tree, .arg = t, .done = ended};
	store_read(t->accounts->store, &t->read);
}

void account_tree(struct accounts *a, struct account_tree *t)
{
	t->accounts = a;
	t->mailboxes = NULL;
	t->count = t->room = 0;
	t->mailboxes_modseq = 0;
	t->phase = READ_MAILBOXES;
	t->from = key_letter('G');
	t->texts = mem_alloc(sizeof *t->texts);
	buf_init(t->texts, TEXTS_MAX);
	next_slice(t);
}

void account_tree_free(struct account_tree *t)
{
	mem_free(t->mailboxes);
	if (t->texts)
		buf_done(t->texts);
	mem_free(t->texts);
	t->mailboxes = NULL;
	t->texts = NULL;
	t->count = 0;
}
