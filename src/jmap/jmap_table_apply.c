/*
 * What EMAIL_TABLE answers, taken into a table: jmap_table.h. An email that changed comes anew, with all of
 * its places; whatever was known of it before is compared with what it is at the answer's end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "jmap/jmap_order.h"
#include "jmap/jmap_page.h"
#include "jmap/jmap_table.h"

enum {
	ROOM_FIRST = 64,
	COMPACT_SHARE = 8, /* rows that are gone, of all, when they are taken out */
	FEW = 64,          /* new rows that find their place one by one; more are sorted together */
	LINKS_FEW = 4096,  /* as many idle ones do no harm */
	ROOM_KEPT = 4096   /* for changes, from one answer to the next */
};

/* Room for one more in an array of `count`. 0 or -ENOMEM. */
static int grow(void **items, uint32_t *room, uint32_t count, size_t size)
{
	if (count < *room)
		return 0;
	if (*room >= UINT32_MAX / 2 - 1)
		return -ENOMEM;
	uint32_t more = *room ? *room * 2 : ROOM_FIRST;
	void *moved = mem_try_resize(*items, more * size);
	if (moved == NULL)
		return -ENOMEM;
	*items = moved;
	*room = more;
	return 0;
}

/* Room for one more row, in all arrays that go along with rows. */
static int grow_rows(struct jmap_table *t)
{
	uint32_t room = t->room;
	if (t->count < t->room)
		return 0;
	void *rows = t->rows, *received = t->received, *texts = t->texts;
	uint32_t same = room, again = room;
	int error = grow(&received, &same, t->count, sizeof *t->received);
	t->received = received;
	if (error == 0)
		error = grow(&texts, &again, t->count, sizeof *t->texts);
	t->texts = texts;
	if (error == 0)
		error = grow(&rows, &room, t->count, sizeof *t->rows);
	t->rows = rows;
	if (error == 0) {
		memset(t->texts + t->room, 0, (room - t->room) * sizeof *t->texts);
		t->room = room;
	}
	return error;
}

/* ---- hashes of what a row is ---- */

static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

static uint64_t places_hash(const struct jmap_table *t, const struct jmap_row *row)
{
	uint64_t sum = 0;
	uint32_t at = 0, mailbox;
	if (row->gone)
		return 0;
	while (jmap_row_mailbox(t, row, &at, &mailbox))
		sum += mix(mailbox);
	return sum;
}

static uint64_t flags_hash(const struct jmap_table *t, const struct jmap_row *row)
{
	uint64_t sum = mix(row->flags + 1) + mix((uint64_t)row->snoozed ^ UINT64_C(0x5a5a));
	for (uint32_t link = row->more_keywords; link; link = t->links[link - 1].next)
		sum += mix(t->links[link - 1].number + UINT64_C(0x100000000));
	return sum;
}

/* ---- threads ---- */

static uint32_t *slot_of(const struct jmap_table *t, uint64_t thread)
{
	uint32_t at = (uint32_t)mix(thread) & (t->group_slots - 1);
	while (t->group_of[at] && t->groups[t->group_of[at] - 1].thread != thread)
		at = (at + 1) & (t->group_slots - 1);
	return &t->group_of[at];
}

uint32_t jmap_table_group(const struct jmap_table *t, uint64_t thread)
{
	uint32_t slot = t->group_slots ? *slot_of(t, thread) : 0;
	return slot ? slot - 1 : JMAP_NO_ROW;
}

static int grow_slots(struct jmap_table *t)
{
	if ((uint64_t)t->group_count * 2 < t->group_slots)
		return 0;
	uint32_t slots = t->group_slots ? t->group_slots * 2 : ROOM_FIRST;
	uint32_t *fresh = mem_try(slots * sizeof *fresh);
	if (fresh == NULL)
		return -ENOMEM;
	memset(fresh, 0, slots * sizeof *fresh);
	mem_free(t->group_of);
	t->group_of = fresh;
	t->group_slots = slots;
	for (uint32_t g = 0; g < t->group_count; g++)
		*slot_of(t, t->groups[g].thread) = g + 1;
	return 0;
}

