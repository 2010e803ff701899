/*
 * What the rules of an account want done with a message that is about to be kept for it. The rules role runs
 * them; here is whatever it asks for, what it may take, and what it says, which is only believed as far as a
 * script of this account could say it. Whatever goes wrong, the answer is to keep the mail, and why.
 */
#ifndef ROLE_STORE_STORE_FILTER_H
#define ROLE_STORE_STORE_FILTER_H

#include "account/account.h"
#include "format/mail_terms.h"
#include "io/loop.h"
#include "process/messages_rules.h"
#include "role/store/rules_state.h"

enum {
	/* Octets of a message that scripts see: what a store's upload holds in memory. A longer one they see
	 * from its beginning: its whole header, and its first texts, which stand before what is attached.
	 * Its size they know. */
	FILTER_MESSAGE_MAX = 1 << 20
};

/* An event of IMAP (RFC 6785): the one program that runs, and what message_rules_run has of it. */
struct filter_event {
	struct message_rules_program program;
	struct view cause, actor, place, changed, flags;
};

/* One message, for one or more accounts. All of it is the owner's, and stays until every filter has ended. */
struct filter_mail {
	struct view bytes; /* the message or its beginning, without what stands before it in each mailbox */
	uint64_t size;     /* of all of it */
	struct mail_terms terms;
	struct view authenticated; /* who submitted it; or empty */
	int64_t now;
};

/* The message as a script has changed it. */
struct filter_version {
	struct buf bytes;            /* with what stands before it in the mailbox */
	struct buf summary, trailer; /* what its digest knows: mime/digest.h */
	bool whole, broken;          /* broken: a piece found no room, so it never becomes whole */
};

/* A message that is to be sent, as an action wants it. */
struct filter_composed {
	uint64_t action; /* its index */
	struct buf bytes;
	bool whole, broken; /* as in struct filter_version */
};

struct filter {
	/* What is asked; texts are the owner's until filter_free. */
	const struct filter_mail *mail;
	uint64_t account;
	struct view recipient;       /* the account's own address */
	struct view original, orcpt; /* the address that leads here, as RCPT gave it; and ORCPT */
	uint64_t notify;
	struct view mailbox; /* where the mail goes without rules, as account_target has it */
	struct view prefix;  /* what stands before it in the mailbox */
	/* The form of a program that is tried, in place of the account's rules, and a number that no other
	   form has; or empty. */
	struct view tried;
	uint64_t tried_version;
	const struct filter_event *event; /* in place of the account's rules; or NULL */
	void (*done)(struct filter *f);
	void *arg;

	/* What is answered. */
	bool any;     /* there were rules, and what follows is what they want; else the mail is to be kept */
	char *failed; /* why they could not be run, or not to the end: the mail is to be kept; or NULL */
	struct view script; /* of failed: which one, and where; line 0: nowhere */
	uint64_t line, version;
	struct message_rules_action *actions; /* in the filter's own memory */
	size_t action_count;
	struct message_rules_mark *marks;
	size_t mark_count;
	struct message_rules_program programs[RULES_PROGRAMS_MAX]; /* that the actions are of */
	size_t program_count;
	struct filter_version *versions;
	size_t version_count;
	struct filter_composed *composed; /* in the order of the actions that they are of */
	size_t composed_count;

	/* Internal. */
	struct filter *next;
	struct arena arena;
	struct rules_state_question rules;
	struct rules_state *state;
	void (*fail)(struct filter *f, const char *why); /* the mail is to be kept, and why, as a sentence */
	void (*answered)(struct filter *f); /* the answer goes out: it is the role's turn again */
	uint32_t request;
	unsigned tries, waits;
	bool queued, sent, ended, under_way, cancelled;
	size_t bytes_under_way;
	size_t reads; /* of the store, that will call back */
	struct loop_task end;
	struct loop_timer patience;
	struct filter_question *question;
};

/* Whether the account may have rules. */
bool filter_has_rules(uint64_t account);

/* Asks for it. `done` is called once, later, and never from within; unless it is cancelled first. */
void filter_begin(struct filter *f);
/* Frees what it holds; one that is under way is forgotten. The struct itself must have been made by
 * filter_new, since reads of the store may still come back to it: nothing may be done with it any more. */
void filter_free(struct filter *f); /* NULL is allowed */
struct filter *filter_new(void);

/* The rules role has come, or ended. */
void filter_rules_up(void);

/* Tells the account's owner what their rules could not do, as sentences; once a day for a version of the
 * script. */
void filter_tell_owner(const struct filter *f, uint64_t version, const char *what);

/* Before the store is closed: whom it has told. */
void filter_tell_forget(void);

#endif
