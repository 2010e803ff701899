/*
 * Merging segments: their terms run side by side, and the messages' numbers become those of the new segment.
 * Memory is a window on each dictionary and one on each run of postings, a number for each message, and the
 * numbers of one term.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "search/segment_private.h"

#define GONE UINT32_MAX /* the number of a message that is left out */

struct input {
	const struct segment_input *from;
	uint64_t *emailids;
	uint8_t *cut;
	uint32_t *numbers; /* in the new segment, or GONE */
	struct segment_terms terms;
	bool has_term;
	struct segment_window postings;
	uint64_t postings_at; /* of the window's position */
};

struct merge {
	struct input *inputs;
	size_t count;
	uint64_t *emailids;
	uint8_t *cut;
	uint32_t messages;
	uint32_t *found; /* numbers of the term under way */
	uint32_t found_count;
	const struct input *reading;
	char *octets; /* of a posting that is longer than a window */
	size_t octets_size;
	struct segment_writer writer;
};

/* ---- the messages ---- */

struct row {
	uint64_t emailid;
	uint32_t input, number;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	return x->emailid < y->emailid ? -1 : x->emailid > y->emailid;
}

/* Gives the messages that stay their new numbers. One that is in two segments, which should not be, is one.
 */
static int number_rows(struct merge *m, struct row *rows, size_t count)
{
	qsort(rows, count, sizeof *rows, compare_rows);
	for (size_t i = 0; i < count; i++) {
		bool same = m->messages > 0 && m->emailids[m->messages - 1] == rows[i].emailid;
		if (!same && m->messages == SEGMENT_MESSAGES_MAX)
			return -EMSGSIZE;
		uint32_t number = same ? m->messages - 1 : m->messages++;
		m->emailids[number] = rows[i].emailid;
		m->inputs[rows[i].input].numbers[rows[i].number] = number;
		if (segment_bit(m->inputs[rows[i].input].cut, rows[i].number))
			segment_bit_set(m->cut, number);
	}
	return 0;
}

static int gather_rows(struct merge *m, bool (*keep)(void *arg, uint64_t emailid), void *arg)
{
	size_t total = 0, count = 0;
	for (size_t i = 0; i < m->count; i++)
		total += m->inputs[i].from->head.messages;
	struct row *rows = mem_try(total * sizeof *rows);
	m->emailids = mem_try(total * sizeof *m->emailids);
	m->cut = mem_try(total / 8 + 1);
	m->found = mem_try(total * sizeof *m->found);
	if (rows == NULL || m->emailids == NULL || m->cut == NULL || m->found == NULL) {
		mem_free(rows);
		return -ENOMEM;
	}
	memset(m->cut, 0, total / 8 + 1);
	for (uint32_t i = 0; i < m->count; i++) {
		struct input *in = &m->inputs[i];
		for (uint32_t k = 0; k < in->from->head.messages; k++) {
			in->numbers[k] = GONE;
			if (keep == NULL || keep(arg, in->emailids[k]))
				rows[count++] = (struct row){in->emailids[k], i, k};
		}
	}
	int error = number_rows(m, rows, count);
	mem_free(rows);
	return error;
}

static int open_input(struct input *in, const struct segment_input *from)
{
	in->from = from;
	in->numbers = mem_try(from->head.messages * sizeof *in->numbers);
	if (in->numbers == NULL)
		return -ENOMEM;
	return segment_table_read(&from->head, &from->source, &in->emailids, &in->cut);
}

static void close_input(struct input *in)
{
	mem_free(in->emailids);
	mem_free(in->cut);
	mem_free(in->numbers);
	segment_terms_close(&in->terms);
	segment_window_close(&in->postings);
}

/* ---- the terms ---- */

static void take_number(void *arg, uint32_t number)
{
	struct merge *m = arg;
	uint32_t now = m->reading->numbers[number];
	if (now != GONE)
		m->found[m->found_count++] = now;
}

static int copy_octets(struct merge *m, struct segment_window *w, size_t len, struct view *octets)
{
	if (len > m->octets_size) {
		char *more = mem_try_resize(m->octets, len);
		if (more == NULL)
			return -ENOMEM;
		m->octets = more;
		m->octets_size = len;
	}
	for (size_t have = 0; have < len;) {
		int error = segment_window_fill(w, 1);
		size_t here = w->len - w->at < len - have ? w->len - w->at : len - have;
		if (error || here == 0)
			return error ? error : -EBADMSG;
		memcpy(m->octets + have, w->data + w->at, here);
		w->at += here;
		have += here;
	}
	*octets = view_of(m->octets, len);
	return 0;
}

