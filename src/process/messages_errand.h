/* The web role and relay: what is fetched from, or said to, hosts elsewhere because somebody who reads mail
 * asks for it; and whether mail to an address that somebody writes can arrive. */
#ifndef PROCESS_MESSAGES_ERRAND_H
#define PROCESS_MESSAGES_ERRAND_H

#include "mail/recipient.h"
#include "process/message.h"

enum messages_errand {
	MESSAGE_ERRAND = MESSAGES_ERRAND, /* a URL of a message */
	MESSAGE_ERRAND_ANSWER,            /* a piece of what came of it; more follow until `last` */
	MESSAGE_RECIPIENT,                /* an address: would mail to it arrive? */
	MESSAGE_RECIPIENT_ANSWER
};

enum errand_purpose {
	ERRAND_PICTURE,     /* GET; only a picture is given back */
	ERRAND_UNSUBSCRIBE, /* the POST of RFC 8058; nothing but the status is given back */
	ERRAND_PURPOSE_LAST = ERRAND_UNSUBSCRIBE
};

enum {
	ERRAND_URL_MAX = 4096,         /* octets; mail has URLs of a few hundred */
	ERRAND_PICTURE_MAX = 4 << 20,  /* octets: of a photograph that was made for a screen */
	ERRAND_PIECE_MAX = 128 * 1024, /* of a frame */
	ERRAND_MAX = 24                /* under way at once, of all who read; each may hold a whole picture */
};

struct message_errand {
	uint64_t purpose; /* enum errand_purpose */
	struct view url;
};
struct message_errand_answer {
	int64_t error; /* -ENOENT: no picture, or not taken; -EHOSTUNREACH: nobody answered; -EAGAIN: too much
	                  to do */
	uint64_t status; /* HTTP's, 0: nobody answered */
	uint64_t kind;   /* enum picture (format/picture.h) */
	uint64_t last;
	struct view octets;
};

struct message_recipient {
	uint64_t account; /* who asks: each may ask so much in a minute */
	struct view address;
};
struct message_recipient_answer {
	uint64_t state, tls; /* enum recipient_state, enum recipient_tls (mail/recipient.h) */
};

#define MESSAGES_ERRAND_STRUCTS(X)                                                                           \
	X(message_errand) X(message_errand_answer) X(message_recipient) X(message_recipient_answer)
MESSAGES_ERRAND_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_errand[MESSAGES_IN_GROUP];

#endif
