/* Mailboxes by their names and paths: see mailbox.h. */
#include "account/mailbox.h"

#include <errno.h>
#include <string.h>

#include "account/slices.h"
#include "base/utf8.h"
#include "format/nfc.h"

/* ---- paths ---- */

struct view mailbox_path_view(const struct mailbox_path *path, size_t levels)
{
	if (levels == 0)
		return (struct view){0};
	const struct view *last = &path->names[levels - 1];
	return view_of(path->text, (size_t)(last->data + last->len - path->text));
}

/* Net-Unicode (RFC 5198 section 2), as RFC 9051 section 5.1 wants: without control characters and without
 * separators of lines and paragraphs. */
static bool is_name(struct view name)
{
	if (view_empty(name) || name.len > ACCOUNT_MAILBOX_NAME_MAX || !utf8_valid(name))
		return false;
	while (!view_empty(name)) {
		int32_t c = utf8_next(&name);
		if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == '/')
			return false;
	}
	return true;
}

/* One that is normal already: as the store has them. */
static int add_normal(struct mailbox_path *path, struct view name)
{
	if (path->count == ACCOUNT_DEPTH_MAX)
		return -EMLINK;
	if (path->count == 0 && view_equal_nocase(name, VIEW("INBOX")))
		name = VIEW("INBOX");
	if (path->count > 0)
		path->text[path->len++] = '/';
	memcpy(path->text + path->len, name.data, name.len);
	path->names[path->count++] = view_of(path->text + path->len, name.len);
	path->len += name.len;
	return 0;
}

int mailbox_path_add(struct mailbox_path *path, struct view name)
{
	struct buf normal;
	int error = -EINVAL;
	buf_init(&normal, ACCOUNT_MAILBOX_NAME_MAX);
	if (is_name(name) && nfc_append(name, &normal) == 0)
		error = add_normal(path, buf_view(&normal));
	buf_done(&normal);
	return error;
}

int mailbox_path_read(struct view text, struct mailbox_path *out)
{
	out->count = out->len = 0;
	do {
		ptrdiff_t end = view_find(text, '/');
		struct view name = end < 0 ? text : view_take(text, (size_t)end);
		int error = mailbox_path_add(out, name);
		if (error)
			return error;
		text = view_skip(text, end < 0 ? text.len : (size_t)end + 1);
	} while (!view_empty(text)); /* a separator at the end says no more than that names may stand below */
	return 0;
}

int mailbox_path_of(struct txn *t, uint64_t shard, uint32_t mailbox, struct mailbox_path *out)
{
	struct account_mailbox m;
	char names[ACCOUNT_DEPTH_MAX][ACCOUNT_MAILBOX_NAME_MAX];
	size_t lengths[ACCOUNT_DEPTH_MAX], count = 0;
	int error = 0;
	out->count = out->len = 0;
	for (; mailbox != MAILBOX_ROOT && error == 0; mailbox = m.parent) {
		error = count == ACCOUNT_DEPTH_MAX ? -EBADMSG : mailbox_get(t, shard, mailbox, &m);
		if (error)
			return error;
		memcpy(names[count], m.name.data, m.name.len);
		lengths[count++] = m.name.len;
	}
	while (count-- > 0 && error == 0)
		error = add_normal(out, view_of(names[count], lengths[count]));
	return error;
}

/* ---- finding ---- */

int mailbox_find(struct txn *t, uint64_t shard, uint32_t parent, struct view name, uint32_t *mailbox)
{
	struct view value;
	uint64_t number;
	if (parent == MAILBOX_ROOT && view_equal_nocase(name, VIEW("INBOX"))) {
		*mailbox = MAILBOX_INBOX;
		return 0;
	}
	if (view_empty(name) || name.len > ACCOUNT_MAILBOX_NAME_MAX)
		return -ENOENT;
	int error = key_get(t, shard, key_mailbox_name(parent, name), &value);
	if (error == 0)
		error = number_decode(value, &number);
	if (error == 0)
		*mailbox = (uint32_t)number;
	return error;
}

int mailbox_follow(struct txn *t, uint64_t shard, const struct mailbox_path *path, uint32_t passing,
    size_t *levels, uint32_t *mailbox)
{
	uint32_t at = MAILBOX_ROOT, next;
	size_t count = 0;
	int error = 0;
	while (count < path->count && error == 0) {
		error = mailbox_find(t, shard, at, path->names[count], &next);
		if (error == -ENOENT)
			break;
		if (error == 0 && next == passing && passing && count + 1 < path->count)
			error = -ELOOP;
		if (error)
			return error;
		at = next;
		count++;
	}
	*levels = count;
	*mailbox = at;
	return 0;
}

int mailbox_at_path(struct txn *t, uint64_t shard, struct view text, uint32_t *mailbox)
{
	struct mailbox_path path;
	size_t levels;
	uint32_t number;
	if (mailbox_path_read(text, &path) != 0)
		return -ENOENT;
	int error = mailbox_follow(t, shard, &path, 0, &levels, &number);
	if (error)
		return error;
	if (levels < path.count || number == MAILBOX_ROOT)
		return -ENOENT;
	*mailbox = number;
	return 0;
}

int mailbox_for_delivery(struct txn *t, uint64_t shard, struct view name, uint32_t *mailbox)
{
	struct account_head head;
	bool junk = view_equal_nocase(name, VIEW("\\Junk"));
	int error = junk ? head_get(t, shard, &head) : mailbox_find(t, shard, MAILBOX_ROOT, name, mailbox);
	if (junk && error == 0)
		*mailbox = head.roles[MAILBOX_ROLE_JUNK];
	if (junk && error == 0 && *mailbox == 0)
		error = -ENOENT;
	if (error == -ENOENT)
		*mailbox = MAILBOX_INBOX;
	return error == -ENOENT ? 0 : error;
}