/* The postings of an input's term: they lie in the order of the terms. */
static int take_posting(struct merge *m, struct input *in)
{
	const struct segment_posting *p = &in->terms.posting;
	struct segment_window *w = &in->postings;
	struct view octets = {0};
	int error = 0;
	if (p->messages > 1 && p->len > SEGMENT_WINDOW / 2) {
		error = copy_octets(m, w, p->len, &octets);
	} else if (p->messages > 1) {
		error = segment_window_fill(w, p->len);
		if (error == 0 && w->len - w->at < p->len)
			error = -EBADMSG;
		octets = error ? octets : view_of(w->data + w->at, p->len);
		w->at += error ? 0 : p->len;
	}
	m->reading = in;
	return error ? error : segment_posting_read(p, in->from->head.messages, octets, take_number, m);
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Segments often follow one another, so that their numbers do too. */
static void sort_found(struct merge *m)
{
	uint32_t kept = 0;
	bool sorted = true;
	for (uint32_t i = 1; i < m->found_count && sorted; i++)
		sorted = m->found[i - 1] < m->found[i];
	if (sorted)
		return;
	qsort(m->found, m->found_count, sizeof *m->found, compare_numbers);
	for (uint32_t i = 0; i < m->found_count; i++)
		if (i == 0 || m->found[i] != m->found[kept - 1])
			m->found[kept++] = m->found[i];
	m->found_count = kept;
}

static struct view term_of(const struct input *in)
{
	return view_of(in->terms.text, in->terms.len);
}

static int next_term(struct input *in)
{
	int more = segment_terms_next(&in->terms);
	in->has_term = more == 1;
	return more < 0 ? more : 0;
}

static const struct input *least(const struct merge *m)
{
	const struct input *best = NULL;
	for (size_t i = 0; i < m->count; i++)
		if (m->inputs[i].has_term &&
		    (best == NULL || view_compare(term_of(&m->inputs[i]), term_of(best)) < 0))
			best = &m->inputs[i];
	return best;
}

static int merge_term(struct merge *m, struct view term)
{
	bool has[SEGMENT_MERGED_MAX];
	int error = 0;
	m->found_count = 0;
	for (size_t i = 0; i < m->count && error == 0; i++) {
		has[i] = m->inputs[i].has_term && view_equal(term_of(&m->inputs[i]), term);
		if (has[i])
			error = take_posting(m, &m->inputs[i]);
	}
	sort_found(m);
	if (error == 0 && m->found_count > 0)
		error = segment_writer_term(&m->writer, term, m->found, m->found_count);
	for (size_t i = 0; i < m->count && error == 0; i++)
		if (has[i])
			error = next_term(&m->inputs[i]);
	return error;
}

static int begin_section(struct merge *m, enum search_section section)
{
	segment_writer_section(&m->writer, section);
	for (size_t i = 0; i < m->count; i++) {
		struct input *in = &m->inputs[i];
		segment_terms_close(&in->terms);
		segment_window_close(&in->postings);
		int error = segment_terms_open(&in->terms, &in->from->head, &in->from->source, section);
		if (error == 0)
			error = segment_window_open(&in->postings, &in->from->source, SEGMENT_POSTINGS,
			    in->terms.postings, in->terms.postings_end);
		if (error == 0)
			error = next_term(in);
		if (error)
			return error;
	}
	return 0;
}

static int merge_sections(struct merge *m)
{
	const struct input *next;
	for (unsigned s = 0; s < SEARCH_SECTIONS; s++) {
		int error = begin_section(m, (enum search_section)s);
		while (error == 0 && (next = least(m)) != NULL) {
			char text[SEARCH_TERM_MAX];
			struct view term = term_of(next);
			memcpy(text, term.data, term.len);
			error = merge_term(m, view_of(text, term.len));
		}
		if (error)
			return error;
	}
	return segment_writer_finish(&m->writer, m->emailids, m->cut);
}

int segment_merge(const struct segment_input *inputs, size_t count, bool (*keep)(void *arg, uint64_t emailid),
    void *arg, const struct segment_sink *sink, struct segment_head *head)
{
	struct segment_head merged = {0};
	struct merge m = {.count = count};
	int error = count > 0 && count <= SEGMENT_MERGED_MAX ? 0 : -EINVAL;
	if (error)
		return error;
	m.inputs = mem_array(count, sizeof *m.inputs);
	segment_writer_init(&m.writer, sink, &merged);
	for (size_t i = 0; i < count && error == 0; i++)
		error = open_input(&m.inputs[i], &inputs[i]);
	if (error == 0)
		error = gather_rows(&m, keep, arg);
	merged.messages = m.messages;
	if (error == 0 && m.messages > 0)
		error = merge_sections(&m);
	for (size_t i = 0; i < count; i++)
		close_input(&m.inputs[i]);
	segment_writer_done(&m.writer);
	mem_free(m.inputs);
	mem_free(m.emailids);
	mem_free(m.cut);
	mem_free(m.found);
	mem_free(m.octets);
	if (error == 0)
		*head = merged;
	return error;
}
