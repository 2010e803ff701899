/*
 * Text made ready for comparing: the collation i;unicode-casemap (RFC 5051), which is what IMAP searches and
 * sorts by (RFC 5255 section 4.6); and, of folded text, the form without diacritics, for searches that
 * forgive.
 *
 * Folding looks at one character after the other and never at what stands around it. So the folded form of
 * two texts joined is their folded forms joined, and a text contains another one exactly when its folded form
 * contains the other's.
 */
#ifndef FORMAT_FOLD_H
#define FORMAT_FOLD_H

#include "base/buf.h"

/*
 * Appends the text in its folded form: each character in titlecase and without anything that it can be
 * decomposed into (RFC 5051 section 2). Octets that are not UTF-8 stay as they are. The result may be 18
 * times as long for one character, and is rarely longer than the text. The result of buf_append.
 */
int fold_casemap(struct view text, struct buf *out);

/*
 * Appends folded text without its diacritics: accents, points and strokes go, so that "cafe" finds "café" and
 * "strasse" finds "straße". Signs that spell (the vowels of Indic scripts) stay. The result of buf_append.
 */
int fold_bare(struct view folded, struct buf *out);

/* What a character of folded text is, for words (words.h). */
enum fold_class {
	FOLD_SEPARATOR,  /* ends a word */
	FOLD_WORD,       /* letters and digits */
	FOLD_MARK,       /* belongs to the character before it */
	FOLD_IDEOGRAPHIC /* of a script that writes no spaces between words: Han, Kana, Thai, Lao, Khmer ...
	                  */
};

/* -1 (no character) is a separator. */
enum fold_class fold_class(int32_t code_point);

/* Makes the tables (some milliseconds): a sandboxed process does so before it closes the file system. Without
 * it they are made at the first use. Any thread may call all of these functions. */
void fold_prepare(void);

#endif