/* ---- making ---- */

int mailbox_room(const struct account_change *c, size_t more)
{
	return c->head.mailboxes + more > ACCOUNT_MAILBOXES_MAX ? -EMLINK : 0;
}

int mailbox_inherit(struct account_change *c, uint32_t parent, struct account_mailbox *m)
{
	struct account_mailbox p;
	int error = parent == MAILBOX_ROOT ? -ENOENT : mailbox_get(c->txn, c->shard, parent, &p);
	if (error)
		return error == -ENOENT ? 0 : error;
	m->grant_count = p.grant_count;
	if (p.grant_count)
		memcpy(m->grants, p.grants, p.grant_count * sizeof *p.grants);
	return 0;
}

int mailbox_put_name(struct account_change *c, uint32_t parent, struct view name, uint32_t mailbox)
{
	struct entry value;
	number_encode(mailbox, &value);
	return change_put(c, key_mailbox_name(parent, name), &value);
}

static int make_one(struct account_change *c, struct view path, struct account_mailbox *m, uint32_t *mailbox)
{
	struct entry value;
	bool subscribed;
	int error = subscription_take(c, path, &subscribed);
	if (error)
		return error;
	m->subscribed = m->subscribed || subscribed;
	m->uidvalidity = c->head.next_uidvalidity++;
	if (c->head.next_uidvalidity == 0)
		c->head.next_uidvalidity = 1;
	m->uidnext = m->recent = 1;
	m->created_modseq = m->modseq = m->messages_modseq = c->head.modseq;
	change_mark_state(c, MAIL_STATE_MAILBOXES);
	*mailbox = c->head.next_mailbox++;
	c->head.mailboxes++;
	if (m->role)
		c->head.roles[m->role] = *mailbox;
	mailbox_encode(m, &value);
	error = change_put(c, key_mailbox(*mailbox), &value);
	return error ? error : mailbox_put_name(c, m->parent, m->name, *mailbox);
}

int mailbox_make(struct account_change *c, const struct mailbox_path *path, size_t levels, uint32_t parent,
    struct account_mailbox *last, uint32_t *mailbox)
{
	int error = 0;
	for (*mailbox = parent; levels < path->count && error == 0; levels++) {
		/* What is made on the way has the same grants, and nothing else of it. */
		struct account_mailbox between = *last;
		struct account_mailbox *m = levels + 1 == path->count ? last : &between;
		if (m == &between) {
			m->role = MAILBOX_ROLE_NONE;
			m->order = 0;
			m->subscribed = false;
		}
		m->parent = *mailbox;
		m->name = path->names[levels];
		error = make_one(c, mailbox_path_view(path, levels + 1), m, mailbox);
	}
	return error;
}

/* ---- subscriptions to what is not there ---- */

static int get_subscription(struct account_change *c, struct view path, bool *found)
{
	struct view value, there;
	int error = change_get(c, key_subscription(path), &value);
	if (error == 0)
		error = summary_decode(value, &there);
	*found = error == 0 && view_equal(there, path);
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

int subscription_put(struct account_change *c, struct view path)
{
	struct entry value;
	bool found;
	if (view_empty(path) || path.len > ACCOUNT_PATH_KEPT_MAX)
		return -EINVAL;
	int error = get_subscription(c, path, &found);
	if (error || found)
		return error;
	if (c->head.subscriptions >= ACCOUNT_SUBSCRIPTIONS_MAX)
		return -EMLINK;
	c->head.subscriptions++;
	summary_encode(path, &value);
	return change_put(c, key_subscription(path), &value);
}

int subscription_take(struct account_change *c, struct view path, bool *found)
{
	*found = false;
	int error = c->head.subscriptions > 0 ? get_subscription(c, path, found) : 0;
	if (error || !*found)
		return error;
	c->head.subscriptions--;
	return change_delete(c, key_subscription(path));
}

/* ---- what is remembered of removed ones ---- */

int mailbox_remember(
    struct account_change *c, uint32_t mailbox, const struct mailbox_path *path, uint8_t role, int64_t until)
{
	struct account_remembered m = {
	    .until = until, .role = role, .path = mailbox_path_view(path, path->count)};
	struct entry value;
	/* Without it, its messages come back into INBOX. */
	if (c->head.remembered >= ACCOUNT_REMEMBERED_MAX || m.path.len > ACCOUNT_PATH_KEPT_MAX)
		return 0;
	c->head.remembered++;
	remembered_encode(&m, &value);
	return change_put(c, key_remembered(mailbox), &value);
}

struct expired {
	struct slice *slice;
	int64_t now;
};

static int collect_expired(void *arg, struct view key, struct view value)
{
	struct expired *x = arg;
	struct account_remembered m;
	if (remembered_decode(value, &m) == 0 && m.until > x->now)
		return 0;
	return slice_add(x->slice, key) ? 0 : 1;
}

int mailbox_forget_removed(struct account_change *c, int64_t now, size_t *forgotten)
{
	struct account_key from = key_remembered(0), to = key_remembered(UINT32_MAX);
	struct expired x = {.slice = slice_new(), .now = now};
	struct txn_range range = {.shard = c->shard, .from = key_view(&from), .to = key_view(&to)};
	int error = txn_range(c->txn, &range, collect_expired, &x);
	for (size_t i = 0; i < x.slice->count && error >= 0; i++) {
		error = change_delete(c, x.slice->keys[i]);
		c->head.remembered -= c->head.remembered > 0;
	}
	*forgotten = x.slice->count;
	slice_free(x.slice);
	return error < 0 ? error : 0;
}
