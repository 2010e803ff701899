/*
 * The tokens that all structured header fields share (RFC 5322 section 3.2, with the obsolete forms of
 * section 4.1 and the UTF-8 of RFC 6532 section 3.1). They read on through anything: what isn't closed ends
 * at the end.
 */
#ifndef FORMAT_LEX_H
#define FORMAT_LEX_H

#include "base/buf.h"
#include "base/cursor.h"

/* atext, and every byte from 0x80 up (UTF8-non-ascii, or the raw 8-bit text of old programs). */
bool lex_is_atext(char c);

/* Token characters of MIME (RFC 2045 section 5.1), and bytes from 0x80 up, which are found in practice. */
bool lex_is_mime_token(char c);

/* Space, tab, and the CR and LF of folding. */
bool lex_is_blank(char c);

/*
 * Skips blanks and comments. When a comment was met and `comment` is not NULL, *comment becomes the inside of
 * the last one, raw. Returns whether anything was skipped.
 */
bool lex_skip_cfws(struct cursor *c, struct view *comment);

/* At a DQUOTE: appends the content, without quotes, backslashes, line ends and NULs. False if it is never
 * closed. */
bool lex_quoted_string(struct cursor *c, struct buf *out);

/*
 * The length of a run in ISO-2022-JP that begins here, from its escape to the one that ends it (RFC 1468); 0
 * if there is none. Old programs write such without an encoded word; its octets are letters, whatever they
 * mean in US-ASCII.
 */
size_t lex_iso_2022_jp(struct view v);

/* In a quoted string or comment: octets that stand for one thing, such a run, or a backslash with what it
 * quotes; else 1. */
size_t lex_unit_length(struct view v);

/* Appends a raw comment's text, with backslashes, line ends and NULs taken away. */
void lex_unquote(struct view raw, struct buf *out);

/* Appends text as a quoted string, with the backslashes that it needs. CR, LF and NUL are left out. */
int lex_write_quoted(struct buf *out, struct view text);

#endif
