/* Writing pages: text from anywhere is escaped, so that it is text and nothing else. */
#ifndef ROLE_WEB_WEB_HTML_H
#define ROLE_WEB_WEB_HTML_H

#include "role/web/web_exchange.h"
#include "role/web/web_texts.h"

/* Appends text, or a value of an attribute in quotes. What is not UTF-8 becomes U+FFFD; so do control
 * characters. */
void web_html_text(struct buf *out, struct view text);

/* A time as people read it, as web_time.h writes it; "never" for 0. */
void web_html_time(struct buf *out, enum web_language in, int64_t seconds);

/* The beginning of a page, up to its main part, and its end. `title` is English, and shown in the language
 * where web_texts.h has it. `script`: a file of ours, or NULL. */
void web_html_begin(struct buf *out, enum web_language language, const char *title, const char *script);
void web_html_end(struct buf *out);

/* Answers with the page, which is taken over. Nothing of it is kept by anybody, and it is never compressed:
 * it has secrets beside what others say. */
void web_html_reply(struct web_exchange *e, unsigned status, struct buf *page);

/* A QR code as an SVG picture, of black squares on white. False: the text is too long for one. */
bool web_html_qr(struct buf *out, enum web_language language, const char *text);

/* The same for a program that draws it itself: a JSON list of rows, each a string of 1 (black) and 0. */
bool web_html_qr_rows(struct buf *out, const char *text);

#endif
