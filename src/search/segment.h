/*
 * Segments of the search index: the terms of some messages of one account, and which message has which.
 * Immutable: built once, merged into larger ones, dropped.
 *
 * A segment is two runs of octets, kept as blobs, and a head, which is small. The messages are known by their
 * email ids; within the segment each has a number, in the order of the ids.
 *
 *	dictionary = the terms of each section, ascending, one section behind the other
 *	term       = shared suffix-length suffix messages ( number | length*2 + bitmap )
 *	postings   = for each term of two messages or more: ascending numbers as differences, or a bit for
 *each message; then the table of messages table      = the ids as differences, then the numbers of messages
 *that were not read whole
 *
 * All numbers are wire.h's. Everything that reads one is checked: damage gives -EBADMSG, and the index is
 *made anew.
 *
 * Pure: octets come through a source and go to a sink.
 */
#ifndef SEARCH_SEGMENT_H
#define SEARCH_SEGMENT_H

#include "search/search_terms.h"

enum {
	SEARCH_VERSION = 1, /* of segments, of folding, and of what is taken from messages */
	/* Messages of one segment: what a merge and a search need for each is 16 octets of memory. */
	SEGMENT_MESSAGES_MAX = 1 << 18,
	SEGMENT_MERGED_MAX = 32, /* segments that one merge takes */
	SEGMENT_HEAD_MAX = 400
};

enum segment_part { SEGMENT_DICTIONARY, SEGMENT_POSTINGS, SEGMENT_PARTS };

struct segment_section {
	uint64_t terms;
	uint64_t dictionary_len, postings_len; /* sections lie one behind the other */
};

struct segment_head {
	uint32_t messages;
	uint64_t first_email, last_email;
	struct segment_section sections[SEARCH_SECTIONS];
	uint64_t table_len;
	uint64_t text; /* octets of all terms, each as often as it has messages: for reports */
};

/* The result of buf_append. */
int segment_head_encode(const struct segment_head *h, struct buf *out);
/* 0 or -EBADMSG. Lengths add up without overflow. */
int segment_head_decode(struct view encoded, struct segment_head *h) __attribute__((warn_unused_result));

/* Octets of a part. */
uint64_t segment_length(const struct segment_head *h, enum segment_part part);

/* Where a segment is read from: exactly these octets, which lie within the part. 0 or a negative errno. */
struct segment_source {
	int (*read)(void *arg, enum segment_part part, uint64_t offset, size_t len, char *out);
	void *arg;
};

/* Where one is written to, each part from its beginning to its end. */
struct segment_sink {
	int (*write)(void *arg, enum segment_part part, struct view bytes);
	void *arg;
};

/* ---- building ---- */

struct segment_builder;

/* Never NULL. */
struct segment_builder *segment_builder_new(void);
void segment_builder_free(struct segment_builder *b);

enum {
	SEGMENT_BUILD_MESSAGES = 1000,
	SEGMENT_BUILD_MEMORY =
	    24 << 20 /* with it a builder is full; one message adds some 16 MB at the most */
};

/*
 * Adds a message; ids ascend. `cut`: not all of it was read. 0; -EBADMSG: the list is none, and nothing was
 * added; -ENOMEM: the builder is of no use any more.
 */
int segment_builder_add(struct segment_builder *b, uint64_t emailid, struct view terms, bool cut);
uint32_t segment_builder_count(const struct segment_builder *b);
bool segment_builder_is_full(const struct segment_builder *b);

/* Writes the segment. 0, the sink's error, or -ENOMEM. At least one message must be there. */
int segment_builder_finish(
    struct segment_builder *b, const struct segment_sink *sink, struct segment_head *head);

/* ---- merging ---- */

struct segment_input {
	struct segment_head head;
	struct segment_source source;
};

/*
 * Merges segments into one. keep: whether a message is still there; those that are not are left out (NULL:
 * all are). `*head` has no messages when none is left, and nothing has been written then. Takes some 2 MB of
 * memory for each input, and 24 octets for each message. 0, -EBADMSG, -ENOMEM, or an error of a source or the
 * sink.
 */
int segment_merge(const struct segment_input *inputs, size_t count, bool (*keep)(void *arg, uint64_t emailid),
    void *arg, const struct segment_sink *sink, struct segment_head *head);

/* ---- finding ---- */

enum search_how {
	SEARCH_SUBSTRING, /* the text, as IMAP means it */
	SEARCH_WORDS,     /* all its words, in any order; diacritics make no difference */
	SEARCH_PREFIX     /* the same, and the last word may go on */
};

struct search_query {
	unsigned sections; /* bits 1 << enum search_section: a match in any of them counts */
	enum search_how how;
	struct view text; /* folded */
	bool propose;     /* whatever is found is only proposed: the sections hold more than what is meant */
};

/* Of each message of a segment: two bits. */
struct segment_found {
	uint32_t messages;
	uint64_t *emailids; /* by number */
	uint8_t *sure, *maybe;
};

static inline bool segment_bit(const uint8_t *bits, uint32_t number)
{
	return bits[number / 8] >> number % 8 & 1;
}

/*
 * Looks for a text. What is neither sure nor maybe does not have it. 0, -EBADMSG, -ENOMEM, an error of the
 * source. segment_found_done frees what was found; it accepts one that is all zero.
 */
int segment_find(const struct segment_head *head, const struct segment_source *source,
    const struct search_query *query, struct segment_found *found);
void segment_found_done(struct segment_found *found);

#endif
