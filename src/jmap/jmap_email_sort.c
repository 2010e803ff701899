/* The order of Email/query: jmap_email_sort.h. */
#include "jmap/jmap_email_sort.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "format/encoded_word.h"
#include "format/fold.h"
#include "jmap/jmap_email_filter.h"
#include "mime/base_subject.h"

enum {
	/* Octets of a folded text that count: names and subjects differ before. */
	SORT_TEXT_MAX = 250,
	/* Of one name or subject, while it is decoded and folded. */
	SCRATCH_MAX = 256 * 1024
};

const char *const jmap_email_sorts[] = {"receivedAt", "size", "from", "to", "subject", "sentAt",
    "snoozedUntil", "hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword", NULL};

bool jmap_email_sort_read(struct jmap_call *c, const struct jmap_query *query, struct jmap_email_sort *sort)
{
	*sort = (struct jmap_email_sort){.count = query->sort_count};
	for (size_t i = 0; i < query->sort_count; i++) {
		unsigned key = 0;
		struct view keyword = {0};
		while (!view_equal(query->sort[i].property, view_from_string(jmap_email_sorts[key])))
			key++;
		sort->by[i].key = (enum jmap_email_sort_key)key;
		sort->by[i].descending = query->sort[i].descending;
		if (key == JMAP_SORT_SNOOZED && !jmap_uses(c, JMAP_SNOOZE)) {
			jmap_error(c, "unsupportedSort",
			    "\"snoozedUntil\" needs the capability \"urn:ietf:params:jmap:mail:snooze\"");
			return false;
		}
		sort->by_texts |= key >= JMAP_SORT_FROM && key <= JMAP_SORT_SUBJECT;
		sort->by_keywords |= key >= JMAP_SORT_SNOOZED;
		sort->by_threads |= key > JMAP_SORT_HAS_KEYWORD;
		if (key < JMAP_SORT_HAS_KEYWORD)
			continue;
		if (!jmap_take_string(c, query->sort[i].comparator, "keyword", &keyword))
			return false;
		if (keyword.len == 0) {
			jmap_error(
			    c, "invalidArguments", "\"sort\": \"%s\" needs a keyword", jmap_email_sorts[key]);
			return false;
		}
		sort->by[i].keyword = jmap_keyword_of(jmap_session_of(c), jmap_account(c)->ask, keyword);
	}
	return true;
}

bool jmap_email_sort_is_received(const struct jmap_email_sort *sort, bool *descending)
{
	*descending = sort->count == 0 || sort->by[0].descending;
	return sort->count == 0 || (sort->count == 1 && sort->by[0].key == JMAP_SORT_RECEIVED);
}

/* ---- texts ---- */

static const struct address *first_mailbox(const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == ADDRESS_MAILBOX)
			return &list->items[i];
	return NULL;
}

/* Appends what may be compared: no NUL, since that ends it, and no more than counts. */
static int put_text(struct buf *out, struct view folded)
{
	for (size_t i = 0; i < folded.len && i < SORT_TEXT_MAX; i++)
		if (folded.data[i] != '\0')
			buf_append_byte(out, folded.data[i]);
	return buf_append_byte(out, '\0');
}

/* The name, or else the address, of the first mailbox. */
static int put_name(struct buf *out, const struct address_list *list)
{
	const struct address *a = first_mailbox(list);
	struct buf plain, folded;
	buf_init(&plain, SCRATCH_MAX);
	buf_init(&folded, SCRATCH_MAX);
	if (a) {
		encoded_word_decode(a->display_name, &plain); /* what has no room doesn't count */
		if (view_trim(buf_view(&plain)).len == 0) {
			buf_clear(&plain);
			address_write_mailbox(&plain, a->local_part, a->domain);
		}
		fold_casemap(view_trim(buf_view(&plain)), &folded);
	}
	int error = put_text(out, buf_view(&folded));
	buf_done(&plain);
	buf_done(&folded);
	return error;
}

