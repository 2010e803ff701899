/*
 * What a message is to the search: its terms, in sections. A section is a part of the message that can be
 * searched for itself. Some sections keep the words of a text (format/words.h), others the whole value of a
 * header field, so that a fragment with blanks and dots in it is found exactly too.
 *
 * All terms are folded (format/fold.h). The list of a message's terms travels from the role that reads mail
 * to store, which knows nothing of mail: each once, ascending by section and octets.
 */
#ifndef SEARCH_SEARCH_TERMS_H
#define SEARCH_SEARCH_TERMS_H

#include "base/arena.h"
#include "base/buf.h"

enum search_section {
	SEARCH_SUBJECT, /* values; and so on */
	SEARCH_FROM,
	SEARCH_TO,
	SEARCH_CC,
	SEARCH_BCC,
	SEARCH_HEADER, /* words of all fields, with their names */
	SEARCH_BODY,
	SEARCH_ATTACHMENT, /* words that extractors found */
	SEARCH_SECTIONS
};

enum {
	/* Octets of a value, or of a piece of a longer one: subjects and most lists of addresses fit. Pieces
	 * overlap, so that a fragment of SEARCH_VALUE_FRAGMENT octets lies within one. */
	SEARCH_VALUE_MAX = 515,
	SEARCH_VALUE_FRAGMENT = 250,
	SEARCH_TERM_MAX = SEARCH_VALUE_MAX,
	/*
	 * Octets of one message's terms, and how many there are: a novel has some 20,000 words. Of a message
	 * with more some are left out, and it is marked: whoever searches looks at it himself.
	 */
	SEARCH_TERMS_BYTES = 4 << 20,
	SEARCH_TERMS_MAX = 200 * 1000
};

static inline bool search_section_has_values(enum search_section section)
{
	return section < SEARCH_HEADER;
}

/* ---- gathering ---- */

struct search_term {
	struct search_term *next; /* of the same hash */
	uint64_t hash;
	struct view text;
	unsigned section;
};

struct search_terms {
	struct arena arena;
	struct search_term **table; /* by hash; `size` lists, a power of two */
	size_t size, count, bytes;
	struct buf folded; /* of each section the end of a text that goes on */
	bool cut;          /* terms were left out: a search that does not find the message proves nothing */
};

void search_terms_init(struct search_terms *t);
void search_terms_done(struct search_terms *t);
void search_terms_clear(struct search_terms *t);

/*
 * Adds the words of a text, or the value. `continues`: it goes on with the next call, which is for the same
 * section; a word may be split between the two. 0 or -ENOMEM.
 */
int search_terms_add(struct search_terms *t, enum search_section section, struct view utf8, bool continues);

/* Something of the message was not read. */
static inline void search_terms_cut(struct search_terms *t)
{
	t->cut = true;
}

/* Appends the list: for each term its section, the lengths of what it shares with the term before and of the
 * rest, and the rest. The result of buf_append, or -ENOMEM. */
int search_terms_write(const struct search_terms *t, struct buf *out);

/* Octets of a list that search_terms_write makes, at most. */
enum { SEARCH_TERMS_WRITTEN_MAX = SEARCH_TERMS_BYTES + 8 * SEARCH_TERMS_MAX };

/* ---- reading a list ---- */

struct search_terms_reader {
	struct view rest;
	unsigned section;
	size_t len;
	bool any;
	bool broken; /* it is not what search_terms_write makes */
	char text[SEARCH_TERM_MAX];
};

void search_terms_read(struct search_terms_reader *r, struct view list);

/* The next term, valid until the next call; false at the end, and where the list is broken. */
bool search_terms_next(struct search_terms_reader *r, enum search_section *section, struct view *term);

#endif