/* The group of a thread, made if there is none. 0 or -ENOMEM. */
static int group_of(struct jmap_table *t, uint64_t thread, uint32_t *group)
{
	void *groups = t->groups;
	int error = grow(&groups, &t->group_room, t->group_count, sizeof *t->groups);
	t->groups = groups;
	if (error == 0)
		error = grow_slots(t);
	if (error)
		return error;
	uint32_t *slot = slot_of(t, thread);
	if (*slot == 0) {
		t->groups[t->group_count] = (struct jmap_group){.thread = thread, .first = JMAP_NO_ROW};
		*slot = ++t->group_count;
	}
	*group = *slot - 1;
	return 0;
}

/* ---- rows ---- */

static int add_link(struct jmap_table *t, uint32_t *head, uint32_t number)
{
	void *links = t->links;
	for (uint32_t link = *head; link; link = t->links[link - 1].next)
		if (t->links[link - 1].number == number)
			return 0;
	int error = grow(&links, &t->link_room, t->link_count, sizeof *t->links);
	t->links = links;
	if (error)
		return error;
	t->links[t->link_count] = (struct jmap_link){.number = number, .next = *head};
	*head = ++t->link_count;
	return 0;
}

static int add_place(struct jmap_table *t, struct jmap_row *row, const struct email_row *place)
{
	struct view more = place->more_keywords;
	int error = 0;
	row->flags |= place->flags;
	if (place->snoozed)
		row->snoozed = place->snoozed;
	for (struct cursor in = cursor_on(more); error == 0 && in.rest.len >= 2;)
		error = add_link(t, &row->more_keywords, cursor_u16(&in));
	if (row->mailbox == 0)
		row->mailbox = place->mailbox;
	else if (error == 0 && row->mailbox != place->mailbox)
		error = add_link(t, &row->more_places, place->mailbox);
	return error;
}

/* Remembers what the row was, before it is changed; its thread is not counted until the answer's end. */
static int note_before(struct jmap_table *t, uint32_t index)
{
	struct jmap_row *row = &t->rows[index];
	void *before = t->before;
	if (row->changing)
		return 0;
	int error = grow(&before, &t->before_room, t->before_count, sizeof *t->before);
	t->before = before;
	if (error)
		return error;
	jmap_counts_take(t, row->group);
	t->before[t->before_count++] =
	    (struct jmap_before){.row = index, .places = places_hash(t, row), .flags = flags_hash(t, row)};
	row->changing = true;
	return 0;
}

static void empty_row(struct jmap_row *row)
{
	row->flags = 0;
	row->snoozed = 0;
	row->mailbox = row->more_places = row->more_keywords = 0;
	row->gone = true;
}

static void forget_text(struct jmap_table *t, uint32_t index)
{
	if (t->texts[index])
		t->text_bytes -= sizeof **t->texts + t->texts[index]->size;
	mem_free(t->texts[index]);
	t->texts[index] = NULL;
}

/* An email that is known comes anew, or one more place of it. */
static int take_known(struct jmap_table *t, uint32_t index, const struct email_row *place)
{
	int error = note_before(t, index);
	if (error)
		return error;
	struct jmap_row *row = &t->rows[index];
	if (row->serial != t->serial) {
		t->gone_rows -= row->gone;
		empty_row(row);
	}
	row->serial = t->serial;
	row->gone = false;
	return add_place(t, row, place);
}

/* One that is not comes among the rows at the answer's end, since ids are in no order before. */
static int take_new(struct jmap_table *t, const struct email_row *place)
{
	void *pending = t->pending;
	int error = grow(&pending, &t->pending_room, t->pending_count, sizeof *t->pending);
	bool dated = place->order.known && place->order.dated;
	t->pending = pending;
	if (error)
		return error;
	struct jmap_row *row = &t->pending[t->pending_count++];
	*row = (struct jmap_row){.id = place->id,
	    .thread = place->thread,
	    .size = place->size,
	    .received = place->received,
	    .sent = dated ? place->order.sent : place->received,
	    .next = JMAP_NO_ROW,
	    .serial = t->serial};
	return add_place(t, row, place);
}

static int take_row(struct jmap_table *t, const struct email_row *place)
{
	if (place->flags & FLAG_DELETED) /* RFC 8621 section 4.1.1: it is not to be seen */
		return 0;
	if (place->mailbox == 0 || place->id >= EMAIL_ID_END)
		return -EBADMSG;
	uint32_t index = jmap_table_from(t, place->id);
	if (index < t->count && t->rows[index].id == place->id)
		return take_known(t, index, place);
	return take_new(t, place);
}

