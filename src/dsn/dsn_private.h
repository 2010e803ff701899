/* What the composers and the readers of reports share. */
#ifndef DSN_DSN_PRIVATE_H
#define DSN_DSN_PRIVATE_H

#include "base/arena.h"
#include "dsn/dsn_report.h"

/*
 * Text from outside on one line, made safe by base/show.h; without utf8, everything beyond ASCII becomes "?"
 * as well.
 */
void dsn_put_clean(struct buf *out, struct view text, bool utf8);

/* "Name: " and the text made clean, folded at blanks, with CRLF. */
void dsn_put_field(struct buf *out, const char *name, struct view text, bool utf8);

/* "Name: Sun, 22 Nov 2026 07:25:06 +0000", with CRLF; nothing for time 0 and what no date can say. */
void dsn_put_date(struct buf *out, const char *name, int64_t seconds, int offset_minutes);

/* The header fields of every mail that tells a sender something, up to MIME-Version. */
struct dsn_letter {
	struct view postmaster, to, message_id, subject;
	struct date now;
};
void dsn_put_letter(struct buf *out, const struct dsn_letter *letter);

/* The delimiter of a part, with the line end before it. */
void dsn_put_delimiter(struct buf *out, struct view boundary, bool last);

/* The part that a person reads: header and body. The text has LF line ends. */
void dsn_put_text_part(struct buf *out, struct view boundary, struct view text);

/* "8bit", "binary"; NULL for what needs no label. */
const char *dsn_encoding(enum dsn_content content);

/* A paragraph of words, wrapped, each line behind the indent, with LF. */
void dsn_put_words(struct buf *out, const char *indent, struct view words);

/* The status code that counts: what is given, else what the reply says, else what follows from the rest. */
struct view dsn_status_of(const struct dsn_recipient *r);

/* A host replied, and its words are there. */
bool dsn_host_said(const struct dsn_recipient *r);

/* What this server says where none did: the trouble's phrase and the words behind it; nothing where nothing
 * is known. */
void dsn_put_own_words(struct buf *out, const struct dsn_recipient *r);

/* dsn_text.c: the human part of a report, LF line ends. */
void dsn_put_explanation(struct buf *out, const struct dsn_report *report);

/* There is somebody to write to and something to say, and the boundary is one. */
bool dsn_letter_good(struct view to, struct view boundary, size_t count);

/* dsn_parse.c: a field's body on one line, without control characters, in the arena; at most `max` octets of
 * it are read (*cut: it has more). False: the arena is full. */
bool dsn_keep_line(struct arena *arena, struct view body, size_t max, struct view *kept, bool *cut);

/* How many recipients of a report have that action. */
size_t dsn_count(const struct dsn_report *report, enum dsn_action action);

#endif
