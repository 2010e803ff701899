/* How segments are read and written, octet by octet: see segment.h. */
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "format/wire.h"
#include "search/segment_private.h"

enum {
	PIECE = 128 * 1024, /* written at once */
	/* Of one term: its octets, its numbers, and the postings of as many messages as there may be. */
	POSTING_MAX = 5 * SEGMENT_MESSAGES_MAX,
	TERM_OCTETS_MAX = SEARCH_TERM_MAX + 4 * NUMBER_MAX,
	TABLE_ROW_MAX = 2 * NUMBER_MAX
};

/* ---- the head ---- */

int segment_head_encode(const struct segment_head *h, struct buf *out)
{
	buf_append_u8(out, SEARCH_VERSION);
	wire_put_number(out, h->messages);
	wire_put_number(out, h->first_email);
	wire_put_number(out, h->last_email);
	wire_put_number(out, h->table_len);
	wire_put_number(out, h->text);
	for (size_t i = 0; i < SEARCH_SECTIONS; i++) {
		wire_put_number(out, h->sections[i].terms);
		wire_put_number(out, h->sections[i].dictionary_len);
		wire_put_number(out, h->sections[i].postings_len);
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}

int segment_head_decode(struct view encoded, struct segment_head *h)
{
	enum { LEN_BITS = 48 }; /* so that sums do not overflow */
	const uint64_t len_max = UINT64_C(1) << LEN_BITS;
	struct cursor in = cursor_on(encoded);
	struct segment_head read = {0};
	if (cursor_u8(&in) != SEARCH_VERSION)
		return -EBADMSG;
	read.messages = (uint32_t)wire_number(&in, SEGMENT_MESSAGES_MAX);
	read.first_email = wire_number(&in, UINT64_MAX);
	read.last_email = wire_number(&in, UINT64_MAX);
	read.table_len = wire_number(&in, len_max);
	read.text = wire_number(&in, UINT64_MAX);
	for (size_t i = 0; i < SEARCH_SECTIONS; i++) {
		read.sections[i].terms = wire_number(&in, len_max);
		read.sections[i].dictionary_len = wire_number(&in, len_max);
		read.sections[i].postings_len = wire_number(&in, len_max);
	}
	if (!cursor_ok(&in) || !cursor_at_end(&in) || read.messages == 0 ||
	    read.first_email > read.last_email)
		return -EBADMSG;
	*h = read;
	return 0;
}

static uint64_t section_offset(const struct segment_head *h, enum segment_part part, size_t section)
{
	uint64_t at = 0;
	for (size_t i = 0; i < section; i++)
		at +=
		    part == SEGMENT_DICTIONARY ? h->sections[i].dictionary_len : h->sections[i].postings_len;
	return at;
}

uint64_t segment_length(const struct segment_head *h, enum segment_part part)
{
	return section_offset(h, part, SEARCH_SECTIONS) + (part == SEGMENT_POSTINGS ? h->table_len : 0);
}

/* ---- windows ---- */

int segment_window_open(struct segment_window *w, const struct segment_source *source, enum segment_part part,
    uint64_t offset, uint64_t end)
{
	*w = (struct segment_window){.source = source, .part = part, .next = offset, .end = end};
	w->size = end - offset < SEGMENT_WINDOW ? (size_t)(end - offset) : SEGMENT_WINDOW;
	w->data = mem_try(w->size + 1);
	return w->data ? 0 : -ENOMEM;
}

void segment_window_close(struct segment_window *w)
{
	mem_free(w->data);
	w->data = NULL;
}

int segment_window_fill(struct segment_window *w, size_t want)
{
	if (w->len - w->at >= want || w->next == w->end)
		return 0;
	memmove(w->data, w->data + w->at, w->len - w->at);
	w->len -= w->at;
	w->at = 0;
	size_t room = w->size - w->len;
	size_t more = w->end - w->next < room ? (size_t)(w->end - w->next) : room;
	int error = w->source->read(w->source->arg, w->part, w->next, more, w->data + w->len);
	if (error)
		return error;
	w->len += more;
	w->next += more;
	return 0;
}

/* ---- terms ---- */

int segment_terms_open(struct segment_terms *t, const struct segment_head *head,
    const struct segment_source *source, enum search_section section)
{
	const struct segment_section *s = &head->sections[section];
	uint64_t at = section_offset(head, SEGMENT_DICTIONARY, section);
	memset(t, 0, sizeof *t);
	t->head = head;
	t->left = s->terms;
	t->postings = section_offset(head, SEGMENT_POSTINGS, section);
	t->postings_end = t->postings + s->postings_len;
	return segment_window_open(&t->window, source, SEGMENT_DICTIONARY, at, at + s->dictionary_len);
}

void segment_terms_close(struct segment_terms *t)
{
	segment_window_close(&t->window);
}

/* Most numbers have one octet. */
static inline uint64_t number(const char **at, const char *end, bool *failed)
{
	uint64_t n = 0;
	for (unsigned shift = 0; shift < 63 && *at < end; shift += 7) {
		unsigned char octet = (unsigned char)*(*at)++;
		n |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80)
			return n;
	}
	*failed = true;
	return 0;
}