static void begin(struct jmap_table *t, uint32_t serial)
{
	if (t->serial == serial)
		return;
	t->serial = serial;
	t->error = 0;
	t->pending_count = 0;
}

void jmap_table_forget(struct jmap_table *t, uint32_t serial, struct view ids)
{
	begin(t, serial);
	for (struct cursor in = cursor_on(ids); t->error == 0 && in.rest.len >= EMAIL_ID_SIZE;) {
		uint32_t index = jmap_table_find(t, cursor_u64(&in));
		if (index == JMAP_NO_ROW)
			continue;
		t->error = note_before(t, index);
		if (t->error == 0 && t->rows[index].serial != serial) {
			empty_row(&t->rows[index]);
			t->gone_rows++;
		}
	}
}

void jmap_table_rows(struct jmap_table *t, uint32_t serial, struct view rows)
{
	struct cursor in = cursor_on(rows);
	struct email_row place;
	begin(t, serial);
	while (t->error == 0 && email_row_get(&in, &place))
		t->error = take_row(t, &place);
	if (t->error == 0 && !cursor_ok(&in))
		t->error = -EBADMSG;
}

/* ---- the end ---- */

static int note_gone(struct jmap_table *t, const struct jmap_row *row, uint64_t modseq)
{
	void *gone = t->gone;
	if (t->gone_count == JMAP_TABLE_GONE_MAX) { /* the older half is asked of store from now on */
		uint32_t half = t->gone_count / 2;
		t->base = t->gone[half - 1].modseq;
		memmove(t->gone, t->gone + half, (t->gone_count - half) * sizeof *t->gone);
		t->gone_count -= half;
	}
	int error = grow(&gone, &t->gone_room, t->gone_count, sizeof *t->gone);
	t->gone = gone;
	if (error == 0)
		t->gone[t->gone_count++] =
		    (struct jmap_gone){.id = row->id, .thread = row->thread, .modseq = modseq};
	return error;
}

/* What has become of a row. */
static int settle(struct jmap_table *t, const struct jmap_before *before, uint64_t modseq)
{
	struct jmap_row *row = &t->rows[before->row];
	int error = 0;
	row->changing = false;
	if (row->gone) {
		forget_text(t, before->row);
		if (before->places != 0)
			error = note_gone(t, row, modseq);
	} else if (before->places == 0) {
		row->created = row->moved = row->flagged = modseq;
	} else {
		if (before->places != places_hash(t, row))
			row->moved = modseq;
		if (before->flags != flags_hash(t, row))
			row->flagged = modseq;
	}
	jmap_counts_add(t, row->group);
	return error;
}

/* ---- where rows stand ---- */

/* Gives each row the index that stands in `moved`; those that have none go. 0 or -ENOMEM: nothing is changed.
 */
static int renumber(struct jmap_table *t, const uint32_t *moved, uint32_t kept)
{
	struct jmap_row *rows = mem_try(t->room * sizeof *rows);
	struct jmap_sort_text **texts = mem_try(t->room * sizeof(struct jmap_sort_text *));
	if (rows == NULL || texts == NULL) {
		mem_free(rows);
		mem_free(texts);
		return -ENOMEM;
	}
	memset(texts, 0, t->room * sizeof *texts);
	for (uint32_t g = 0; g < t->group_count; g++) {
		uint32_t *link = &t->groups[g].first;
		for (uint32_t row = *link; row != JMAP_NO_ROW; row = t->rows[row].next)
			if (moved[row] != JMAP_NO_ROW) {
				*link = moved[row];
				link = &rows[moved[row]].next;
			}
		*link = JMAP_NO_ROW;
	}
	for (uint32_t i = 0; i < t->count; i++) {
		if (moved[i] == JMAP_NO_ROW) {
			forget_text(t, i);
			continue;
		}
		uint32_t next = rows[moved[i]].next;
		rows[moved[i]] = t->rows[i];
		rows[moved[i]].next = next;
		texts[moved[i]] = t->texts[i];
	}
	uint32_t received = 0;
	for (uint32_t i = 0; i < t->received_count; i++)
		if (moved[t->received[i]] != JMAP_NO_ROW)
			t->received[received++] = moved[t->received[i]];
	for (uint32_t i = 0; i < t->before_count; i++)
		t->before[i].row = moved[t->before[i].row];
	mem_free(t->rows);
	mem_free(t->texts);
	t->rows = rows;
	t->texts = texts;
	t->received_count = received;
	t->count = kept;
	t->epoch++;
	return 0;
}

