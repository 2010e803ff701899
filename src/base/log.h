/*
 * The log: one line an event, `time level role id event key=value ...`. Writing never blocks: a line that the
 * log's reader has no room for is dropped and counted, and the count is said in the next line that gets
 * through. Text from outside is escaped and cut. Passwords and bodies are never logged. No line is written at
 * a peer's pace: log_event leaves out what is too fast, and says how much that was (log_limit.h). The value
 * of the first field is taken for the cause, so what stands there names who or what brought the line about:
 * the client, the host, the account, the error.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/view.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_field {
	const char *key; /* NULL ends the list */
	enum { LOG_TEXT, LOG_UNSIGNED, LOG_SIGNED } kind;
	union {
		struct view text;
		uint64_t u;
		int64_t s;
	};
};

/* Field makers, for log_event. */
static inline struct log_field log_text(const char *key, struct view v)
{
	return (struct log_field){.key = key, .kind = LOG_TEXT, .text = v};
}

static inline struct log_field log_string(const char *key, const char *s)
{
	return log_text(key, view_from_string(s));
}

static inline struct log_field log_u64(const char *key, uint64_t n)
{
	return (struct log_field){.key = key, .kind = LOG_UNSIGNED, .u = n};
}

static inline struct log_field log_i64(const char *key, int64_t n)
{
	return (struct log_field){.key = key, .kind = LOG_SIGNED, .s = n};
}

/* error="No such file or directory", from an errno value of either sign. */
struct log_field log_errno(int error);

/* result=done, or result="No such file or directory", from 0 or an errno value of either sign. */
struct log_field log_result(int error);

/*
 * log_event(level, id, event, fields...): id ties the lines of one session or message together, in all
 * processes ("-" where there is none). At least one field. A macro, to end the list for the caller.
 */
#define log_event(level, id, event, ...)                                                                     \
	log_fields(level, id, event, (struct log_field[]){__VA_ARGS__, {.key = NULL}}, LOG_PACED)

/*
 * The same for a line that must never be left out: what became of a message that was taken, a login that
 * succeeded, what an administrator has done. Only where no stranger can bring it about as often as it likes;
 * something else bounds each of them.
 */
#define log_record(level, id, event, ...)                                                                    \
	log_fields(level, id, event, (struct log_field[]){__VA_ARGS__, {.key = NULL}}, LOG_COMPLETE)

enum log_kind {
	LOG_PACED,      /* log_event */
	LOG_OF_MESSAGE, /* what became of a message that a stranger may have brought: left out only where one
	                   brings very many */
	LOG_COMPLETE    /* log_record */
};

/* `event` must be a literal: it is kept. */
void log_fields(enum log_level level, const char *id, const char *event, const struct log_field *fields,
    enum log_kind kind);

/* Writes a line for each event that lines were left out of since the last call. Whoever logs for long calls
 * it every LOG_TELL_MS; before a program ends it is called once more. */
void log_tell_left_out(void);

enum { LOG_TELL_MS = 10000 };

/*
 * Where lines go and what they begin with. fd is written with send(MSG_DONTWAIT) if it is a socket, else with
 * write; -1 throws lines away (unit tests). role is kept, not copied.
 */
void log_open(int fd, const char *role, enum log_level threshold);

void log_set_threshold(enum log_level threshold);

/* Lines dropped since the start. */
uint64_t log_dropped(void);

/* A hook for tests: called with each line instead of writing it; NULL takes it away. Each call
 * begins the pace of lines anew. */
void log_capture(void (*taker)(struct view line, void *arg), void *arg);

#endif
