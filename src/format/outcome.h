/*
 * What became of a message for one of its recipients, as numbers: queue records hold them, messages between
 * processes carry them, and reports and logs put them into words (dsn/dsn_explain.h). New ones come at the
 * end.
 */
#ifndef FORMAT_OUTCOME_H
#define FORMAT_OUTCOME_H

enum {
	QUEUE_ID_SIZE = 12,      /* letters and digits, chosen by the role that accepted the message */
	QUEUE_NAME_MAX = 255,    /* a destination: a domain (RFC 1035) or an address literal */
	QUEUE_REPLY_MAX = 600,   /* octets kept of a next host's words */
	QUEUE_STAGE_MAX = 32,    /* what they answered: "end of data" */
	QUEUE_PREFIX_MAX = 4096, /* header lines that stand before a recipient's copy alone */
	QUEUE_HEAD_MAX =
	    12 * 1024, /* fields above a message that leaves: signatures, a seal (process/signing.h) */
	QUEUE_MESSAGE_ID_MAX = 1000 /* of a Message-ID field's value */
};

/* NOTIFY (RFC 3461 section 4.1). Not given: none of the bits, which means FAILURE and DELAY. */
enum { NOTIFY_NEVER = 1, NOTIFY_SUCCESS = 2, NOTIFY_FAILURE = 4, NOTIFY_DELAY = 8 };

/* Why the sender is told about a recipient. */
enum queue_action {
	ACTION_NONE,
	ACTION_FAILED,
	ACTION_DELAYED,
	ACTION_DELIVERED,
	ACTION_RELAYED,
	ACTION_EXPANDED
};

/* What a recipient's turn at a destination ended with. */
enum queue_verdict {
	QUEUE_DELIVERED, /* an LMTP server took it: it is in the mailbox */
	QUEUE_RELAYED,   /* the next host took it, and with it the duty to tell the sender (RFC 3461) */
	QUEUE_PASSED_ON, /* the next host took it, and knows nothing of DSN: we tell the sender that it was
	                    relayed */
	QUEUE_FAILED,    /* refused for good */
	QUEUE_DEFERRED,  /* this recipient must wait */
	QUEUE_UNTRIED    /* not its fault: it goes back as it was */
};

/* How a destination is given back. */
enum queue_rest {
	REST_EMPTY,  /* nothing is left that may be tried now */
	REST_LATER,  /* come again after `seconds`: a limit of ours, not the destination's fault */
	REST_FAILED, /* no host could be reached or used: back off */
	REST_DEAD /* the destination does not exist or takes no mail: everything for it fails with this status
	             and text */
};

/*
 * What this server found or decided itself, in whatever words: nobody else said it. Queue records and
 * messages between roles hold the numbers: new ones come at the end.
 */
enum trouble {
	TROUBLE_NONE,          /* none: the next host said it, see its reply */
	TROUBLE_NO_DOMAIN,     /* the domain does not exist */
	TROUBLE_NO_HOST,       /* the domain exists, but no host takes its mail: neither MX nor address */
	TROUBLE_NULL_MX,       /* the domain says that it takes no mail: RFC 7505 */
	TROUBLE_DNS,           /* names could not be looked up: no or a broken answer */
	TROUBLE_REFUSED,       /* nobody listens there */
	TROUBLE_TIMED_OUT,     /* no answer in time, not even a first one */
	TROUBLE_UNREACHABLE,   /* no way there: network or host unreachable */
	TROUBLE_LOST,          /* the connection ended within the dialogue */
	TROUBLE_PROTOCOL,      /* what answers there does not speak SMTP as it must */
	TROUBLE_TLS_MISSING,   /* encryption is demanded, the next host offers none */
	TROUBLE_TLS_FAILED,    /* the handshake failed */
	TROUBLE_TLS_UNTRUSTED, /* its certificate is not the one that DANE, MTA-STS or a setting demands */
	TROUBLE_REQUIRETLS,    /* the next host knows no REQUIRETLS, or cannot be verified as it demands: RFC
	                          8689 */
	TROUBLE_AUTH,          /* the smart host refuses our login */
	TROUBLE_NO_SMTPUTF8,  /* an address or a header field beyond ASCII; the next host knows no SMTPUTF8 */
	TROUBLE_CONVERSION,   /* the next host takes 7-bit text only, and this message can't be converted */
	TROUBLE_TOO_LARGE,    /* larger than the next host takes (its SIZE) */
	TROUBLE_EXPIRED,      /* the queue's time is over */
	TROUBLE_DEADLINE,     /* the sender's own time is over: DELIVERBY, RFC 2852 */
	TROUBLE_LOOP,         /* too many hops, or the best host for the domain is this one */
	TROUBLE_HELD,         /* an administrator holds it, or a rule does */
	TROUBLE_DELETED,      /* an administrator took it out of the queue */
	TROUBLE_RATE,         /* a limit of this server: so many messages at a time */
	TROUBLE_LOCAL,        /* this server: no disk, no memory, a wrong setting */
	TROUBLE_MAILBOX_FULL, /* a local mailbox has no room */
	TROUBLE_MAILBOX_SMALL, /* the message is larger than a local mailbox may be */
	TROUBLE_MAILBOX_GONE,  /* a local mailbox was removed while the message waited */
	TROUBLE_NO_DELIVERBY,  /* the next host does not promise the time that the sender asked for: RFC 2852
	                        */
	TROUBLE_UNWRITABLE,    /* an address or a parameter cannot be said in SMTP */
	TROUBLE_SILENT,        /* the host answered, and then no more: not in time, within the dialogue */
	TROUBLE_SLOW,          /* the host takes mail so slowly that its connection was given up */
	TROUBLE_RULES,         /* the recipient's own rules refuse the message: RFC 5429 */
	TROUBLE_NO_MAILBOX,    /* no such address here, found when what a user submits was handed in */
	TROUBLE_SENDER,        /* the address that a user submits as is not the user's */
	TROUBLE_MESSAGE,       /* what a user submits is no message that can be sent */
	TROUBLE_KINDS
};

#endif