static int bad_terms(const struct segment_terms *t)
{
	(void)t;
	return -EBADMSG;
}

static bool take_posting(struct segment_terms *t, const char **at, const char *end)
{
	bool failed = false;
	struct segment_posting *p = &t->posting;
	uint64_t messages = number(at, end, &failed), value = number(at, end, &failed);
	if (failed || messages == 0 || messages > t->head->messages)
		return false;
	p->messages = (uint32_t)messages;
	p->len = 0;
	p->only = 0;
	p->bitmap = false;
	if (messages == 1) {
		p->only = (uint32_t)value;
		return value < t->head->messages;
	}
	p->bitmap = value & 1;
	p->offset = t->postings;
	p->len = (size_t)(value >> 1);
	if (p->len > t->postings_end - t->postings || p->len > POSTING_MAX)
		return false;
	t->postings += p->len;
	return true;
}

int segment_terms_next(struct segment_terms *t)
{
	struct segment_window *w = &t->window;
	bool failed = false;
	if (t->left == 0)
		return segment_window_at_end(w) && t->postings == t->postings_end ? 0 : bad_terms(t);
	int error = segment_window_fill(w, TERM_OCTETS_MAX);
	if (error)
		return error;
	const char *at = w->data + w->at, *end = w->data + w->len;
	uint64_t shared = number(&at, end, &failed), len = number(&at, end, &failed);
	if (failed || shared > t->len || len > SEARCH_TERM_MAX - shared || len > (uint64_t)(end - at))
		return bad_terms(t);
	memcpy(t->text + shared, at, (size_t)len);
	at += len;
	t->shared = (size_t)shared;
	t->len = (size_t)(shared + len);
	if (!take_posting(t, &at, end))
		return bad_terms(t);
	w->at = (size_t)(at - w->data);
	t->left--;
	return 1;
}

/*
 * While a term is passed over, of `text` only the octets count that tell it from `begin`: those up to the
 * first one that differs. A term that shares more than these with the one before is passed over like it, and
 * is not copied.
 */
int segment_terms_seek(struct segment_terms *t, struct view begin)
{
	struct segment_window *w = &t->window;
	size_t same = 0; /* octets that the last term has in common with `begin` */
	bool failed = false, kept = true;
	while (t->left > 0) {
		int error = w->len - w->at < TERM_OCTETS_MAX ? segment_window_fill(w, TERM_OCTETS_MAX) : 0;
		if (error)
			return error;
		const char *at = w->data + w->at, *end = w->data + w->len;
		uint64_t shared = number(&at, end, &failed), len = number(&at, end, &failed);
		if (failed || shared > t->len || len > SEARCH_TERM_MAX - shared || len > (uint64_t)(end - at))
			return bad_terms(t);
		const char *suffix = at;
		at += len;
		t->shared = (size_t)shared;
		t->len = (size_t)(shared + len);
		if (!take_posting(t, &at, end))
			return bad_terms(t);
		w->at = (size_t)(at - w->data);
		t->left--;
		if (!kept && shared > same)
			continue;
		memcpy(t->text + shared, suffix, (size_t)len);
		for (same = 0; same < begin.len && same < t->len && t->text[same] == begin.data[same];)
			same++;
		if (same == begin.len || (same < t->len && (unsigned char)t->text[same] >= 0x80))
			return 1;
		kept = false;
	}
	return segment_terms_next(t);
}

