/* S entries, and the way from emails to UIDs: see search.h. */
#include "account/search.h"

#include "account/email_look.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/message.h"
#include "base/container.h"

/*
 *	S          = version state covered next-number
 *	S number   = version parts head
 */
enum { VERSION = 1, SEGMENT_KEY_LEN = 5 };

struct reach {
	uint64_t state, covered;
	uint32_t next_number;
};

static struct account_key key_reach(void)
{
	return key_letter('S');
}

static struct account_key key_segment(uint32_t number)
{
	struct account_key k = key_letter('S');
	entry_write_fixed(k.data + k.len, 4, number);
	k.len = SEGMENT_KEY_LEN;
	return k;
}

/* ---- values ---- */

/* Nothing that could be lost stands here: what cannot be read counts as not there. */
static int reach_get(struct txn *t, uint64_t shard, struct reach *reach)
{
	struct account_key key = key_reach();
	struct view value;
	int error = txn_get(t, shard, key_view(&key), &value);
	*reach = (struct reach){.next_number = 1};
	if (error)
		return error == -ENOENT ? 0 : error;
	struct cursor c = entry_read(value, VERSION);
	struct reach r = {.state = entry_take_number(&c),
	    .covered = entry_take_number(&c),
	    .next_number = (uint32_t)entry_take_limited(&c, UINT32_MAX - 1)};
	if (entry_result(&c) == 0)
		*reach = r;
	return 0;
}

static int reach_put(struct txn *t, uint64_t shard, const struct reach *reach)
{
	struct account_key key = key_reach();
	struct entry value;
	entry_begin(&value, VERSION);
	entry_add_number(&value, reach->state);
	entry_add_number(&value, reach->covered);
	entry_add_number(&value, reach->next_number);
	return entry_put(t, shard, key_view(&key), &value);
}

static void segment_encode(const struct account_segment *s, struct entry *out)
{
	entry_begin(out, VERSION);
	for (size_t i = 0; i < ACCOUNT_SEGMENT_PARTS; i++)
		entry_add_bytes(out, view_of(s->parts[i].bytes, sizeof s->parts[i].bytes));
	entry_add_text(out, view_of(s->head, s->head_len));
}

static int segment_decode(struct view value, struct account_segment *s)
{
	struct cursor c = entry_read(value, VERSION);
	struct view parts[ACCOUNT_SEGMENT_PARTS];
	for (size_t i = 0; i < ACCOUNT_SEGMENT_PARTS; i++)
		parts[i] = cursor_bytes(&c, sizeof s->parts[i].bytes);
	struct view head = entry_take_text(&c);
	if (entry_result(&c) != 0 || head.len > sizeof s->head)
		return -EBADMSG;
	for (size_t i = 0; i < ACCOUNT_SEGMENT_PARTS; i++)
		memcpy(s->parts[i].bytes, parts[i].data, parts[i].len);
	memcpy(s->head, head.data, head.len);
	s->head_len = head.len;
	return 0;
}

void account_search_names_blobs(
    struct view key, struct view value, void (*found)(void *arg, const struct blob_id *id), void *arg)
{
	struct account_segment s;
	if (key.len != SEGMENT_KEY_LEN || segment_decode(value, &s) != 0)
		return;
	for (size_t i = 0; i < ACCOUNT_SEGMENT_PARTS; i++)
		if (!blob_is_none(&s.parts[i]))
			found(arg, &s.parts[i]);
}

/* ---- the state ---- */

static int take_segment(void *arg, struct view key, struct view value)
{
	struct account_search *s = arg;
	struct account_segment *segment = &s->segments[s->count];
	if (s->count == ACCOUNT_SEGMENTS_MAX)
		return 1;
	if (key.len != SEGMENT_KEY_LEN || segment_decode(value, segment) != 0)
		return -EBADMSG;
	struct cursor number = cursor_on(view_skip(key, 1));
	segment->number = cursor_u32(&number);
	s->count++;
	return 0;
}

