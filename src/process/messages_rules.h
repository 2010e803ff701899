/*
 * Store asks rules, which reads what others wrote: to compile a script, and to run programs over a message
 * that is about to be kept. What comes back is what the programs want done, as values: store judges and does
 * it.
 */
#ifndef PROCESS_MESSAGES_RULES_H
#define PROCESS_MESSAGES_RULES_H

#include "format/mail_terms.h"
#include "process/message.h"

enum messages_rules {
	MESSAGE_RULES_COMPILE = MESSAGES_RULES, /* a piece of a script */
	MESSAGE_RULES_COMPLAINT,                /* what is wrong with it: any number of them */
	MESSAGE_RULES_COMPILED,                 /* a piece of its compiled form */
	MESSAGE_RULES_RUN,                      /* which programs, over which message */
	MESSAGE_RULES_PIECE,                    /* more of the message */
	MESSAGE_RULES_ASKS,                     /* it must know this first */
	MESSAGE_RULES_ANSWER,                   /* a piece of the answer */
	MESSAGE_RULES_BYTES,                    /* a piece of a message that was made */
	MESSAGE_RULES_DONE                      /* the end: what is to be done */
};

/* That run over one message: some of the server on each side of the account's own two. */
enum { RULES_PROGRAMS_MAX = 8 };

/* Programs run in the order in which they are named. While the mail is kept, the next one runs; its own keep
   then takes the place of that one. Out of office runs while the mail stays anywhere, and adds its answer
   alone. */
enum rules_program_kind {
	RULES_SERVER_BEFORE,
	RULES_OWN,
	RULES_OUT_OF_OFFICE,
	RULES_SERVER_AFTER,
	RULES_TRIED
};

/* As enum sieve_action_kind (sieve/sieve_outcome.h). */
enum rules_action_kind {
	RULES_KEEP,
	RULES_FILEINTO,
	RULES_REDIRECT,
	RULES_DISCARD,
	RULES_REJECT,
	RULES_EREJECT,
	RULES_VACATION,
	RULES_NOTIFY
};

/* As enum sieve_question_kind; and the form of a program that was named, or was asked for by
 * RULES_ASK_SCRIPT. */
enum rules_question {
	RULES_ASK_MAILBOX,
	RULES_ASK_MAILBOX_ID,
	RULES_ASK_SPECIAL_USE,
	RULES_ASK_ENVIRONMENT,
	RULES_ASK_DUPLICATE,
	RULES_ASK_SCRIPT,
	RULES_ASK_METADATA,
	RULES_ASK_LIST,
	RULES_ASK_LIST_VALID,
	RULES_ASK_PROGRAM,
	RULES_QUESTIONS
};

/* clang-format off */
/* Pieces of one script have one request number, and stand together; `last` is set in its last one. */
struct message_rules_compile { uint64_t last; struct view bytes; };
/* From 1; column in characters. warning: it compiles all the same. more: so many complaints beside this last one. */
struct message_rules_complaint { uint64_t line, column, warning, more; struct view text; };
/* error, with the last piece: -EINVAL: the complaints say why; -E2BIG: the script or its form is too large; -ENOMEM: not now. */
struct message_rules_compiled { int64_t error; uint64_t last; struct view bytes; };

/* id and version name a compiled form for ever. */
struct message_rules_program { uint64_t id, version, kind; struct view name; };
struct message_rules_address { struct view address; };
struct message_rules_run {
	uint64_t account;
	struct codec_list programs;
	struct view recipient, original; /* as it leads here, and as RCPT gave it */
	struct view authenticated;       /* who submitted it; or empty */
	struct view mailbox;             /* where keep puts it: a path; empty: INBOX */
	struct codec_list addresses;     /* the account's */
	struct view separators;          /* characters between a name and its detail: RFC 5233 */
	uint64_t now; int64_t zone;      /* zone: minutes east of UTC */
	uint64_t spam, virus;            /* as spamtest and virustest have them; 0: not known */
	struct mail_terms terms;         /* the envelope's */
	uint64_t notify; struct view orcpt;
	/* The script runs since somebody did something to a message by IMAP (RFC 6785): cause is "APPEND", "COPY" or "FLAG"; else it is empty.
	   By whom (an address), to which of their mailboxes, which flags it changed; and the flags that the message has. */
	struct view cause, actor, place, changed, flags;
	uint64_t size;                   /* of the whole message; what is given may be its beginning */
	uint64_t last; struct view bytes; /* of the message; as in message_rules_piece */
};
struct message_rules_piece { uint64_t last; struct view bytes; };

