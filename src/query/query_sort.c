/*
 * Each message has one number for each key. Of a text it is the first octets, which decide nearly always, and
 * the place of the whole text.
 */
#include "query/query_sort.h"

#include "base/mem.h"
#include "format/encoded_word.h"
#include "format/fold.h"
#include "mime/summary.h"
#include "mime/base_subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SUMMARY_ARENA_MAX = 256 * 1024,
	NAME_MAX_OCTETS = 64 * 1024 /* a decoded, folded name; summaries have far less */
};

struct key {
	uint64_t number;    /* ascending: what is less stands first */
	uint32_t text, len; /* of the whole text, in `texts` */
};

struct query_sort {
	struct query_sort_by by[QUERY_SORT_KEYS_MAX];
	size_t by_count;
	uint64_t wants;
	bool needs_addresses, needs_annotations;
	/* Annotations, in the order of UIDs: number of the key, UID, length, the folded value. */
	struct buf annotations;
	struct cursor annotated; /* behind those of the messages so far */
	struct key *keys;        /* by_count of each message */
	uint32_t *numbers;
	size_t count, room;
	struct buf texts;
	struct arena arena;
	struct buf scratch, folded;
	uint32_t *order, *result;
};

static bool is_text(enum query_sort_key key)
{
	return key >= QUERY_SORT_SUBJECT;
}

static uint64_t wants(enum query_sort_key key)
{
	switch (key) {
	case QUERY_SORT_ARRIVAL:
		return MAIL_WANT_DATES;
	case QUERY_SORT_DATE:
		return MAIL_WANT_DATES | MAIL_WANT_ORDER;
	case QUERY_SORT_SIZE:
		return MAIL_WANT_SIZE;
	case QUERY_SORT_ANNOTATION:
		return 0;
	default:
		return MAIL_WANT_SUMMARY;
	}
}

struct query_sort *query_sort_new(const struct query_sort_by *by, size_t count)
{
	struct query_sort *sort = mem_alloc(sizeof(*sort));

	for (size_t i = 0; i < count && i < QUERY_SORT_KEYS_MAX; i++) {
		sort->by[sort->by_count++] = by[i];
		sort->wants |= wants(by[i].key);
		sort->needs_addresses |= by[i].key >= QUERY_SORT_FROM && by[i].key != QUERY_SORT_ANNOTATION;
		sort->needs_annotations |= by[i].key == QUERY_SORT_ANNOTATION;
	}
	buf_init(&sort->texts, QUERY_SORT_TEXTS_MAX);
	buf_init(&sort->annotations, QUERY_SORT_TEXTS_MAX);
	buf_init(&sort->scratch, NAME_MAX_OCTETS);
	buf_init(&sort->folded, NAME_MAX_OCTETS);
	arena_init(&sort->arena, SUMMARY_ARENA_MAX);
	return sort;
}

void query_sort_free(struct query_sort *sort)
{
	if (!sort)
		return;
	mem_free(sort->keys);
	mem_free(sort->numbers);
	mem_free(sort->order);
	mem_free(sort->result);
	buf_done(&sort->annotations);
	buf_done(&sort->texts);
	buf_done(&sort->scratch);
	buf_done(&sort->folded);
	arena_done(&sort->arena);
	mem_free(sort);
}

uint64_t query_sort_wants(const struct query_sort *sort)
{
	return sort->wants;
}

/* ---- keys ---- */

/* Numbers below zero stand before the others. */
static uint64_t signed_key(int64_t n)
{
	return (uint64_t)n ^ (uint64_t)1 << 63;
}

static const struct address *first_address(const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind != ADDRESS_GROUP_END)
			return &list->items[i];
	return NULL;
}

/* The name as people see it, or the address (RFC 5957 section 3); a group has a name only. */
static int put_display(const struct address *a, struct buf *out)
{
	int r = encoded_word_decode(a->display_name, out);

	if (r == 0 && !view_empty(view_trim(buf_view(out))))
		return 0;
	buf_clear(out);
	if (a->kind == ADDRESS_GROUP_START)
		return 0;
	r = buf_append(out, a->local_part);
	if (r == 0 && a->domain.len > 0)
		r = buf_append_byte(out, '@');
	return r ? r : buf_append(out, a->domain);
}

