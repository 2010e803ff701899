/* SMTP and relay hand messages to store. */
#ifndef PROCESS_MESSAGES_DELIVERY_H
#define PROCESS_MESSAGES_DELIVERY_H

#include "format/mail_terms.h"
#include "format/outcome.h"
#include "process/message.h"

enum messages_delivery {
	MESSAGE_UPLOAD = MESSAGES_DELIVERY, /* a piece of a body */
	MESSAGE_UPLOAD_CREDIT,
	MESSAGE_UPLOAD_ABORT,
	MESSAGE_DELIVER, /* the last piece and the envelope */
	MESSAGE_DELIVERED,
	MESSAGE_ROOM, /* has this account room for so many bytes? */
	MESSAGE_ROOM_ANSWER,
	MESSAGE_ETRN, /* try this domain's mail now (RFC 1985); from smtp */
	MESSAGE_ETRN_ANSWER,
	MESSAGE_SHOW, /* a piece of what a URL names (RFC 4468); from smtp */
	MESSAGE_SHOWN,
	MESSAGE_MAILING_LIST, /* does this account read this mailing list? from smtp */
	MESSAGE_MAILING_LIST_ANSWER,
	MESSAGE_REFUSED /* a client was refused, for the trace; from smtp; no answer */
};

/* clang-format off */
struct message_upload { uint64_t upload; struct view bytes; };
struct message_upload_credit { uint64_t upload, bytes; };
struct message_upload_abort { uint64_t upload; };

enum message_delivery_kind {
	DELIVER_MAILBOX, /* into a mailbox here, at once; its sender is told when notify says NOTIFY_SUCCESS */
	DELIVER_LATER,   /* into a mailbox here, by the queue: the message is held until terms.hold_until, or goes to many */
	DELIVER_REMOTE,  /* by the queue, to `destination` */
	DELIVER_EXPANDED /* became several, and the sender wants to be told (RFC 3461 section 5.2.7.3) */
};
/* What is to become of a message for one of those that it goes to. */
struct message_delivery {
	uint64_t kind;
	uint64_t account;        /* of the mailbox */
	uint64_t enforce_quota;  /* DELIVER_MAILBOX: without room it refuses the message, since its sender can be told of it alone */
	struct view mailbox, prefix;
	struct view reached;     /* DELIVER_MAILBOX: the mailbox's own address, for the trace */
	struct view address;     /* the recipient without brackets, as it is to be said to the next host and to the sender */
	struct view orcpt;       /* ORCPT's value as it was given (xtext), or empty */
	uint64_t notify;         /* NOTIFY_* of format/outcome.h; 0: not given */
	struct view destination; /* DELIVER_REMOTE: the domain, A-labels in lower case, or an address literal with its brackets */
	struct view forwarder;   /* the local address through which it was reached, or empty: then the sender is rewritten (SRS) */
};
struct message_reference { uint64_t hash; }; /* so a list of them is an array of numbers */
struct message_submitted { uint64_t recipient; };
/* A recipient that the delivery (a DSN) tells the sender about; it is marked as told in the same step. */
struct message_delivery_report { struct view id; uint64_t recipient, action; };

struct message_deliver {
	struct view session;
	uint64_t refused; /* of what this session was refused before, so many were told with MESSAGE_REFUSED */
	uint64_t upload; /* pieces sent before with this number; 0: none */
	struct view bytes, summary, trailer;
	uint64_t received_at, all_or_none;
	uint64_t message_id_hash;    /* as mime/digest.h makes it, and the hashes of what it refers to; 0: none */
	struct codec_list references;
	struct codec_list deliveries; /* at most 100 of DELIVER_MAILBOX */
	uint64_t list, list_counts;  /* the mailing list by which it came, and whether that gains by it: account/lists.h; 0: none */
	struct view headers;         /* what verdicts say of it: fields behind the prefix of each mailbox, now or later */

	/* Fields above the message for those elsewhere, and the domain of ours that has signed it; either may be empty. */
	struct view head, signer;

	/* What the queue and the trace keep of it. */
	struct mail_terms terms;
	struct view id;              /* the message's, 12 characters; a second delivery with the same one changes nothing */
	struct view client;          /* who gave it to us, in words, for the trace */
	struct view message_id;      /* the header's, without brackets */
	uint64_t submitter;          /* the account that submitted it; 0: none */
	uint64_t text_growth;        /* of a binary body: line_ends_growth (format/line_ends.h); set by upload_deliver */
	struct codec_list reports;
	uint64_t is_report;          /* it came to an address for reports about our domains: it is read (ledger/received.h) */
	struct view author;          /* of it: whom DMARC has proven as its author; empty: nobody */
	struct view submission;      /* relay's: this record of "@submit" becomes this message, for these of its recipients; empty: none does. */
	struct codec_list submitted; /* It is judged and taken in one step: -ECANCELED: its sender has taken it back */
};
/* error -EPERM: the recipient's rules refuse the message, with this text: lines of ASCII, or of UTF-8 where terms.utf8 is set. */
struct message_delivery_result { int64_t error; struct view text; };
struct message_delivered { struct codec_list results; }; /* of the deliveries, in their order */
struct message_room { uint64_t account, bytes; };
struct message_mailing_list { uint64_t account, list; }; /* answered with 0 or -ENOENT; others: not known now */
/* recipient: empty before any was named. code: of the reply, whose text is `reply`. */
struct message_refused { struct view session, client, sender, recipient, reply; uint64_t code; };
struct message_etrn { struct view domain; };
struct message_etrn_answer { int64_t error; uint64_t messages; };
/* account, login: who has logged in, and its address; from this octet on of what the URL names. */
struct message_show { uint64_t account, offset; struct view login, url; };
/* -EINVAL: it is no such URL; -EXDEV: of another server; -EACCES: it gives this user no right; -ENOENT: it names nothing that is there;
   -EOPNOTSUPP: a binary message; others: not now. last: nothing follows. */
struct message_shown { int64_t error; uint64_t last; struct view bytes; };

#define MESSAGES_DELIVERY_STRUCTS(X) X(message_upload) X(message_upload_credit) X(message_upload_abort) \
	X(message_delivery) X(message_reference) X(message_delivery_report) X(message_deliver) \
	X(message_delivery_result) X(message_submitted) X(message_delivered) X(message_room) X(message_mailing_list) X(message_refused) X(message_etrn) X(message_etrn_answer) \
	X(message_show) X(message_shown)
/* clang-format on */
MESSAGES_DELIVERY_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_delivery[MESSAGES_IN_GROUP];

#endif
