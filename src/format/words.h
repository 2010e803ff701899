/*
 * The words of folded text (fold.h), as a search index keeps them.
 *
 * A word is a longest run of letters, digits and the marks on them. In scripts that write no spaces (Chinese,
 * Japanese, Thai ...) each two characters that follow one another are one, and a character that stands alone
 * is. A run longer than WORD_MAX octets is given in pieces that overlap, its beginning and its end whole
 * among them.
 *
 * So an index that keeps all words of a text answers exactly whether the text contains a fragment that has no
 * separator in it: the fragment lies within one of the words (words_fragment says when that holds).
 */
#ifndef FORMAT_WORDS_H
#define FORMAT_WORDS_H

#include "base/view.h"

enum {
	WORD_MAX = 67,     /* octets of a word, or of a piece of one: only codes and addresses are longer */
	FRAGMENT_MAX = 30, /* octets of a fragment that certainly lies within one word or piece */
	/* Octets of two characters of a script without spaces, with more marks on each than anybody writes. A
	 * text that has even more is not indexed (struct words). */
	WORD_OCTETS_MAX = 2 * WORD_MAX
};

struct words {
	struct view text;  /* the caller's: what is not looked at yet */
	struct view run;   /* of a long run, from the piece that comes next */
	struct view first; /* in a script without spaces: the character that the next word begins with */
	bool ideographic, alone;
	bool broken; /* a character has more marks than any has: fragments of this text may lie in no word */
};

static inline struct words words_of(struct view folded)
{
	return (struct words){.text = folded};
}

/* The next word; false at the end. It points into the text and has at most WORD_OCTETS_MAX octets. */
bool words_next(struct words *w, struct view *word);

/* What a fragment, which somebody looks for, is to an index of words. */
enum words_fragment {
	WORDS_NONE,   /* it has no word in it: an index says nothing */
	WORDS_WITHIN, /* a text contains it exactly when one of its words does */
	WORDS_ACROSS  /* a text that contains it has words as words_demand_next tells; the reverse is not true
	               */
};

enum words_fragment words_fragment(struct view folded);

/* What a text must have that contains a fragment of WORDS_ACROSS: for each demand a word that ... */
enum words_demand_how { WORDS_CONTAINS, WORDS_EQUALS, WORDS_BEGINS_WITH, WORDS_ENDS_WITH };
struct words_demand {
	enum words_demand_how how;
	struct view text; /* at most WORD_OCTETS_MAX octets */
};

/* The next demand; false at the end. `whole` is the fragment, *rest what is left of it: at first all of it.
 */
bool words_demand_next(struct view whole, struct view *rest, struct words_demand *demand);

#endif