static int run_read(struct txn *t, void *arg)
{
	struct account_search *s = arg;
	struct account_head head;
	struct reach reach;
	struct account_key from = key_segment(0), to = key_behind_letter('S');
	int error = head_get(t, s->shard, &head);
	if (error == 0)
		error = reach_get(t, s->shard, &reach);
	if (error)
		return error;
	s->next_email = head.next_email;
	s->covered = reach.covered;
	s->state = reach.state;
	s->count = 0;
	struct txn_range range = {.shard = s->shard, .from = key_view(&from), .to = key_view(&to)};
	error = txn_range(t, &range, take_segment, s);
	return error > 0 ? 0 : error;
}

static void was_read(struct store_read *read, int result)
{
	struct account_search *s = container_of(read, struct account_search, read);
	s->done(s, result);
}

void account_search_read(struct accounts *a, struct account_search *s)
{
	s->read = (struct store_read){.shard = s->shard, .run = run_read, .arg = s, .done = was_read};
	store_read(a->store, &s->read);
}

/* ---- changing it ---- */

struct numbers {
	uint32_t items[ACCOUNT_SEGMENTS_MAX + 1];
	size_t count;
};

static int take_number(void *arg, struct view key, struct view value)
{
	struct numbers *n = arg;
	struct cursor number = cursor_on(view_skip(key, 1));
	(void)value;
	if (key.len == SEGMENT_KEY_LEN && n->count <= ACCOUNT_SEGMENTS_MAX)
		n->items[n->count++] = cursor_u32(&number);
	return 0;
}

static int remove_segments(struct txn *t, uint64_t shard, const uint32_t *numbers, size_t count)
{
	int error = 0;
	for (size_t i = 0; i < count && error == 0; i++) {
		struct account_key key = key_segment(numbers[i]);
		error = txn_delete(t, shard, key_view(&key));
	}
	return error;
}

static int run_change(struct txn *t, void *arg)
{
	struct account_search_change *c = arg;
	struct account_head head;
	struct reach reach;
	struct numbers all = {.count = 0};
	struct account_key from = key_segment(0), to = key_behind_letter('S');
	struct txn_range range = {.shard = c->shard, .from = key_view(&from), .to = key_view(&to)};
	int error = head_get(t, c->shard, &head);
	if (error == 0)
		error = reach_get(t, c->shard, &reach);
	if (error == 0)
		error = txn_range(t, &range, take_number, &all);
	if (error)
		return error;
	if (!c->drop_all && reach.state != c->state)
		return -ESTALE;
	if (c->adds && all.count - c->removed_count >= ACCOUNT_SEGMENTS_MAX)
		return -E2BIG;
	error = c->drop_all ? remove_segments(t, c->shard, all.items, all.count)
	                    : remove_segments(t, c->shard, c->removed, c->removed_count);
	reach.state++;
	reach.covered = c->drop_all ? 0 : c->covered;
	if (error == 0 && c->adds) {
		struct entry value;
		c->added.number = reach.next_number++;
		for (size_t i = 0; i < ACCOUNT_SEGMENT_PARTS; i++)
			c->added.parts[i] =
			    c->uploads[i] ? txn_body(t, c->upload_of[i]) : (struct blob_id){{0}};
		segment_encode(&c->added, &value);
		struct account_key key = key_segment(c->added.number);
		error = entry_put(t, c->shard, key_view(&key), &value);
	}
	return error ? error : reach_put(t, c->shard, &reach);
}

static void was_changed(struct store_commit *commit, int result)
{
	struct account_search_change *c = container_of(commit, struct account_search_change, commit);
	c->done(c, result);
}

void account_search_change(struct accounts *a, struct account_search_change *c)
{
	c->commit = (struct store_commit){
	    .run = run_change, .arg = c, .done = was_changed, .large = true, .frees_space = !c->adds};
	for (size_t i = 0; i < ACCOUNT_SEGMENT_PARTS; i++) {
		if (c->uploads[i] == NULL)
			continue;
		c->upload_of[i] = c->commit.upload_count;
		c->commit.uploads[c->commit.upload_count++] = c->uploads[i];
	}
	store_commit(a->store, &c->commit);
}

/* ---- emails ---- */

static int take_id(void *arg, struct view key, struct view value)
{
	struct account_email_ids *e = arg;
	struct cursor id = cursor_on(view_skip(key, 1));
	(void)value;
	e->ids[e->count] = cursor_u64(&id);
	if (!cursor_ok(&id) || !cursor_at_end(&id))
		return -EBADMSG;
	if (e->ids[e->count] > e->last)
		return 1;
	e->count++;
	return 0;
}

