/*
 * One line of the form that the log and the trace records share: words and key=value, on the stack. What does
 * not fit is left out; text from outside is escaped, so that it is always one line without control
 * characters.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include "base/log.h"

enum {
	LOG_LINE_MAX = 2048, /* a line is for a person; more than this is cut */
	LOG_TEXT_MAX = 512   /* a single value from outside */
};

struct log_line {
	size_t len; /* the only member to be set before use */
	char data[LOG_LINE_MAX];
};

/* Its beginning: time, level, role, id ("-" for NULL) and event. */
void log_line_head(
    struct log_line *line, enum log_level level, const char *role, const char *id, const char *event);

/* Words of our own, as they are. */
void log_line_byte(struct log_line *line, char c);
void log_line_string(struct log_line *line, const char *s);

/* " key=value", the value quoted and escaped where it must be: what is not plain (base/show.h) as \xNN, each
 * of its bytes. */
void log_line_field(struct log_line *line, const struct log_field *field);

/* The line end, for which there is always room. */
void log_line_end(struct log_line *line);

/*
 * Whether this is a line as log_event writes it, with its line end, and its role is the one named. The time
 * and all that follows the role are its writer's word; but there is one line, no longer than LOG_LINE_MAX,
 * and all of it is plain.
 */
bool log_line_is_good(struct view line, const char *role);

/*
 * Reading: takes the next "key=value" off the rest of such a line. *value still has its quotes and escapes;
 * log_value_append undoes them. False at the end, or where something else stands.
 */
bool log_field_next(struct view *rest, struct view *key, struct view *value);

struct buf;
/* Appends the value's text. The result of buf_append. */
int log_value_append(struct view value, struct buf *out);

#endif
