/* Entries of annotations: see annotation_entries.h. Each holds its value. */
#include "account/annotation_entries.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

/* Copied, since reading and writing go on. */
struct entries {
	size_t count;
	struct {
		struct account_key key;
		size_t at, len;
	} items[MAIL_ANNOTATIONS_OF_MESSAGE];
	struct buf values;
};

static int note_entry(void *arg, struct view key, struct view value)
{
	struct entries *e = arg;
	if (e->count == MAIL_ANNOTATIONS_OF_MESSAGE || key.len > sizeof e->items[0].key.data)
		return -EBADMSG;
	memcpy(e->items[e->count].key.data, key.data, key.len);
	e->items[e->count].key.len = key.len;
	e->items[e->count].at = buf_view(&e->values).len;
	e->items[e->count++].len = value.len;
	return buf_append(&e->values, value);
}

/* NULL: there are none, or *error says why they cannot be read. */
static struct entries *read_entries(struct account_change *c, uint32_t mailbox, uint32_t uid, int *error)
{
	*error = 0;
	if (c->head.annotations == 0)
		return NULL;
	struct account_key from = key_annotation(mailbox, uid, 0, (struct view){0}),
	                   to = key_annotations_behind(mailbox, uid);
	struct txn_range range = {.shard = c->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = MAIL_ANNOTATIONS_OF_MESSAGE + 1};
	struct entries *e = mem_alloc(sizeof *e);
	buf_init(&e->values, MAIL_ANNOTATIONS_OF_MESSAGE * STORE_ENTRY_MAX);
	*error = txn_range(c->txn, &range, note_entry, e);
	if (*error == 0 && e->count > 0)
		return e;
	buf_done(&e->values);
	mem_free(e);
	return NULL;
}

static struct view value_of(const struct entries *e, size_t i)
{
	return view_take(view_skip(buf_view(&e->values), e->items[i].at), e->items[i].len);
}

static void free_entries(struct entries *e)
{
	buf_done(&e->values);
	mem_free(e);
}

static void count_more(struct account_change *c, uint64_t size)
{
	c->head.annotations++;
	c->head.noted_bytes += size;
	c->head_changed = true;
}

static void count_less(struct account_change *c, uint64_t size)
{
	c->head.annotations -= c->head.annotations > 0;
	c->head.noted_bytes = less(c->head.noted_bytes, size);
	c->head_changed = true;
}

/* A damaged one counts as empty. */
static uint64_t size_of(struct view encoded)
{
	struct account_value value;
	return value_decode(encoded, &value) == 0 ? value.size : 0;
}

int annotations_count(struct account_change *c, uint32_t mailbox, uint32_t uid, size_t *count)
{
	int error;
	struct entries *e = read_entries(c, mailbox, uid, &error);
	*count = e ? e->count : 0;
	if (e)
		free_entries(e);
	return error;
}

int annotations_drop(struct account_change *c, uint32_t mailbox, uint32_t uid)
{
	int error;
	struct entries *e = read_entries(c, mailbox, uid, &error);
	for (size_t i = 0; e && i < e->count && error == 0; i++) {
		error = change_delete(c, e->items[i].key);
		count_less(c, size_of(value_of(e, i)));
	}
	if (e)
		free_entries(e);
	return error;
}

/* False: it does not go with a copy. A damaged one does not. */
static bool is_copied(const struct account_change *c, const struct entries *e, size_t i, uint64_t *user,
    struct view *name, struct account_value *value)
{
	uint32_t box, message;
	if (!key_read_annotation(key_view(&e->items[i].key), &box, &message, user, name))
		return false;
	return (*user == 0 ? !c->without_shared : *user == c->user) &&
	       value_decode(value_of(e, i), value) == 0;
}

int annotations_weigh(struct account_change *c, uint32_t mailbox, uint32_t uid, struct annotations_weight *w)
{
	int error;
	struct entries *e = read_entries(c, mailbox, uid, &error);
	*w = (struct annotations_weight){.all = e ? e->count : 0};
	for (size_t i = 0; e && i < e->count; i++) {
		uint64_t user;
		struct view name;
		struct account_value value;
		if (is_copied(c, e, i, &user, &name, &value)) {
			w->count++;
			w->bytes += value.size;
		}
	}
	if (e)
		free_entries(e);
	return error;
}

