/*
 * Out of office: a setting of an account, and the Sieve script that it becomes. The script runs behind the
 * account's own, for mail that was kept, and can do nothing but answer (RFC 5230); it is none of the scripts
 * that people edit. It holds the setting in its first line, so that there is one truth. JMAP's
 * VacationResponse (RFC 8621 section 8) is a part of it: isEnabled, fromDate, toDate, subject, textBody,
 * htmlBody.
 */
#ifndef MAIL_VACATION_H
#define MAIL_VACATION_H

#include "base/arena.h"
#include "base/buf.h"
#include "format/date.h"

/* What can be asked of it, as mail/script.h's questions, on the same channel; each ends with MAIL_DONE. */
enum vacation_type {
	VACATION_GET = 1240, /* VACATION_SETTING, unless none was ever set */
	VACATION_SET,        /* struct vacation_setting; -EINVAL: it has a problem; errors as of SCRIPT_PUT */
	VACATION_ANSWERED,   /* VACATION_PERSON for each, in no order */
	VACATION_SETTING,
	VACATION_PERSON,
	VACATION_TYPES_END
};

enum {
	VACATION_SUBJECT_MAX = 500,        /* octets */
	VACATION_TEXT_MAX = 64 * 1024,     /* octets of each text: a letter has some kilobytes */
	VACATION_INSIDE_MAX = 8 * 1024,    /* octets of all who are inside */
	VACATION_INSIDE_COUNT = 200,       /* domains and addresses */
	VACATION_PERIOD_LEAST = 3600,      /* seconds: RFC 3834 section 2 wants few answers to one person */
	VACATION_PERIOD_USUAL = 7 * 86400, /* RFC 5230 section 4.1 */
	VACATION_PERIOD_MOST = 30 * 86400,
	/* Octets of the script: each text twice, in the setting and in the script, escaped, and in base64. */
	VACATION_SCRIPT_MAX = 1 << 20
};

/* All texts are UTF-8; an empty one: there is none. */
struct vacation {
	bool enabled;
	int64_t from, until; /* seconds since 1970; 0: from now on, and for ever. `until` is the first that
	                        counts no more */
	uint64_t period;     /* seconds between two answers to one sender */
	struct view subject; /* empty: "Auto: " and the message's */
	struct view text, html;
	struct view inside;      /* domains, with all below them, and addresses, one a line */
	struct view inside_text; /* what those who are inside are told instead */
	bool inside_only;        /* nobody else is answered */
	uint64_t begun;          /* whoever was answered under another number is answered anew */
};

/* The same between processes. With VACATION_SET: begun 0: everybody is answered anew. */
struct vacation_setting {
	uint64_t enabled, from, until, period, inside_only, begun;
	struct view subject, text, html, inside, inside_text;
};
struct vacation_get {
	uint64_t unused;
};
/* all: of the account's scripts, too; else of this setting since it was last set. */
struct vacation_answered {
	uint64_t all;
};
/* Who was answered: when, until when not again, and how often by now. */
struct vacation_person {
	struct view who, handle;
	uint64_t since, until, times;
};

struct vacation vacation_from_setting(const struct vacation_setting *m);
struct vacation_setting vacation_to_setting(const struct vacation *v);

/* Why this cannot be a setting, as a sentence that can be shown; NULL: it can. One that is not enabled may
 * lack its texts. */
const char *vacation_problem(const struct vacation *v);

/* Appends the script. The setting has no problem. The result of buf_append. */
int vacation_script_write(const struct vacation *v, struct buf *out);

/* The setting out of a script. 0; -EINVAL: it is none of these; -ENOBUFS: the arena is full. */
int vacation_script_read(struct view script, struct arena *arena, struct vacation *v);

/* The handle of its answers: so marks of those who were answered are found (account/marks.h). */
enum { VACATION_HANDLE_SIZE = 40 };
void vacation_handle(const struct vacation *v, char out[VACATION_HANDLE_SIZE]);

/* Appends it as JSON, as JMAP names its members, with further ones. The result of buf_append. */
int vacation_json_write(const struct vacation *v, struct buf *out);

#endif
