/* What a script wants to be done with a message, as values: nothing is done while it runs. */
#ifndef SIEVE_SIEVE_OUTCOME_H
#define SIEVE_SIEVE_OUTCOME_H

#include "base/view.h"
#include "sieve/sieve_limits.h"

enum sieve_action_kind {
	SIEVE_KEEP,
	SIEVE_FILEINTO,
	SIEVE_REDIRECT,
	SIEVE_DISCARD,
	SIEVE_REJECT,   /* RFC 5429 section 2.2 */
	SIEVE_EREJECT,  /* section 2.1 */
	SIEVE_VACATION, /* RFC 5230 */
	SIEVE_NOTIFY,   /* RFC 5435 */
	SIEVE_ACTION_KINDS
};

/*
 * Why something is done: for whoever asks where the mail went. A rule is what a command at the top of the
 * script does when it is an if, or when a comment right before it gives it a name: "# rule:[Name]", as
 * webmails write it, or "## Name". They are counted from 1.
 */
struct sieve_reason {
	struct view
	    script;    /* the included script that all of this stands in, with the action's line; or empty */
	uint32_t rule; /* its number; 0: no rule led there */
	struct view rule_name; /* or empty */
	uint32_t line;         /* of the test that held; 0: there was none */
	struct view
	    text; /* "subject contains 'invoice'": the tests that held, at most SIEVE_WHY_MAX octets */
};

/*
 * The message as it was when an action was taken: the pieces, one after the other, are its octets (RFC 5293
 * section 6). Pieces may lie in the message that came.
 */
struct sieve_version {
	const struct view *pieces;
	size_t count;
	uint64_t size; /* octets of all pieces */
};

/* Where a copy of what is sent goes: RFC 8580. The members are those of a fileinto. */
struct sieve_fcc {
	struct view mailbox, mailbox_id, special_use, flags;
	bool create;
};

struct sieve_vacation {
	struct view reason; /* the text; with `mime` a MIME entity, header fields first */
	bool mime;
	struct view subject, from; /* from: an address that is the owner's to use; both may be empty */
	/*
	 * Which answers are alike: one of a handle is sent to one sender within `seconds`. Given by the
	 * script, or made of what the answer says (RFC 5230 section 4.2); at most SIEVE_HANDLE_MAX octets.
	 */
	struct view handle;
	uint64_t seconds;   /* between two answers to one sender; 0: each message is answered (RFC 6131) */
	struct view to;     /* who is answered: the envelope's sender */
	const char *silent; /* why there must be no answer, as a sentence; NULL: one may be sent */
	const struct sieve_fcc *fcc; /* or NULL */
};

/* RFC 5435 and 5436. */
struct sieve_notify {
	struct view method, from, message; /* a URI that was judged; the others may be empty */
	unsigned importance;               /* 1, urgent, to 3 */
	const struct view *options;        /* "name=value" */
	size_t option_count;
	const char *silent; /* as in a vacation */
	const struct sieve_fcc *fcc;
};

/* What a redirect asks of the transport: RFC 6009. */
struct sieve_transport {
	struct view notify; /* as NOTIFY of RFC 3461 has it, upper case, or empty */
	struct view ret;    /* "FULL", "HDRS", or empty */
	bool has_by;        /* RFC 2852 */
	int64_t by;         /* seconds from now */
	char by_mode;       /* 'N' or 'R' */
	bool by_trace;
};

struct sieve_action {
	enum sieve_action_kind kind;
	uint32_t line; /* of the command; 0: the implicit keep */
	struct sieve_reason why;
	struct view
	    target; /* fileinto: the mailbox's path; redirect: the address; reject, ereject: the text */
	struct view
	    mailbox_id; /* fileinto :mailboxid: before the path, if there is such a mailbox; or empty */
	struct view special_use; /* fileinto :specialuse, likewise */
	bool create;             /* fileinto :create: the mailbox is to be made if it isn't there */
	bool copy;               /* :copy was given */
	struct view flags;       /* keep and fileinto: names with one blank between each two */
	const struct sieve_version *version;     /* what is stored or sent; NULL: the message as it came */
	const struct sieve_transport *transport; /* of a redirect, or NULL */
	const struct sieve_vacation *vacation;   /* these two: of their kinds */
	const struct sieve_notify *notify;
};

/* A change of the header, for whoever is shown what the script did: RFC 5293. The versions have it in them.
 */
struct sieve_edit {
	const struct sieve_edit *next; /* in the order of the script */
	uint32_t line;
	bool added; /* else deleted */
	struct sieve_reason why;
	struct view name, value;
};

/*
 * A test for duplicates was made: what it saw is to be remembered, once the message has been delivered and
 * the script has not failed (RFC 7352 section 3).
 */
struct sieve_mark {
	const struct sieve_mark *next;
	struct view handle, id; /* both together name it; of any length */
	uint64_t seconds;       /* for how long, at most SIEVE_DUPLICATE_MOST */
	bool last;              /* :last: from this message on, even if it was known already */
};

/* What only others know: asked of struct sieve_world. */
enum sieve_question_kind {
	SIEVE_ASK_MAILBOX,     /* name: a path; YES: it is there, and mail may be put into it */
	SIEVE_ASK_MAILBOX_ID,  /* name: an identifier; YES likewise */
	SIEVE_ASK_SPECIAL_USE, /* name: a use, mailbox: a path, or empty: any */
	SIEVE_ASK_ENVIRONMENT, /* name: an item of RFC 5183; YES: its value is given */
	SIEVE_ASK_DUPLICATE, /* name: an id, detail: the handle; YES: it is remembered, and not yet too old */
	SIEVE_ASK_SCRIPT,    /* name: a script, detail: "personal" or "global"; answered by world->script */
	SIEVE_ASK_METADATA, /* name: an annotation, mailbox: a path, or empty: the server's; YES: its value is
	                       given */
	SIEVE_ASK_LIST,     /* name: a list, detail: who may be in it; YES: it is (RFC 6134) */
	SIEVE_ASK_LIST_VALID, /* name: a list; YES: there is one */
	SIEVE_ASK_SPAM,       /* YES: how sure it is that the message is spam is given, in digits, 0 to
	                         SIEVE_SPAM_MOST;       NO: it was not tested (RFC 5235) */
	SIEVE_ASK_VIRUS, /* YES: how sure it is that a virus is in it, 1 (none) to 5; NO: it was not tested */
	SIEVE_ASK_KINDS
};

enum { SIEVE_SPAM_MOST = 10000 /* it is spam for sure */ };

struct sieve_question {
	enum sieve_question_kind kind;
	struct view name, mailbox, detail;
};

struct sieve_outcome {
	struct sieve_action actions[SIEVE_ACTIONS_MAX]; /* in the order of the script */
	size_t count;
	struct view flags;              /* what a script that runs after this one begins with: RFC 5232 */
	const struct sieve_edit *edits; /* these two: lists, empty when the script failed */
	const struct sieve_mark *marks;
	bool failed; /* then the only action is the implicit keep of the message as it came, and ... */
	struct view failed_script; /* the included script in which it did; or empty */
	uint32_t failed_line;
	struct view failed_text;        /* ... this is why, as a sentence */
	struct sieve_question question; /* SIEVE_ASKS: what must be known for the next run */
};

#endif
