/*
 * Whether mail to an address would arrive: what somebody who writes a mail can be told before it is sent. It
 * is asked as the questions of mail/mail.h are, by a JMAP session of its role; it goes to relay
 * (process/messages_errand.h), and never on an account's channel. Of this server's own addresses it says what
 * RCPT says to a user who has logged in, and no more. What is not known is never an error: who writes is not
 * held up.
 */
#ifndef MAIL_RECIPIENT_H
#define MAIL_RECIPIENT_H

#include "base/view.h"

enum recipient_type {
	/* The numbers are the session's own: these never travel between processes as they are. */
	RECIPIENT_ASK = 1790, /* struct recipient_ask; RECIPIENT_TOLD for each address, then MAIL_DONE */
	RECIPIENT_TOLD,
	RECIPIENT_TYPES_END
};

enum {
	RECIPIENT_ADDRESS_MAX =
	    1024,              /* octets, as everywhere between processes; an address of mail has 320 */
	RECIPIENT_ASK_MAX = 50 /* of one question: of a list that is pasted the next ones follow in another */
};

enum recipient_state {
	RECIPIENT_UNKNOWN, /* it could not be found out now, or in time */
	RECIPIENT_GOOD, /* mail can be sent there; whether a host elsewhere has such a user, it alone knows */
	RECIPIENT_MALFORMED, /* it is no address */
	RECIPIENT_NO_USER,   /* its domain is this server's, and has no such address */
	RECIPIENT_DISABLED,  /* of this server's: it takes no mail now */
	RECIPIENT_NO_WAY,    /* of this server's: its aliases lead in a circle, or to too many mailboxes */
	RECIPIENT_NO_DOMAIN, /* there is no such domain */
	RECIPIENT_NO_MAIL, /* the domain takes no mail: it says so (RFC 7505), or no host that can be reached
	                      does */
	RECIPIENT_STATE_LAST = RECIPIENT_NO_MAIL
};

/* What is known of TLS on the way, without asking the host: the least that holds for each host of the domain.
 */
enum recipient_tls {
	RECIPIENT_TLS_UNKNOWN,  /* it is used if the host offers it */
	RECIPIENT_TLS_HERE,     /* the address is this server's: nothing is said of its way */
	RECIPIENT_TLS_NEVER,    /* the administrator has turned it off for this domain */
	RECIPIENT_TLS_CLEAR,    /* the last mail within a day went there in clear text */
	RECIPIENT_TLS_SEEN,     /* the last mail within a day went there by TLS */
	RECIPIENT_TLS_REQUIRED, /* mail goes there by TLS or not at all */
	RECIPIENT_TLS_PROVEN,   /* and only to a host that proves who it is: DANE, or the settings say so */
	RECIPIENT_TLS_LAST = RECIPIENT_TLS_PROVEN
};

struct recipient_ask {
	const struct view *addresses; /* at most RECIPIENT_ASK_MAX */
	size_t count;
};

struct recipient_told {
	uint64_t index; /* which of them; each once, in any order */
	uint64_t state, tls;
};

#endif
