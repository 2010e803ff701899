/*
 * Text from strangers, made safe to show. A terminal obeys control characters, of C0 and of C1; a line can be
 * forged by whatever somebody takes for a line end; bidirectional controls show text in another order than it
 * has; and characters without a shape make two names look like one. Letters of all scripts and emoji, with
 * the joiners and selectors that belong to them, stay as they are. Everybody who shows, logs or writes out
 * such text comes through here.
 */
#ifndef BASE_SHOW_H
#define BASE_SHOW_H

#include "base/buf.h"
#include "base/view.h"

enum show_verdict {
	SHOW_PLAIN,     /* can do no harm */
	SHOW_LINE_END,  /* LF, LINE SEPARATOR, PARAGRAPH SEPARATOR */
	SHOW_INVISIBLE, /* has no shape: nothing is missing without it, but with it two texts are not the same
	                 */
	SHOW_UNSAFE     /* a control character, no character at all, or not UTF-8 */
};

/* What the verdict on the next character depends on. All zero at the beginning of a text. */
struct show {
	int32_t before; /* the last character that was plain, and has a shape; 0 behind anything else */
	unsigned tags;  /* of a flag's tag characters so far */
	bool selected;  /* it has its variation selector, or joiner */
};

/*
 * Takes the next character, or a byte that is not UTF-8, off *text, which must not be empty; *bytes, if not
 * NULL, is what was taken.
 */
enum show_verdict show_next(struct show *show, struct view *text, struct view *bytes);

/* Takes the printable ASCII at the beginning of *text off it: it is plain, and most of what is ever shown. */
struct view show_take_ascii(struct show *show, struct view *text);

/* Whether all of it is plain. */
bool show_is_plain(struct view text);

/* Whether it is UTF-8 without any control character and line end: what an address, or another value that is
 * kept, may hold at most. */
bool show_is_value(struct view text);

/*
 * A value (an address, a name, a reply) on one line: line ends and tabs become blanks, all else that is not
 * plain "?", so that two values that are not the same don't look it. show_ascii does so with everything that
 * is not ASCII. The result of buf_append.
 */
int show_line(struct buf *out, struct view text);
int show_ascii(struct buf *out, struct view text);

/*
 * A text to be read (a message's body): line ends become LF, tabs stay; what is invisible is left out, what
 * is unsafe becomes U+FFFD. show_title is for one on a single line (a subject): line ends and tabs become
 * blanks. CR LF is one line end, in all of these. The result of buf_append.
 */
int show_text(struct buf *out, struct view text);
int show_title(struct buf *out, struct view text);

#endif
