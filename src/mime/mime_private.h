/* What the MIME parser's files share: mime.c (parts and bodies) and mime_header.c. */
#ifndef MIME_MIME_PRIVATE_H
#define MIME_MIME_PRIVATE_H

#include "mime/mime.h"
#include "mime/mime_boundary.h"

enum {
	/* "--", the boundary, "--", and some padding; what is longer has text behind the boundary, or is
	   none. */
	HELD_MAX = 2 + MIME_BOUNDARY_MAX + 2 + 52,
};

enum mode {
	FIELD_START, /* in a header, at a line's beginning with nothing gathered: what was before is done */
	FIELD,       /* gathering lines of fields in p->field */
	FIELD_CUT,   /* a field was too long: its remaining lines are skipped */
	LINE_START,  /* in a body, at the beginning of a line */
	LINE_HELD,   /* in a body, in a line that may be a boundary: it is in p->held */
	LINE_FOUND,  /* in the rest of a boundary line that is longer than p->held: p->found */
	LINE,        /* in a body, in any other line */
};

struct kept_text {
	struct buf raw;
	int part; /* -1: none yet */
};

struct mime_parser {
	struct mime_tree tree;
	size_t capacity;
	struct arena arena; /* texts of the tree */
	enum mode mode;

	uint64_t offset;     /* of the next byte of the input */
	uint64_t line_start; /* offset of the line that we are in */
	uint64_t lines;      /* line ends met so far */
	unsigned line_end;   /* octets of the last line end: 1 or 2; 0 before the first */
	bool line_was_empty; /* the line before this one had nothing but its line end */
	bool after_cr;       /* the last byte was CR */

	int current;      /* the part whose header or body we are in; -1 between parts */
	uint64_t *starts; /* for each part: p->lines where its body began */
	struct open_part open[MIME_DEPTH_MAX + 1];
	size_t open_count;

	struct buf field; /* fields gathered; line_in_field is where its last line begins */
	size_t line_in_field;
	/*
	 * Lines that are no fields are gathered too, until a known field shows that the header goes on behind
	 * them; if it does not, they are read again as the body's beginning, from the state that was before
	 * them.
	 */
	bool in_doubt;
	size_t doubt_line; /* in p->field: where the last line begins, with the lines that it continues */
	struct line_state {
		uint64_t line_start, lines;
		unsigned line_end;
		bool line_was_empty;
	} before_doubt;
	uint64_t header_read; /* octets of this header, and of all headers, that were looked at */
	uint64_t headers_read;

	char held[HELD_MAX];
	size_t held_len;
	struct boundary_match found;

	struct kept_text plain, html;
	struct buf *keep; /* where the body's bytes go too, or NULL */
	int maybe_text; /* a multipart whose first boundary is to come, and whose bytes are kept in case that
	                   none comes; or -1 */
};

/* ---- mime.c ---- */

/* The current part's header has ended; its body begins at this offset. */
void mime_start_body(struct mime_parser *p, uint64_t at);

/* A line has ended, with CR LF or LF alone; `after` is the offset behind it. */
void mime_note_line_end(struct mime_parser *p, bool cr, uint64_t after);

/* Passes over bytes up to the end of the line; *ended and *cr tell whether it is there, and with a CR.
 * Returns how many. */
size_t mime_skip_line(struct mime_parser *p, struct view in, bool *ended, bool *cr);

/* ---- mime_header.c ---- */

/* Take bytes of a header, in the modes FIELD_START and FIELD, or FIELD_CUT; they return how many. */
size_t mime_gather_field(struct mime_parser *p, struct view in);
size_t mime_skip_field(struct mime_parser *p, struct view in);

/* The lines gathered before the current one are a whole field. */
void mime_finish_field(struct mime_parser *p);

/* The last gathered line belongs to the header: it is added to its field, or begins one. False when it does
 * not, and the body has begun with it. */
bool mime_accept_header_line(struct mime_parser *p);

/* The header ends before the first line that is no field: what was gathered from there on belongs to the
 * body, and goes there. */
void mime_end_header_before_lines(struct mime_parser *p);

#endif