/* Takes rows out that are gone, when they are many and nobody names rows by their indexes. */
static void compact(struct jmap_table *t)
{
	if (t->pins > 1 || t->gone_rows < ROOM_FIRST || t->gone_rows < t->count / COMPACT_SHARE)
		return;
	uint32_t kept = 0;
	uint32_t *moved = mem_try(t->count * sizeof *moved);
	if (moved == NULL)
		return; /* it can be done another time */
	for (uint32_t i = 0; i < t->count; i++)
		moved[i] = t->rows[i].gone ? JMAP_NO_ROW : kept++;
	if (renumber(t, moved, kept) == 0)
		t->gone_rows = 0;
	mem_free(moved);
}

struct by_key {
	uint64_t key;
	uint32_t id, row;
};

static int compare_keys(const void *one, const void *other)
{
	const struct by_key *a = one, *b = other;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Puts rows in the order of their ids. */
static int sort_rows(struct jmap_table *t)
{
	struct by_key *keys = mem_try(t->count * sizeof *keys + 1);
	uint32_t *moved = mem_try(t->count * sizeof *moved + 1);
	int error = keys && moved ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < t->count && error == 0; i++)
		keys[i] = (struct by_key){.key = t->rows[i].id, .row = i};
	if (error == 0)
		qsort(keys, t->count, sizeof *keys, compare_keys);
	for (uint32_t i = 0; i < t->count && error == 0; i++)
		moved[keys[i].row] = i;
	if (error == 0)
		error = renumber(t, moved, t->count);
	mem_free(keys);
	mem_free(moved);
	return error;
}

static uint64_t time_key(int64_t time)
{
	return (uint64_t)time ^ (uint64_t)1 << 63;
}

static int sort_received(struct jmap_table *t)
{
	struct by_key *keys = mem_try(t->count * sizeof *keys + 1);
	if (keys == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->count; i++)
		keys[i] = (struct by_key){
		    .key = time_key(t->rows[i].received), .id = (uint32_t)t->rows[i].id, .row = i};
	qsort(keys, t->count, sizeof *keys, compare_keys);
	for (uint32_t i = 0; i < t->count; i++)
		t->received[i] = keys[i].row;
	t->received_count = t->count;
	mem_free(keys);
	return 0;
}

/* One of few comes to its place; mail comes in order mostly, and then that is the end. */
static void insert_received(struct jmap_table *t, uint32_t index)
{
	const struct jmap_row *row = &t->rows[index];
	uint32_t at = t->received_count;
	for (; at > 0; at--) {
		const struct jmap_row *other = &t->rows[t->received[at - 1]];
		if (other->received < row->received ||
		    (other->received == row->received && other->id < row->id))
			break;
	}
	memmove(t->received + at + 1, t->received + at, (t->received_count - at) * sizeof *t->received);
	t->received[at] = index;
	t->received_count++;
}

/* ---- new rows ---- */

static int append_row(struct jmap_table *t, const struct jmap_row *row)
{
	uint32_t group;
	int error = grow_rows(t);
	if (error == 0)
		error = group_of(t, row->thread, &group);
	if (error)
		return error;
	uint32_t index = t->count++;
	t->rows[index] = *row;
	t->rows[index].group = group;
	t->rows[index].gone = true; /* as it was before */
	error = note_before(t, index);
	t->rows[index].gone = false;
	t->rows[index].next = t->groups[group].first;
	t->groups[group].first = index;
	return error;
}

