/* What is looked for in the trace records, and which lines are it: for trace_search.c alone. */
#ifndef TRACE_TRACE_MATCH_H
#define TRACE_TRACE_MATCH_H

#include "trace/trace_search.h"

enum { TRACE_STAMP_LEN = 24 /* 2026-11-22T09:55:06.123Z */ };

struct trace_match {
	struct buf plain;   /* the text, in lower case */
	struct buf subject; /* its words, as lines have them */
	struct buf needle;  /* what a line that fits has in it, as it stands there, in lower case */
	char since[TRACE_STAMP_LEN + 1], until[TRACE_STAMP_LEN + 1]; /* empty: at any time */
};

/* `text` without the brackets that a Message-ID may have. False: nothing is looked for, or no line can have
 * it. */
bool trace_match_init(struct trace_match *m, const struct trace_query *query, struct view text);
void trace_match_done(struct trace_match *m);

/* Whether lines of that day ("2026-11-22") can fit: 0, or -1 for a day before them, 1 for one behind. */
int trace_match_day(const struct trace_match *m, const char *day);

/* Whether this line is what is looked for. `rest`: its event and fields. */
bool trace_match_line(const struct trace_match *m, struct view stamp, struct view rest);

/* With a text and a subject, a message must have a line with the one and the other in its first: whether this
 * is such a first line. */
bool trace_match_subject(const struct trace_match *m, struct view rest);

#endif