int jmap_sort_text_make(struct jmap_table *t, uint32_t row, const struct envelope *envelope)
{
	struct buf all, subject;
	bool answer;
	if (t->texts[row])
		return 0;
	buf_init(&all, 3 * (SORT_TEXT_MAX + 1));
	buf_init(&subject, SCRATCH_MAX);
	base_subject_append(envelope->subject, &subject, &answer);
	put_text(&all, buf_view(&subject));
	uint32_t from = (uint32_t)all.len, to = 0;
	put_name(&all, &envelope->from);
	to = (uint32_t)all.len;
	put_name(&all, &envelope->to);
	struct jmap_sort_text *text = buf_failed(&all) ? NULL : mem_try(sizeof *text + all.len);
	if (text) {
		*text = (struct jmap_sort_text){.size = (uint32_t)all.len, .from = from, .to = to};
		memcpy(text->text, buf_view(&all).data, all.len);
		t->texts[row] = text;
		t->text_bytes += sizeof *text + text->size;
	}
	buf_done(&all);
	buf_done(&subject);
	return text ? 0 : -ENOMEM;
}

static const char *text_of(const struct jmap_table *t, uint32_t row, enum jmap_email_sort_key key)
{
	const struct jmap_sort_text *text = t->texts[row];
	if (text == NULL)
		return "";
	return text->text + (key == JMAP_SORT_FROM ? text->from : key == JMAP_SORT_TO ? text->to : 0);
}

/* ---- order ---- */

/* A row with its numbers, one for each comparator; texts are compared as they are. */
struct item {
	uint32_t row;
	uint64_t numbers[];
};

struct comparing {
	const struct jmap_email_sort *sort;
	const struct jmap_table *t;
};

static uint64_t signed_key(int64_t n)
{
	return (uint64_t)n ^ (uint64_t)1 << 63;
}

static uint64_t number_of(
    const struct jmap_email_sort *sort, size_t i, const struct jmap_table *t, uint32_t row)
{
	const struct jmap_row *r = &t->rows[row];
	switch (sort->by[i].key) {
	case JMAP_SORT_RECEIVED:
		return signed_key(r->received);
	case JMAP_SORT_SENT:
		return signed_key(r->sent);
	case JMAP_SORT_SNOOZED:
		return signed_key(r->snoozed ? r->snoozed : r->received);
	case JMAP_SORT_SIZE:
		return r->size;
	case JMAP_SORT_HAS_KEYWORD:
		return jmap_row_has(t, r, &sort->by[i].keyword);
	case JMAP_SORT_ALL_IN_THREAD:
		return jmap_thread_all_have(t, row, &sort->by[i].keyword);
	case JMAP_SORT_SOME_IN_THREAD:
		return jmap_thread_some_have(t, row, &sort->by[i].keyword);
	default:
		return 0;
	}
}

static int compare(const void *one, const void *other, void *arg)
{
	const struct item *a = one, *b = other;
	const struct comparing *on = arg;
	for (size_t i = 0; i < on->sort->count; i++) {
		enum jmap_email_sort_key key = on->sort->by[i].key;
		int order = a->numbers[i] < b->numbers[i] ? -1 : a->numbers[i] > b->numbers[i];
		if (key >= JMAP_SORT_FROM && key <= JMAP_SORT_SUBJECT)
			order = strcmp(text_of(on->t, a->row, key), text_of(on->t, b->row, key));
		if (order)
			return on->sort->by[i].descending ? -order : order;
	}
	uint64_t first = on->t->rows[a->row].id, second = on->t->rows[b->row].id;
	return first < second ? -1 : first > second;
}

int jmap_email_sort_rows(
    const struct jmap_email_sort *sort, const struct jmap_table *t, uint32_t *rows, uint32_t count)
{
	size_t size = sizeof(struct item) + sort->count * sizeof(uint64_t);
	struct comparing on = {.sort = sort, .t = t};
	size = (size + 7) / 8 * 8;
	char *items = mem_try(count * size + 1);
	if (items == NULL)
		return -ENOMEM;
	for (uint32_t n = 0; n < count; n++) {
		struct item *item = (struct item *)(void *)(items + n * size);
		item->row = rows[n];
		for (size_t i = 0; i < sort->count; i++)
			item->numbers[i] = number_of(sort, i, t, rows[n]);
	}
	qsort_r(items, count, size, compare, &on);
	for (uint32_t n = 0; n < count; n++)
		rows[n] = ((struct item *)(void *)(items + n * size))->row;
	mem_free(items);
	return 0;
}
