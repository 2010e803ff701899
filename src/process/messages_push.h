/* The web role and store, on the channel of one account: who wants to be told of changes (mail/push.h); and
 * store and relay: what is pushed to them. */
#ifndef PROCESS_MESSAGES_PUSH_H
#define PROCESS_MESSAGES_PUSH_H

#include "mail/push.h"
#include "process/message.h"

enum messages_push {
	MESSAGE_PUSH_SEND = MESSAGES_PUSH + 50, /* a text for a subscriber */
	MESSAGE_PUSH_SENT                       /* what became of it */
};

_Static_assert(PUSH_GET == (int)MESSAGES_PUSH && PUSH_TYPES_END <= (int)MESSAGE_PUSH_SEND,
    "the numbers of mail/push.h lie in this group");

enum push_verdict {
	PUSH_TAKEN,   /* the push service has it */
	PUSH_GONE,    /* it says that there is no such subscription any more (404, 410) */
	PUSH_LATER,   /* it was not reached, or has too much to do */
	PUSH_REFUSED, /* it will never take this: what it says is in the log */
	PUSH_VERDICT_LAST = PUSH_REFUSED
};

enum {
	PUSH_TEXT_MAX = 3900,      /* octets; WEB_PUSH_TEXT_MAX of http/web_push.h is more */
	PUSH_TTL_MAX = 7 * 86400,  /* seconds for which a push service may keep one */
	PUSH_AFTER_MAX = 24 * 3600 /* seconds; a service that wants more is asked again after so many */
};

/* clang-format off */
struct message_push_send {
	uint64_t ticket; /* names it; never used twice within a link's life */
	uint64_t ttl;    /* seconds */
	uint64_t urgency; /* enum push_urgency of mail/email_push.h */
	struct view url;
	struct view point, auth; /* both empty: it is not encrypted */
	struct view text;
};
struct message_push_sent {
	uint64_t ticket, verdict, status; /* status: HTTP's, 0: nobody answered; verdict: enum push_verdict */
	uint64_t after; /* seconds, as the push service wants it; 0: it said nothing */
};

#define MESSAGES_PUSH_STRUCTS(X) X(push_get) X(push_entry) X(push_create) X(push_update) X(push_number) \
	X(message_push_send) X(message_push_sent)
/* clang-format on */
MESSAGES_PUSH_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_push[MESSAGES_IN_GROUP];

#endif