/* The text of a key in sort->folded. 0 or -ENOMEM; what is past the limit is cut off. */
static int make_text(struct query_sort *sort, enum query_sort_key key, const struct envelope *e)
{
	const struct address_list *list = key == QUERY_SORT_TO || key == QUERY_SORT_DISPLAY_TO ? &e->to
	                                  : key == QUERY_SORT_CC                               ? &e->cc
	                                                                                       : &e->from;
	const struct address *a = first_address(list);
	bool is_answer;
	int r = 0;

	buf_clear(&sort->scratch);
	buf_clear(&sort->folded);
	if (key == QUERY_SORT_SUBJECT) {
		r = base_subject_append(e->subject, &sort->folded, &is_answer);
	} else if (a) {
		if (key == QUERY_SORT_DISPLAY_FROM || key == QUERY_SORT_DISPLAY_TO)
			r = put_display(a, &sort->scratch);
		else /* a group's mailbox name is its own (RFC 9051 section 7.5.2) */
			r = buf_append(
			    &sort->scratch, a->kind == ADDRESS_GROUP_START ? a->display_name : a->local_part);
		if (r == 0)
			r = fold_casemap(view_trim(buf_view(&sort->scratch)), &sort->folded);
	}
	return r == -ENOMEM ? r : 0;
}

/* ---- annotations ---- */

bool query_sort_needs_annotations(const struct query_sort *sort)
{
	return sort->needs_annotations;
}

int query_sort_annotation(struct query_sort *sort, uint32_t uid, struct view name, struct view value)
{
	int r = 0;

	for (size_t i = 0; i < sort->by_count && r == 0; i++) {
		if (sort->by[i].key != QUERY_SORT_ANNOTATION || !view_equal_nocase(sort->by[i].name, name))
			continue;
		buf_clear(&sort->folded);
		r = fold_casemap(value, &sort->folded);
		if (r == -ENOMEM)
			return r;
		buf_append_u32(&sort->annotations, (uint32_t)i);
		buf_append_u32(&sort->annotations, uid);
		buf_append_u32(&sort->annotations, (uint32_t)buf_view(&sort->folded).len);
		r = buf_append(&sort->annotations, buf_view(&sort->folded));
	}
	sort->annotated = cursor_on(buf_view(&sort->annotations));
	return r == -ENOBUFS ? -E2BIG : r;
}

/* The text of the message's annotation in sort->folded; empty: it has none. */
static void find_annotation(struct query_sort *sort, size_t by, uint32_t uid)
{
	struct cursor in = sort->annotated;

	buf_clear(&sort->folded);
	while (!cursor_at_end(&in)) {
		uint32_t key = cursor_u32(&in), of = cursor_u32(&in);
		struct view text = cursor_bytes(&in, cursor_u32(&in));

		if (of > uid)
			return;
		if (of < uid)
			sort->annotated = in; /* messages come in order */
		else if (key == by)
			buf_append(&sort->folded, text);
	}
}

static int text_key(
    struct query_sort *sort, size_t by, uint32_t uid, const struct envelope *e, struct key *out)
{
	enum query_sort_key key = sort->by[by].key;
	struct view text;
	int r = 0;

	if (key == QUERY_SORT_ANNOTATION)
		find_annotation(sort, by, uid);
	else
		r = make_text(sort, key, e);
	if (r)
		return r;
	text = buf_view(&sort->folded);
	*out = (struct key){.text = (uint32_t)buf_view(&sort->texts).len, .len = (uint32_t)text.len};
	for (size_t i = 0; i < 8; i++)
		out->number = out->number << 8 | (i < text.len ? (unsigned char)text.data[i] : 0);
	if (text.len <= 8)
		return 0; /* the number says all */
	r = buf_append(&sort->texts, text);
	return r == -ENOBUFS ? -E2BIG : r;
}

