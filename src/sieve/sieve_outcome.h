/* What a script wants to be done with a message, as values: nothing is done while it runs. */
#ifndef SIEVE_SIEVE_OUTCOME_H
#define SIEVE_SIEVE_OUTCOME_H

#include "base/view.h"
#include "sieve/sieve_limits.h"

enum sieve_action_kind { SIEVE_KEEP, SIEVE_FILEINTO, SIEVE_REDIRECT, SIEVE_DISCARD };

struct sieve_action {
	enum sieve_action_kind kind;
	uint32_t line;      /* of the command; 0: the implicit keep */
	struct view target; /* the mailbox's path, or the address */
	struct view
	    mailbox_id; /* fileinto :mailboxid: before the path, if there is such a mailbox; or empty */
	struct view special_use; /* fileinto :specialuse, likewise */
	bool create;             /* fileinto :create: the mailbox is to be made if it isn't there */
	struct view flags;       /* keep and fileinto: names with one blank between each two */
};

/* What only others know: asked of struct sieve_world. */
enum sieve_question_kind {
	SIEVE_ASK_MAILBOX,     /* name: a path; YES: it is there, and mail may be put into it */
	SIEVE_ASK_MAILBOX_ID,  /* name: an identifier; YES likewise */
	SIEVE_ASK_SPECIAL_USE, /* name: a use, mailbox: a path, or empty: any */
	SIEVE_ASK_ENVIRONMENT, /* name: an item of RFC 5183; YES: its value is given */
};

struct sieve_question {
	enum sieve_question_kind kind;
	struct view name, mailbox;
};

struct sieve_outcome {
	struct sieve_action actions[SIEVE_ACTIONS_MAX]; /* in the order of the script */
	size_t count;
	bool failed; /* then the only action is the implicit keep, and ... */
	uint32_t failed_line;
	struct view failed_text;        /* ... this is why, as a sentence */
	struct sieve_question question; /* SIEVE_ASKS: what must be known for the next run */
};

#endif