int annotations_copy(struct account_change *c, uint32_t mailbox, uint32_t uid, struct account_change *target,
    uint32_t to, uint32_t new_uid)
{
	int error;
	struct entries *e = read_entries(c, mailbox, uid, &error);
	for (size_t i = 0; e && i < e->count && error == 0; i++) {
		uint64_t user;
		struct view name;
		struct account_value value;
		struct entry copy;
		if (!is_copied(c, e, i, &user, &name, &value))
			continue;
		value_encode(&value, &copy);
		error = change_put(target, key_annotation(to, new_uid, user, name), &copy);
		count_more(target, value.size);
	}
	if (e)
		free_entries(e);
	return error;
}

int annotations_room(const struct account_head *head, size_t count, uint64_t bytes, uint64_t quota_default)
{
	uint64_t quota = head->quota ? head->quota : quota_default, used = head_bytes(head);
	if (count == 0)
		return 0;
	if (count > less(ACCOUNT_ANNOTATIONS_MAX, head->annotations))
		return -ETOOMANYREFS;
	return quota && (used > quota || bytes > quota - used) ? -EDQUOT : 0;
}

/* ---- setting ---- */

static struct account_key key_of(
    const struct account_annotate *a, const struct account_annotation *entry, uint32_t uid)
{
	return key_annotation(a->mailbox, uid, entry->shared ? 0 : a->user, entry->name);
}

static int old_size(struct account_change *c, struct account_key key, uint64_t *size, bool *found)
{
	struct view value;
	int error = change_get(c, key, &value);
	*found = error == 0;
	*size = error == 0 ? size_of(value) : 0;
	return error == -ENOENT ? 0 : error;
}

int annotations_check(struct account_change *c, const struct account_annotate *a, uint32_t uid)
{
	size_t count, more = 0, fewer = 0;
	uint64_t bytes = 0, gone = 0, quota = c->head.quota ? c->head.quota : a->quota_default;
	int error = annotations_count(c, a->mailbox, uid, &count);
	for (size_t i = 0; i < a->entry_count && error == 0; i++) {
		const struct account_annotation *entry = &a->entries[i];
		uint64_t size;
		bool found;
		error = old_size(c, key_of(a, entry, uid), &size, &found);
		gone += size;
		bytes += entry->none ? 0 : entry->value.len;
		more += !entry->none && !found;
		fewer += entry->none && found;
	}
	if (error || (more == 0 && bytes <= gone))
		return error;
	if (count + more > MAIL_ANNOTATIONS_OF_MESSAGE + fewer ||
	    c->head.annotations + more > ACCOUNT_ANNOTATIONS_MAX)
		return -EMLINK;
	uint64_t used = less(head_bytes(&c->head), gone);
	return quota && bytes > gone && (used > quota || bytes > quota - used) ? -EDQUOT : 0;
}

int annotations_set(struct account_change *c, const struct account_annotate *a, uint32_t uid)
{
	int error = 0;
	/* First those that go, so that there is room for the others. */
	for (int none = 1; none >= 0; none--)
		for (size_t i = 0; i < a->entry_count && error == 0; i++) {
			const struct account_annotation *entry = &a->entries[i];
			struct account_key key = key_of(a, entry, uid);
			struct entry value;
			uint64_t size;
			bool found;
			if (entry->none != (none == 1))
				continue;
			error = old_size(c, key, &size, &found);
			if (error == 0 && found)
				count_less(c, size);
			if (error == 0 && none && found)
				error = change_delete(c, key);
			if (error || none)
				continue;
			value_encode(
			    &(struct account_value){.size = entry->value.len, .text = entry->value}, &value);
			error = change_put(c, key, &value);
			count_more(c, entry->value.len);
		}
	return error;
}
