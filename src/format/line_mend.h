/* A binary message (RFC 3030) as text: each line gets its CR LF. For messages that are sent by their length;
 * dot_stuff.h does it for those that end with a dot. */
#ifndef FORMAT_LINE_MEND_H
#define FORMAT_LINE_MEND_H

#include "base/buf.h"

struct line_mend {
	bool after_cr, open; /* the last line has no end */
};

/* Appends the bytes with their bare CRs and LFs made line ends. A CR at the end waits for what follows. */
void line_mend(struct line_mend *l, struct view bytes, struct buf *out);

/* After the last bytes: what is still missing. */
void line_mend_end(struct line_mend *l, struct buf *out);

#endif