static int run_ids(struct txn *t, void *arg)
{
	struct account_email_ids *e = arg;
	struct account_key from = key_email(e->after + 1), to = key_behind_letter('E');
	struct txn_range range = {
	    .shard = e->shard, .from = key_view(&from), .to = key_view(&to), .limit = e->room};
	e->count = 0;
	int error = txn_range(t, &range, take_id, e);
	return error > 0 ? 0 : error;
}

static void ids_read(struct store_read *read, int result)
{
	struct account_email_ids *e = container_of(read, struct account_email_ids, read);
	e->done(e, result);
}

void account_email_ids(struct accounts *a, struct account_email_ids *e)
{
	e->read = (struct store_read){.shard = e->shard, .run = run_ids, .arg = e, .done = ids_read};
	store_read(a->store, &e->read);
}

/* ---- from emails to UIDs ---- */

static void take_places(struct account_uids_of *u, size_t index, const struct account_places *places)
{
	for (size_t i = 0; i < places->count; i++) {
		if (places->at[i].mailbox != u->mailbox)
			continue;
		if (u->uids[index] == 0) {
			u->uids[index] = places->at[i].uid;
		} else if (u->more_count < ACCOUNT_SEARCH_IDS) {
			u->more[u->more_count].index = (uint32_t)index;
			u->more[u->more_count++].uid = places->at[i].uid;
		}
	}
}

static int run_uids(struct txn *t, void *arg)
{
	struct account_uids_of *u = arg;
	struct account_mailbox m;
	u->more_count = 0;
	int missing = mailbox_get(t, u->shard, u->mailbox, &m);
	if (missing)
		return missing;
	for (size_t i = 0; i < u->count; i++) {
		struct account_places places;
		u->uids[i] = 0;
		int error = email_places(t, u->shard, u->ids[i], &places);
		if (error == 0)
			take_places(u, i, &places);
		else if (error != -ENOENT)
			return error;
	}
	return 0;
}

static void uids_read(struct store_read *read, int result)
{
	struct account_uids_of *u = container_of(read, struct account_uids_of, read);
	u->done(u, result);
}

void account_uids_of(struct accounts *a, struct account_uids_of *u)
{
	u->read = (struct store_read){.shard = u->shard, .run = run_uids, .arg = u, .done = uids_read};
	store_read(a->store, &u->read);
}

static int take_message(void *arg, struct view key, struct view value)
{
	struct account_ids_in *i = arg;
	struct account_message m;
	uint32_t mailbox;
	if (!key_read_message(key, &mailbox, &i->uids[i->count]) || message_decode_short(value, &m) != 0)
		return -EBADMSG;
	i->ids[i->count++] = m.emailid;
	return 0;
}

static int run_in(struct txn *t, void *arg)
{
	struct account_ids_in *i = arg;
	struct account_key to = key_message(i->mailbox + 1, 0);
	i->count = 0;
	if (i->down) {
		struct account_mailbox m;
		int error = i->before ? 0 : mailbox_get(t, i->shard, i->mailbox, &m);
		if (error)
			return error;
		uint32_t end = i->before ? i->before : m.uidnext;
		i->after = end > STORE_READ_KEYS_MAX ? end - STORE_READ_KEYS_MAX - 1 : 0;
		to = key_message(i->mailbox, end);
	}
	struct account_key from = key_message(i->mailbox, i->after + 1);
	struct txn_range range = {
	    .shard = i->shard, .from = key_view(&from), .to = key_view(&to), .limit = STORE_READ_KEYS_MAX};
	return i->after == UINT32_MAX ? 0 : txn_range(t, &range, take_message, i);
}

static void in_read(struct store_read *read, int result)
{
	struct account_ids_in *i = container_of(read, struct account_ids_in, read);
	i->done(i, result);
}

void account_ids_in(struct accounts *a, struct account_ids_in *i)
{
	i->read = (struct store_read){.shard = i->shard, .run = run_in, .arg = i, .done = in_read};
	store_read(a->store, &i->read);
}
