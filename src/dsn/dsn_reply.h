/*
 * What a mail server means by its reply. Its codes are often too general (550, 5.7.1), sometimes unusual
 * (5.4.1 for an unknown address), and what large providers send is known: so a reply is judged by its code,
 * its enhanced code, and its words. Names in it (addresses, hosts, links) never count: anybody may be called
 * anything.
 */
#ifndef DSN_DSN_REPLY_H
#define DSN_DSN_REPLY_H

#include "base/view.h"

enum reply_kind {
	REPLY_OTHER,    /* nothing more is known than its codes say */
	REPLY_NO_USER,  /* nobody there has this address */
	REPLY_DISABLED, /* the mailbox is there and takes no mail */
	REPLY_FULL,     /* the mailbox is full */
	REPLY_TOO_LARGE,
	REPLY_TOO_MANY,    /* recipients in one transaction */
	REPLY_RESTRICTED,  /* the recipient hears from chosen senders only */
	REPLY_GREYLISTED,  /* the first attempt of somebody unknown */
	REPLY_RATE,        /* too much at a time */
	REPLY_BUSY,        /* trouble of its own, soon over */
	REPLY_BLOCKED,     /* the address of this server is on a list, or has a bad name */
	REPLY_SPAM,        /* the message looks like spam */
	REPLY_CONTENT,     /* what is in it is forbidden: a virus, a kind of attachment */
	REPLY_DMARC,       /* SPF, DKIM or DMARC did not prove whose message it is */
	REPLY_REVERSE_DNS, /* of this server's address */
	REPLY_SENDER,      /* the sender's address or domain is not believed */
	REPLY_RELAY,       /* it does not take mail for this domain from us */
	REPLY_LOGIN,       /* it wants a login first */
	REPLY_TLS,         /* it wants TLS first */
	REPLY_LOOP,
	REPLY_BEHIND,  /* it could not reach the server behind it */
	REPLY_EXPIRED, /* it tried for its own time, and gave up */
	REPLY_DOMAIN,  /* it does not find the domain */
	REPLY_POLICY,  /* a rule of its own; which one it does not say */
	REPLY_KINDS
};

/*
 * The code that a reply begins with, 0 if none; and its enhanced status code behind it, empty if none.
 */
unsigned reply_code(struct view reply);
struct view reply_status(struct view reply);

/* The enhanced status code that the text begins with ("5.1.1 (no such user)"); empty if none. */
struct view status_code(struct view text);

/* Of a whole reply: "550 5.1.1 No such user", its lines joined by LF or blanks. REPLY_OTHER for what is none.
 */
enum reply_kind reply_kind(struct view reply);

/* The same of a reply in its parts; `status` may be empty. */
enum reply_kind reply_kind_of(unsigned code, struct view status, struct view text);

/* ---- the table: dsn_reply_words.c ---- */

struct reply_words {
	char class; /* of the code: '4', '5'; 'x': either */
	const char
	    *phrase; /* in small letters and digits, one blank between words; a word at its end may go on */
	enum reply_kind kind;
};

/* The first row that fits counts. */
extern const struct reply_words reply_words[];
extern const size_t reply_words_count;

#endif
