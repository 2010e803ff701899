/* Store asks content, which reads what others wrote, for values. */
#ifndef PROCESS_MESSAGES_CONTENT_H
#define PROCESS_MESSAGES_CONTENT_H

#include "mail/smime.h"
#include "process/message.h"

enum messages_content {
	MESSAGE_TERMS_OF = MESSAGES_CONTENT, /* a piece of a message whose terms are asked for */
	MESSAGE_TERMS,                       /* a piece of their list (search/search_terms.h) */
	MESSAGE_REPORT_OF,                   /* a piece of a mail that may carry a report */
	MESSAGE_REPORT,                      /* a piece of it (report/report.h) */
	MESSAGE_SMIME_OF,                    /* a piece of a message that is signed */
	MESSAGE_SMIME                        /* what is to be thought of its signature */
};

/* clang-format off */
/* Pieces of one message have one request number, and stand together; `last` is set in its last one. */
struct message_terms_of { uint64_t last; struct view bytes; };
/* error: with the last piece; then there is no list. cut: not all of the message was read. */
struct message_terms { int64_t error; uint64_t last, cut; struct view bytes; };

struct message_report_of { uint64_t last; struct view bytes; };
/* error: -ENOENT: there is none; -EBADMSG, -E2BIG: none that is read; -ENOMEM. kind: enum report_kind. bytes: of the report in our
   form, all pieces together. The texts stand in each piece. */
struct message_report { int64_t error; uint64_t last, kind, begin, end; struct view domain, org, id, bytes; };

/* delivered: when it came, in each piece. */
struct message_smime_of { uint64_t delivered, last; struct view bytes; };
/* error: -ENOMEM; then the rest is 0. status, delivered: enum smime_status, now and then; problems: bits of enum smime_problem. */
struct message_smime { int64_t error; uint64_t status, delivered, problems; };

#define MESSAGES_CONTENT_STRUCTS(X) X(message_terms_of) X(message_terms) X(message_report_of) X(message_report) \
	X(message_smime_of) X(message_smime)
/* clang-format on */
MESSAGES_CONTENT_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_content[MESSAGES_IN_GROUP];

#endif
