/* How segments are read and written: shared by those who build, merge and search. */
#ifndef SEARCH_SEGMENT_PRIVATE_H
#define SEARCH_SEGMENT_PRIVATE_H

#include "search/segment.h"

/* ---- a window on one part of a segment ---- */

enum {
	SEGMENT_WINDOW = 256 * 1024, /* octets that one read brings */
	NUMBER_MAX = 10              /* of an encoded number */
};

struct segment_window {
	const struct segment_source *source;
	enum segment_part part;
	uint64_t next, end; /* of what is to be read */
	char *data;         /* SEGMENT_WINDOW octets, or fewer when the whole range is shorter */
	size_t size, at, len;
};

/* [offset, end) of the part. 0 or -ENOMEM. */
int segment_window_open(struct segment_window *w, const struct segment_source *source, enum segment_part part,
    uint64_t offset, uint64_t end);
void segment_window_close(struct segment_window *w); /* one that is all zero is allowed */

/* Makes so many octets available, or all that are left when they are fewer; `want` is far below the window's
 * size. 0 or an error of the source. */
int segment_window_fill(struct segment_window *w, size_t want);

static inline bool segment_window_at_end(const struct segment_window *w)
{
	return w->at == w->len && w->next == w->end;
}

/* ---- the terms of a section ---- */

struct segment_posting {
	uint32_t messages; /* how many have the term */
	uint32_t only;     /* the number, when it is one */
	bool bitmap;
	uint64_t offset; /* in the postings */
	size_t len;
};

struct segment_terms {
	struct segment_window window;
	const struct segment_head *head;
	uint64_t left, postings; /* terms to come; where their postings begin */
	uint64_t postings_end;
	size_t shared; /* octets that the term has in common with the one before */
	size_t len;
	char text[SEARCH_TERM_MAX];
	struct segment_posting posting;
};

int segment_terms_open(struct segment_terms *t, const struct segment_head *head,
    const struct segment_source *source, enum search_section section);
void segment_terms_close(struct segment_terms *t);

/* 1: the next term is there; 0: that was the last one; else an error. */
int segment_terms_next(struct segment_terms *t);

/*
 * The same for the next term that begins with `begin`, or agrees with it up to an octet that is not ASCII (so
 * that without diacritics it may begin so): the others are passed over, which costs a fraction. `shared` says
 * nothing then. begin: ASCII, not empty.
 */
int segment_terms_seek(struct segment_terms *t, struct view begin);

/* ---- postings and the table ---- */

/* Calls `found` with each number, ascending. 0 or -EBADMSG. */
int segment_posting_read(const struct segment_posting *p, uint32_t messages, struct view octets,
    void (*found)(void *arg, uint32_t number), void *arg);

/* Appends a list of at least two, ascending: the shorter form. The result of buf_append. */
int segment_posting_write(
    const uint32_t *numbers, uint32_t count, uint32_t messages, struct buf *out, bool *bitmap);

/* The ids by number, and those that were not read whole as bits. Both are to be freed with mem_free. */
int segment_table_read(
    const struct segment_head *head, const struct segment_source *source, uint64_t **emailids, uint8_t **cut);
int segment_table_write(const uint64_t *emailids, const uint8_t *cut, uint32_t messages, struct buf *out);

static inline size_t segment_bits_size(uint32_t messages)
{
	return ((size_t)messages + 7) / 8;
}

static inline void segment_bit_set(uint8_t *bits, uint32_t number)
{
	bits[number / 8] |= (uint8_t)(1u << number % 8);
}

/* ---- writing ---- */

/* Sections are written in their order, and of each the terms in theirs. */
struct segment_writer {
	const struct segment_sink *sink;
	struct segment_head *head;
	struct buf dictionary, postings; /* what is not written yet */
	size_t len;
	char last[SEARCH_TERM_MAX];
	unsigned section;
};

void segment_writer_init(
    struct segment_writer *w, const struct segment_sink *sink, struct segment_head *head);
void segment_writer_done(struct segment_writer *w);
void segment_writer_section(struct segment_writer *w, enum search_section section);
int segment_writer_term(struct segment_writer *w, struct view term, const uint32_t *numbers, uint32_t count);
/* The table, and what is left. head: its ids and messages are set here. */
int segment_writer_finish(struct segment_writer *w, const uint64_t *emailids, const uint8_t *cut);

#endif