/* One at a time; nothing else comes of this run until it is answered. what: enum rules_question; program: RULES_ASK_PROGRAM: which
   of those that were named. The others as struct sieve_question has them. A form that cannot be read is asked for once more, with
   "anew" as detail (RULES_ASK_PROGRAM) or mailbox (RULES_ASK_SCRIPT): its text is to be compiled anew. */
struct message_rules_asks { uint64_t what, program; struct view name, mailbox, detail; };
/* Of a run. yes: with the last piece. bytes: of a value, or of a form (id, version: what names it); store has none: no. */
struct message_rules_answer { uint64_t yes, last, id, version; struct view bytes; };

/* Before RULES_DONE, in this order: each version of the message, with what its digest knows (mime/digest.h), then what actions carry.
   of: the number of the version, or of the action. */
enum rules_bytes { RULES_COMPOSED, RULES_VERSION, RULES_VERSION_SUMMARY, RULES_VERSION_TRAILER, RULES_BYTES_KINDS };
struct message_rules_bytes { uint64_t edited, of, last; struct view bytes; };

struct message_rules_action {
	uint64_t kind, program, line;
	uint64_t rule, why_line;             /* see struct sieve_reason; 0: none */
	struct view rule_name, why, script;
	struct view target, mailbox_id, special_use, flags; uint64_t create, copy;
	uint64_t version;                    /* of the message; 0: as it came; else one more than its index */
	struct view notify, ret; uint64_t by_mode, by_trace; int64_t by; /* redirect: RFC 6009; by_mode: 0: none */
	struct view said; uint64_t exact;    /* reject: target, as a reply of SMTP can say it, and whether that is all of it */
	struct view handle, silent; uint64_t seconds; /* vacation, notify: see sieve_outcome.h; silent: why nothing is sent */
	uint64_t composed;                   /* vacation, notify: what is to be sent came in RULES_BYTES, and ... */
	struct view sender;                  /* ... is sent so: target has its recipients, one a line; an empty sender is the null one; */
	struct view author;                  /* its address in From; */
	uint64_t utf8, eight_bit;            /* it needs SMTPUTF8, 8BITMIME */
	uint64_t fcc, fcc_create; struct view fcc_mailbox, fcc_mailbox_id, fcc_special_use, fcc_flags;
};
/* What the account is to remember: duplicates. */
struct message_rules_mark { struct view handle, id; uint64_t seconds, last; };
/* A change of the header, for whoever is shown it. */
struct message_rules_edit { uint64_t program, line, added; struct view name, value; };
/* failed: then actions is the keep alone, and failed says why, as a sentence; program and line say where. */
struct message_rules_done {
	struct view failed; uint64_t program, line;
	struct codec_list actions, marks, edits; uint64_t versions;
};

#define MESSAGES_RULES_STRUCTS(X) X(message_rules_compile) X(message_rules_complaint) X(message_rules_compiled) \
	X(message_rules_program) X(message_rules_address) X(message_rules_run) X(message_rules_piece) X(message_rules_asks) \
	X(message_rules_answer) X(message_rules_bytes) X(message_rules_action) X(message_rules_mark) X(message_rules_edit) \
	X(message_rules_done)
/* clang-format on */
MESSAGES_RULES_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_rules[MESSAGES_IN_GROUP];

#endif
