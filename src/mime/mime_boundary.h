/* Boundary lines of open multiparts: RFC 2046 section 5.1.1. For the parser in mime.c alone. */
#ifndef MIME_MIME_BOUNDARY_H
#define MIME_MIME_BOUNDARY_H

#include <stddef.h>

#include "base/view.h"

/* A composite part that is still open. */
struct open_part {
	size_t index;
	struct view boundary; /* without "--"; no data in a message/rfc822 */
	bool closed;          /* its closing boundary was met: what follows is epilogue */
	bool has_parts;
};

struct boundary_match {
	int level;    /* the open part whose boundary it is; -1 if the line is none */
	bool closing; /* it ends with "--" */
	bool trailed; /* text follows on the line */
};

/*
 * What a line (with or without its line end) is to these open parts, the innermost last. A line
 * that is a boundary and nothing more counts for the innermost that it fits; else a line that begins with one
 * counts for the longest: "it is sufficient that the boundary appear in its entirety following the CRLF".
 */
struct boundary_match boundary_find(const struct open_part *open, size_t count, struct view line);

#endif
