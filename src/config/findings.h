/*
 * What is wrong with settings: all of it at once, each with file and line, what is expected, and what may
 * have been meant. An error is what the server refuses to start with; a warning is what it starts with, and
 * somebody should know. The same findings are told by `postrider config check`, at the start, and at a
 * reload.
 */
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include "base/arena.h"
#include "base/buf.h"

enum finding_level { FINDING_WARNING, FINDING_ERROR };

enum {
	FINDINGS_MAX = 200, /* more than anybody reads; the rest is counted */
	FINDINGS_MEMORY_MAX = 1 << 20
};

struct finding {
	enum finding_level level;
	const char *file;                       /* empty: it stands in no file */
	unsigned line;                          /* 0: in none */
	const char *setting;                    /* empty: it concerns none */
	const char *problem, *expected, *meant; /* empty: there is nothing to say */
};

struct findings {
	struct arena arena; /* owns all texts */
	struct finding *rows;
	size_t count, left_out;
	unsigned errors, warnings;
};

void findings_init(struct findings *f);
void findings_done(struct findings *f);

/* Adds one; its texts are copied, and made safe to show. NULL is an empty text. */
void findings_add(struct findings *f, const struct finding *finding);

/* Puts them in the order of the lines, file by file. Whoever tells them calls this before. */
void findings_sort(struct findings *f);

/* One line for a person: "FILE:LINE: warning: SETTING: PROBLEM; expected EXPECTED; did you mean MEANT?" */
void finding_text(const struct finding *finding, struct buf *out);

/* All errors, or with `warnings` the warnings too: a line each, without a line end behind the last. */
void findings_text(const struct findings *f, bool warnings, struct buf *out);

/* {"good":...,"errors":n,"warnings":n,"findings":[{"level","file","line","setting","problem","expected","meant"}]}
 */
void findings_json(const struct findings *f, const char *file, struct buf *out);

#endif