/* ---- postings ---- */

static int read_bitmap(uint32_t messages, struct view octets, void (*found)(void *, uint32_t), void *arg)
{
	if (octets.len != segment_bits_size(messages))
		return -EBADMSG;
	for (uint32_t i = 0; i < octets.len; i++)
		for (unsigned bits = (unsigned char)octets.data[i]; bits; bits &= bits - 1) {
			uint32_t n = i * 8 + (uint32_t)__builtin_ctz(bits);
			if (n >= messages)
				return -EBADMSG;
			found(arg, n);
		}
	return 0;
}

int segment_posting_read(const struct segment_posting *p, uint32_t messages, struct view octets,
    void (*found)(void *arg, uint32_t number), void *arg)
{
	if (p->messages == 1) {
		found(arg, p->only);
		return 0;
	}
	if (p->bitmap)
		return read_bitmap(messages, octets, found, arg);
	const char *at = octets.data, *end = octets.data + octets.len;
	bool failed = false;
	uint64_t next = 0;
	for (uint32_t i = 0; i < p->messages; i++) {
		uint64_t step = number(&at, end, &failed);
		next += step + (i > 0);
		if (failed || step >= messages || next >= messages)
			return -EBADMSG;
		found(arg, (uint32_t)next);
	}
	return at == end ? 0 : -EBADMSG;
}

int segment_posting_write(
    const uint32_t *numbers, uint32_t count, uint32_t messages, struct buf *out, bool *bitmap)
{
	size_t start = out->len, size = segment_bits_size(messages);
	for (uint32_t i = 0; i < count && out->len - start <= size; i++)
		wire_put_number(out, i == 0 ? numbers[0] : numbers[i] - numbers[i - 1] - 1);
	*bitmap = out->len - start > size;
	if (!*bitmap)
		return buf_failed(out) ? -ENOMEM : 0;
	buf_truncate(out, start);
	uint8_t *bits = (uint8_t *)buf_reserve(out, size);
	if (bits == NULL)
		return -ENOMEM;
	memset(bits, 0, size);
	for (uint32_t i = 0; i < count; i++)
		segment_bit_set(bits, numbers[i]);
	buf_commit(out, size);
	return 0;
}

/* ---- the table of messages ---- */

static int take_table(
    struct segment_window *w, const struct segment_head *head, uint64_t *emailids, uint8_t *cut)
{
	uint64_t last = 0;
	for (uint32_t i = 0; i < head->messages; i++) {
		int error = segment_window_fill(w, TABLE_ROW_MAX);
		if (error)
			return error;
		bool failed = false;
		const char *at = w->data + w->at;
		uint64_t row = number(&at, w->data + w->len, &failed);
		w->at = (size_t)(at - w->data);
		uint64_t step = row >> 1;
		if (failed || (i > 0 && step == 0) || last + step < last)
			return -EBADMSG;
		emailids[i] = last += step;
		if (row & 1)
			segment_bit_set(cut, i);
	}
	return segment_window_at_end(w) && emailids[0] == head->first_email && last == head->last_email
	           ? 0
	           : -EBADMSG;
}