static int compare_ids(const void *one, const void *other)
{
	const struct jmap_row *a = one, *b = other;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Rows of one email become one. */
static int join_places(struct jmap_table *t)
{
	uint32_t kept = 0;
	int error = 0;
	for (uint32_t i = 0; i < t->pending_count && error == 0; i++) {
		struct jmap_row *row = &t->pending[i], *last = &t->pending[kept - 1];
		if (kept == 0 || last->id != row->id) {
			t->pending[kept++] = *row;
			continue;
		}
		last->flags |= row->flags;
		for (uint32_t link = row->more_keywords; link && error == 0; link = t->links[link - 1].next)
			error = add_link(t, &last->more_keywords, t->links[link - 1].number);
		if (error == 0 && row->mailbox != last->mailbox)
			error = add_link(t, &last->more_places, row->mailbox);
	}
	t->pending_count = kept;
	return error;
}

static int take_pending(struct jmap_table *t)
{
	uint32_t before = t->count;
	if (t->pending_count == 0)
		return 0;
	qsort(t->pending, t->pending_count, sizeof *t->pending, compare_ids);
	int error = join_places(t);
	bool in_order = before == 0 || t->pending[0].id > t->rows[before - 1].id;
	bool few = t->pending_count <= FEW;
	for (uint32_t i = 0; i < t->pending_count && error == 0; i++) {
		error = append_row(t, &t->pending[i]);
		if (error == 0 && few)
			insert_received(t, t->count - 1);
	}
	t->pending_count = 0;
	if (error == 0 && !in_order)
		error = sort_rows(t);
	if (error == 0 && !few)
		error = sort_received(t);
	return error;
}

/* Links of rows that came anew lie idle: those in use are written once more. */
static void tidy_links(struct jmap_table *t)
{
	if (t->link_count < t->link_tidy || t->link_count < LINKS_FEW)
		return;
	struct jmap_link *links = mem_try(t->link_count * sizeof *links);
	uint32_t count = 0;
	if (links == NULL)
		return;
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t *heads[] = {&t->rows[i].more_places, &t->rows[i].more_keywords};
		for (size_t h = 0; h < 2; h++) {
			uint32_t *to = heads[h];
			for (uint32_t link = *to; link; link = t->links[link - 1].next) {
				links[count] = (struct jmap_link){.number = t->links[link - 1].number};
				*to = ++count;
				to = &links[count - 1].next;
			}
		}
	}
	mem_free(t->links);
	t->links = links;
	t->link_room = t->link_count;
	t->link_count = count;
	t->link_tidy = 2 * count;
}

/* All that this answer did not name is gone: it told everything. */
static int forget_others(struct jmap_table *t)
{
	int error = 0;
	for (uint32_t i = 0; i < t->count && error == 0; i++) {
		if (t->rows[i].gone || t->rows[i].serial == t->serial)
			continue;
		error = note_before(t, i);
		if (error == 0) {
			empty_row(&t->rows[i]);
			t->gone_rows++;
		}
	}
	return error;
}

/* What many new rows took, and few will need. */
static void give_back(struct jmap_table *t)
{
	if (t->pending_room > ROOM_KEPT) {
		mem_free(t->pending);
		t->pending = NULL;
		t->pending_room = 0;
	}
	if (t->before_room > ROOM_KEPT) {
		mem_free(t->before);
		t->before = NULL;
		t->before_room = 0;
	}
}

int64_t jmap_table_end(struct jmap_table *t, uint32_t serial, const struct mail_done *done)
{
	begin(t, serial);
	int64_t error = done->error ? done->error : t->error;
	if (error == 0 && done->number == 1)
		error = forget_others(t);
	if (error == 0)
		error = take_pending(t);
	for (uint32_t i = 0; i < t->before_count && error == 0; i++)
		error = settle(t, &t->before[i], done->modseq);
	if (error) {
		jmap_table_clear(t);
		return error;
	}
	if (t->before_count > 0)
		t->version++;
	t->before_count = 0;
	if (done->number == 1) {
		t->base = done->modseq;
		t->gone_count = 0;
	}
	t->modseq = done->modseq;
	t->access = done->uidnext;
	compact(t);
	tidy_links(t);
	give_back(t);
	return 0;
}

void jmap_table_clear(struct jmap_table *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		mem_free(t->texts[i]);
	jmap_orders_clear(t);
	jmap_pages_clear(t);
	jmap_counts_clear(t);
	mem_free(t->rows);
	mem_free(t->received);
	mem_free(t->texts);
	mem_free(t->links);
	mem_free(t->groups);
	mem_free(t->group_of);
	mem_free(t->gone);
	mem_free(t->before);
	mem_free(t->pending);
	t->rows = NULL;
	t->received = t->group_of = NULL;
	t->texts = NULL;
	t->links = NULL;
	t->groups = NULL;
	t->gone = NULL;
	t->before = NULL;
	t->pending = NULL;
	t->count = t->room = t->gone_rows = t->received_count = t->link_count = t->link_room = 0;
	t->group_count = t->group_room = t->group_slots = t->gone_count = t->gone_room = 0;
	t->before_count = t->before_room = t->pending_count = t->pending_room = t->link_tidy = 0;
	t->modseq = t->access = t->base = 0;
	t->text_bytes = 0;
	t->version++;
	t->epoch++;
}
