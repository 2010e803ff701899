/*
 * The end of DATA (RFC 5321 sections 4.1.1.4, 4.5.2 and 2.3.8): takes the dots of transparency off and finds
 * the line with a single dot. Only CR LF ends a line. A CR or LF alone neither ends the message nor a line of
 * it: it is noted, and such a message is refused, since two servers that read it differently could be made to
 * see two messages ("SMTP smuggling").
 */
#ifndef SMTP_SMTP_DOT_H
#define SMTP_SMTP_DOT_H

#include "base/view.h"

struct smtp_dot {
	enum { DOT_LINE_START, DOT_TEXT, DOT_CR, DOT_DOT, DOT_DOT_CR } state;
	bool ended;
	bool bare_cr, bare_lf; /* seen somewhere */
};

/*
 * Takes bytes up to the end of the message; what belongs to it is handed to `emit`, in order, in runs as long
 * as can be. Returns how many bytes were consumed: all, unless `ended` is set.
 */
size_t smtp_dot_feed(
    struct smtp_dot *dot, struct view bytes, void (*emit)(void *arg, struct view run), void *arg);

#endif