static int make_keys(struct query_sort *sort, const struct mail_message *m, struct key *keys)
{
	struct message_summary summary = {0};
	int r = 0;

	if (sort->wants & MAIL_WANT_SUMMARY) {
		arena_reset(&sort->arena);
		r = sort->needs_addresses ? message_summary_decode(m->summary, &sort->arena, &summary)
		                          : message_summary_decode_texts(m->summary, &summary);
		if (r)
			summary = (struct message_summary){0}; /* unreadable: as a message without a header */
		r = 0;
	}
	for (size_t i = 0; i < sort->by_count && r == 0; i++) {
		enum query_sort_key key = sort->by[i].key;

		keys[i] = (struct key){0};
		if (is_text(key))
			r = text_key(sort, i, m->uid, &summary.envelope, &keys[i]);
		else if (key == QUERY_SORT_DATE)
			keys[i].number = signed_key(m->order.dated ? m->order.sent : m->internaldate);
		else
			keys[i].number = key == QUERY_SORT_SIZE ? m->size : signed_key(m->internaldate);
	}
	return r;
}

static int make_room(struct query_sort *sort)
{
	size_t room = sort->room ? sort->room * 2 : 256;
	struct key *keys;
	uint32_t *numbers;

	if (sort->count < sort->room)
		return 0;
	keys = mem_try_resize(sort->keys, room * sort->by_count * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	sort->keys = keys;
	numbers = mem_try_resize(sort->numbers, room * sizeof(*numbers));
	if (!numbers)
		return -ENOMEM;
	sort->numbers = numbers;
	sort->room = room;
	return 0;
}

int query_sort_add(struct query_sort *sort, uint32_t number, const struct mail_message *m)
{
	int r = make_room(sort);

	if (r == 0)
		r = make_keys(sort, m, &sort->keys[sort->count * sort->by_count]);
	if (r == 0)
		sort->numbers[sort->count++] = number;
	return r;
}

/* ---- order ---- */

static int compare_texts(const struct query_sort *sort, const struct key *a, const struct key *b)
{
	const char *texts = sort->texts.data + sort->texts.start;

	if (a->len <= 8 ||
	    b->len <= 8) /* the shorter one is the other's beginning: both have the same number */
		return a->len < b->len ? -1 : a->len > b->len;
	return view_compare(view_of(texts + a->text, a->len), view_of(texts + b->text, b->len));
}

static int compare(const struct query_sort *sort, uint32_t x, uint32_t y)
{
	const struct key *a = &sort->keys[(size_t)x * sort->by_count],
	                 *b = &sort->keys[(size_t)y * sort->by_count];

	for (size_t i = 0; i < sort->by_count; i++, a++, b++) {
		int c = a->number < b->number ? -1 : a->number > b->number;

		if (c == 0 && is_text(sort->by[i].key))
			c = compare_texts(sort, a, b);
		if (c != 0)
			return sort->by[i].reverse ? -c : c;
	}
	return 0;
}

/* Merges order[from, middle) and order[middle, until), which are in order, through `spare`. Stable. */
static void merge(
    const struct query_sort *sort, uint32_t *order, uint32_t *spare, size_t from, size_t middle, size_t until)
{
	size_t a = from, b = middle, n = from;

	if (compare(sort, order[middle - 1], order[middle]) <= 0)
		return; /* mail mostly comes in the order of its dates */
	while (a < middle && b < until)
		spare[n++] = compare(sort, order[b], order[a]) < 0 ? order[b++] : order[a++];
	memcpy(&spare[n], &order[a], (middle - a) * sizeof(*order));
	n += middle - a;
	memcpy(&order[from], &spare[from], (n - from) * sizeof(*order));
}

int query_sort_end(struct query_sort *sort, const uint32_t **numbers, size_t *count)
{
	size_t n = sort->count;

	mem_free(sort->order);
	mem_free(sort->result);
	sort->order = mem_try((n + 1) * sizeof(*sort->order));
	sort->result = mem_try((n + 1) * sizeof(*sort->result));
	if (!sort->order || !sort->result)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sort->order[i] = (uint32_t)i;
	for (size_t run = 1; run < n; run *= 2)
		for (size_t from = 0; from + run < n; from += 2 * run)
			merge(sort, sort->order, sort->result, from, from + run,
			    from + 2 * run < n ? from + 2 * run : n);
	for (size_t i = 0; i < n; i++)
		sort->result[i] = sort->numbers[sort->order[i]];
	*numbers = sort->result;
	*count = n;
	return 0;
}