int segment_table_read(
    const struct segment_head *head, const struct segment_source *source, uint64_t **emailids, uint8_t **cut)
{
	uint64_t at = section_offset(head, SEGMENT_POSTINGS, SEARCH_SECTIONS);
	struct segment_window w = {0};
	uint64_t *ids = mem_try(head->messages * sizeof *ids);
	uint8_t *bits = mem_try(segment_bits_size(head->messages));
	int error = ids && bits ? segment_window_open(&w, source, SEGMENT_POSTINGS, at, at + head->table_len)
	                        : -ENOMEM;
	if (error == 0) {
		memset(bits, 0, segment_bits_size(head->messages));
		error = take_table(&w, head, ids, bits);
	}
	segment_window_close(&w);
	if (error) {
		mem_free(ids);
		mem_free(bits);
		return error;
	}
	*emailids = ids;
	*cut = bits;
	return 0;
}

int segment_table_write(const uint64_t *emailids, const uint8_t *cut, uint32_t messages, struct buf *out)
{
	for (uint32_t i = 0; i < messages; i++)
		wire_put_number(out, (emailids[i] - (i ? emailids[i - 1] : 0)) << 1 | segment_bit(cut, i));
	return buf_failed(out) ? -ENOMEM : 0;
}

/* ---- writing ---- */

void segment_writer_init(struct segment_writer *w, const struct segment_sink *sink, struct segment_head *head)
{
	*w = (struct segment_writer){.sink = sink, .head = head};
	buf_init(&w->dictionary, PIECE + SEARCH_TERM_MAX + 4 * NUMBER_MAX);
	buf_init(&w->postings, PIECE + POSTING_MAX + SEGMENT_MESSAGES_MAX * NUMBER_MAX);
}

void segment_writer_done(struct segment_writer *w)
{
	buf_done(&w->dictionary);
	buf_done(&w->postings);
}

static int flush(struct segment_writer *w, enum segment_part part, struct buf *octets, size_t above)
{
	if (octets->len <= above)
		return buf_failed(octets) ? -ENOMEM : 0;
	int error = buf_failed(octets) ? -ENOMEM : w->sink->write(w->sink->arg, part, buf_view(octets));
	buf_clear(octets);
	return error;
}

void segment_writer_section(struct segment_writer *w, enum search_section section)
{
	w->section = section;
	w->len = 0;
}

int segment_writer_term(struct segment_writer *w, struct view term, const uint32_t *numbers, uint32_t count)
{
	struct segment_section *s = &w->head->sections[w->section];
	size_t dictionary = w->dictionary.len, postings = w->postings.len, shared = 0;
	bool bitmap = false;
	while (shared < w->len && shared < term.len && w->last[shared] == term.data[shared])
		shared++;
	if (count > 1 && segment_posting_write(numbers, count, w->head->messages, &w->postings, &bitmap) != 0)
		return -ENOMEM;
	wire_put_number(&w->dictionary, shared);
	wire_put_number(&w->dictionary, term.len - shared);
	buf_append(&w->dictionary, view_skip(term, shared));
	wire_put_number(&w->dictionary, count);
	wire_put_number(
	    &w->dictionary, count == 1 ? numbers[0] : (uint64_t)(w->postings.len - postings) << 1 | bitmap);
	memcpy(w->last + shared, term.data + shared, term.len - shared);
	w->len = term.len;
	s->terms++;
	s->dictionary_len += w->dictionary.len - dictionary;
	s->postings_len += w->postings.len - postings;
	w->head->text += (uint64_t)term.len * count;
	int error = flush(w, SEGMENT_DICTIONARY, &w->dictionary, PIECE);
	return error ? error : flush(w, SEGMENT_POSTINGS, &w->postings, PIECE);
}

int segment_writer_finish(struct segment_writer *w, const uint64_t *emailids, const uint8_t *cut)
{
	uint32_t messages = w->head->messages;
	size_t before = w->postings.len;
	w->head->first_email = emailids[0];
	w->head->last_email = emailids[messages - 1];
	if (segment_table_write(emailids, cut, messages, &w->postings) != 0)
		return -ENOMEM;
	w->head->table_len = w->postings.len - before;
	int error = flush(w, SEGMENT_DICTIONARY, &w->dictionary, 0);
	return error ? error : flush(w, SEGMENT_POSTINGS, &w->postings, 0);
}
