/* The end-of-data machine of smtp_dot.h. Lines are found with memchr, so text costs next to nothing. */
#include "smtp/smtp_dot.h"

#include <string.h>

/* A line of text up to and with its LF, or what there is of it. Returns its length; sets the state behind it.
 */
static size_t take_text(struct smtp_dot *dot, struct view bytes)
{
	const char *lf = memchr(bytes.data, '\n', bytes.len);
	size_t len = lf ? (size_t)(lf - bytes.data) : bytes.len;
	bool ends_with_cr = len > 0 ? bytes.data[len - 1] == '\r' : dot->state == DOT_CR;
	/* A CR that is followed by anything but LF. The last one is judged when its follower is known. */
	size_t body = len > 0 && bytes.data[len - 1] == '\r' ? len - 1 : len;
	if ((len > 0 && dot->state == DOT_CR) || (body > 0 && memchr(bytes.data, '\r', body)))
		dot->bare_cr = true;
	if (lf == NULL) {
		dot->state = ends_with_cr ? DOT_CR : DOT_TEXT;
		return len;
	}
	if (!ends_with_cr) {
		dot->bare_lf = true;
		dot->state = DOT_TEXT;
	} else {
		dot->state = DOT_LINE_START;
	}
	return len + 1;
}

size_t smtp_dot_feed(
    struct smtp_dot *dot, struct view bytes, void (*emit)(void *arg, struct view run), void *arg)
{
	size_t at = 0, run = 0; /* [run, at) belongs to the message and is not handed over yet */
	while (at < bytes.len && !dot->ended) {
		char c = bytes.data[at];
		switch (dot->state) {
		case DOT_LINE_START:
			if (c != '.') {
				dot->state = DOT_TEXT;
				break;
			}
			/* This dot is transparency's or the end's: not the message's in either case. */
			if (at > run)
				emit(arg, view_of(bytes.data + run, at - run));
			run = ++at;
			dot->state = DOT_DOT;
			break;
		case DOT_DOT:
			if (c != '\r') {
				dot->state = DOT_TEXT;
				break;
			}
			run = ++at;
			dot->state = DOT_DOT_CR;
			break;
		case DOT_DOT_CR:
			if (c == '\n') {
				run = ++at;
				dot->ended = true;
				break;
			}
			/* ".", CR, something else: the CR was text after all. */
			emit(arg, VIEW("\r"));
			dot->state = DOT_CR;
			break;
		case DOT_TEXT:
		case DOT_CR:
			at += take_text(dot, view_skip(bytes, at));
			break;
		}
	}
	if (at > run)
		emit(arg, view_of(bytes.data + run, at - run));
	return at;
}
