/*
 * What the roles say to each other: every message, its fields and their limits, who may send it and who gets
 * it. This page and the table in messages.c are the trust map's second half (the first is roles.c). A request
 * has a number, chosen by the asker; its answers carry the same number.
 */
#ifndef PROCESS_MESSAGES_H
#define PROCESS_MESSAGES_H

#include "base/arena.h"
#include "io/channel.h"
#include "io/codec.h"
#include "queue/record.h" /* NOTIFY_*, queue_action, queue_verdict, queue_rest */

/* Who speaks. One bit each, for the sender and receiver columns. */
enum role_bit {
	ROLE_MASTER = 1 << 0,
	ROLE_LOG = 1 << 1,
	ROLE_STORE = 1 << 2,
	ROLE_AUTH = 1 << 3,
	ROLE_KEYS = 1 << 4,
	ROLE_DNS = 1 << 5,
	ROLE_SMTP = 1 << 6,
	ROLE_POP3 = 1 << 7,
	ROLE_ADMIN = 1 << 8, /* the command line, through the administrator's socket */
	ROLE_RELAY = 1 << 9
};

enum message_type {
	/* master -> role: start-up and reload */
	MESSAGE_SETTINGS = 1, /* bytes: the settings, encoded by settings.c */
	MESSAGE_PEER,         /* a channel to another role, made anew after its restart */
	MESSAGE_LISTENER,     /* a listening socket */
	MESSAGE_FILE,         /* a certificate chain; a private key comes as a descriptor */
	MESSAGE_FOLDER,       /* store's data folder, as a descriptor */
	MESSAGE_START,        /* all is there: confine yourself and serve; again after a reload */
	MESSAGE_DRAIN,        /* accept no more connections, finish what runs, exit */
	/* role -> master */
	MESSAGE_READY,
	MESSAGE_PEER_LOST, /* a channel to another role has closed, though not by us: both need a new one */

	/* smtp, pop3, relay -> auth */
	MESSAGE_RESOLVE = 20, /* who is this recipient? */
	MESSAGE_RESOLVED,
	MESSAGE_LOGIN,      /* the first message of a SASL exchange (or APOP, USER/PASS as PLAIN) */
	MESSAGE_LOGIN_MORE, /* a further one, with the same request number; cancelled when `cancel` is set */
	MESSAGE_CHALLENGE,
	MESSAGE_LOGGED_IN, /* success: the account's channel comes along, for pop3; rights for smtp */
	MESSAGE_LOGIN_FAILED,
	MESSAGE_SENDER, /* may this account send as this address? */
	MESSAGE_VERDICT,

	/* auth -> store */
	MESSAGE_GRANT = 40, /* make a channel that is bound to an account */
	MESSAGE_GRANTED,
	MESSAGE_REVOKE, /* close every channel of an account; to smtp: end every session that it logged in to
	                 */
	MESSAGE_DIRECTORY, /* an operation on the directory (directory_job.h); the command line sends the same
	                      to auth */
	MESSAGE_DIRECTORY_ANSWER,

	/* smtp, relay -> store */
	MESSAGE_UPLOAD = 60, /* a piece of a body */
	MESSAGE_UPLOAD_CREDIT,
	MESSAGE_UPLOAD_ABORT,
	MESSAGE_DELIVER, /* the last piece and the envelope */
	MESSAGE_DELIVERED,
	MESSAGE_ROOM, /* has this account room for so many bytes? */
	MESSAGE_ROOM_ANSWER,
	MESSAGE_ETRN, /* try this domain's mail now (RFC 1985); from smtp */
	MESSAGE_ETRN_ANSWER,

	/* pop3 -> store, on an account's channel */
	MESSAGE_MAILDROP_OPEN = 80,
	MESSAGE_MAILDROP_LIST,   /* part of the list; many */
	MESSAGE_MAILDROP_OPENED, /* the end of the list, or why it cannot be had */
	MESSAGE_FETCH,           /* these messages, streamed one after the other */
	MESSAGE_FETCH_DATA,
	MESSAGE_EXPUNGE, /* a part of the list of what to delete; `last` carries it out, all or none */
	MESSAGE_EXPUNGED,

	/* edges, relay -> keys */
	MESSAGE_SIGN = 100,
	MESSAGE_SIGNED,
	MESSAGE_TICKET_KEY,
	MESSAGE_TICKET_KEY_ANSWER,
	MESSAGE_SRS, /* rewrite a forwarded message's sender, or find whom a rewritten one was */
	MESSAGE_SRS_ANSWER,

	/* smtp, relay -> dns */
	MESSAGE_QUERY = 120,
	MESSAGE_ANSWER,

	/* command line -> auth, store */
	MESSAGE_COMMAND = 140,
	MESSAGE_OUTPUT,

	/* relay -> store, and what store hands out */
	MESSAGE_QUEUE_READY = 160, /* relay takes so many more destinations */
	MESSAGE_QUEUE_DESTINATION, /* a destination that is due, relay's until MESSAGE_QUEUE_REST */
	MESSAGE_QUEUE_TAKE,        /* the next messages for it */
	MESSAGE_QUEUE_MESSAGE, /* one of them; relay's until its outcome, or until the destination rests */
	MESSAGE_QUEUE_TAKEN,   /* the end of the answer to MESSAGE_QUEUE_TAKE */
	MESSAGE_QUEUE_READ,    /* a part of a body */
	MESSAGE_QUEUE_DATA,
	MESSAGE_QUEUE_OUTCOME, /* what became of a message's recipients at this destination */
	MESSAGE_QUEUE_KEPT,    /* it is on the disk, or can't be used */
	MESSAGE_QUEUE_MORE,    /* store -> relay: new mail has come for a destination that relay has */
	MESSAGE_QUEUE_REST,    /* relay gives the destination back, and says when and why to come again; no
	                          answer */

	MESSAGE_TYPES
};

/* clang-format off */
struct message_settings { struct view encoded; };
struct message_peer { uint64_t role, number; }; /* number: of the channel, for MESSAGE_PEER_LOST */
struct message_listener { uint64_t service; struct view address; };
struct message_file { uint64_t kind, number; struct view name, content; };
struct message_empty { uint64_t unused; };

enum {
	FILE_CHAIN = 1,       /* a certificate chain, for edges */
	FILE_KEY = 2,         /* a private key, as a descriptor, for keys */
	FILE_AUTHORITIES = 3, /* the certificates that relay believes */
	FILE_SECRET = 4,      /* what keys signs rewritten senders with (SRS) */
	FILE_PASSWORD = 5,    /* of the route of this number, for relay */
	FILE_RECIPIENTS = 6,  /* of the relay domain of this number, for smtp */
	FILE_ANCHORS = 7      /* DNSSEC trust anchors, for dns */
};

struct message_resolve { struct view address; };
enum resolve_verdict { RESOLVE_LOCAL, RESOLVE_UNKNOWN_USER, RESOLVE_NOT_OURS, RESOLVE_DISABLED, RESOLVE_TEMPORARY, RESOLVE_LOOP, RESOLVE_TOO_MANY };
struct message_target { uint64_t account; struct view mailbox, address; };
struct message_resolved { uint64_t verdict; struct codec_list targets; };

struct message_login {
	struct view session, service, client, mechanism, initial, binding_type, binding;
	uint64_t has_initial, secure;
	struct view apop_stamp; /* the banner's time stamp, for APOP */
};
struct message_login_more { struct view response; uint64_t cancel; };
struct message_challenge { struct view text; };
struct message_logged_in { uint64_t account; struct view address; };
enum login_failure { LOGIN_BAD_CREDENTIALS, LOGIN_TEMPORARY, LOGIN_THROTTLED, LOGIN_MALFORMED, LOGIN_BAD_MECHANISM, LOGIN_DISABLED };
struct message_login_failed { uint64_t why; };
struct message_sender { uint64_t account; struct view address; };
struct message_verdict { uint64_t allowed, temporary, foreign; }; /* temporary: it cannot be told now; foreign: of another domain than ours */

struct message_grant { uint64_t account; struct view service; };
struct message_granted { uint64_t error; };
struct message_revoke { uint64_t account; };
struct message_field { struct view value; };
struct message_directory { uint64_t operation, number; struct codec_list fields; };
struct message_directory_answer { uint64_t error, number; struct codec_list fields; };

struct message_upload { uint64_t upload; struct view bytes; };
struct message_upload_credit { uint64_t upload, bytes; };
struct message_upload_abort { uint64_t upload; };
struct message_delivery_target { uint64_t account; struct view mailbox, prefix, address; }; /* address: as it was given, for the trace */

/* A recipient that the queue keeps beside, or instead of, the delivery to mailboxes. */
enum delivery_recipient_kind {
	RECIPIENT_REMOTE,    /* to be carried to `destination` */
	RECIPIENT_LOCAL,     /* to be put into a mailbox later: the message is held until hold_until */
	RECIPIENT_DELIVERED, /* a target of this delivery whose sender wants to be told (NOTIFY=SUCCESS) */
	RECIPIENT_EXPANDED   /* became several, and the sender wants to be told (RFC 3461 section 5.2.7.3) */
};
struct message_delivery_recipient {
	uint64_t kind;
	struct view address;     /* the mailbox, without brackets, as it is to be said to the next host */
	struct view orcpt;       /* ORCPT's value as it was given (xtext), or empty */
	uint64_t notify;         /* NOTIFY_* of queue/record.h; 0: not given */
	struct view destination; /* the domain, A-labels in lower case, or an address literal with its brackets */
	struct view forwarder;   /* the local address through which it was reached, or empty: then the sender is rewritten (SRS) */
	uint64_t account;        /* RECIPIENT_LOCAL: the mailbox */
	struct view mailbox, prefix;
};
/* A recipient that the delivery (a DSN) tells the sender about; it is marked as told in the same step. */
struct message_delivery_report { struct view id; uint64_t recipient, action; };

struct message_deliver {
	struct view session;
	uint64_t upload; /* pieces sent before with this number; 0: none */
	struct view bytes, summary, trailer;
	uint64_t received_at, thread_hash, all_or_none;
	uint64_t enforce_quota; /* a target over its quota refuses the message: its sender can be told */
	struct codec_list targets;

	/* What the queue and the trace keep of it. */
	struct view id;              /* the message's, 12 characters; a second delivery with the same one changes nothing */
	struct view sender;          /* the reverse path without brackets; empty: the null sender */
	struct view client;          /* who gave it to us, in words, for the trace */
	struct view message_id;      /* the header's, without brackets */
	uint64_t submitter;          /* the account that submitted it; 0: none */
	uint64_t ret;                /* 0 not given, 1 FULL, 2 HDRS */
	struct view envid;           /* as it was given (xtext), or empty */
	uint64_t body, utf8, require_tls; /* enum smtp_body_kind */
	uint64_t text_growth;        /* of a binary body: line_ends_growth (format/line_ends.h); set by upload_deliver */
	uint64_t priority;           /* MT-PRIORITY + 9: 0 to 18 */
	uint64_t priority_given;     /* it was said, be it 0: it is said to the next host too */
	uint64_t by_time;            /* DELIVERBY as seconds since 1970; 0: none */
	uint64_t by_mode;            /* 'R' or 'N', + 256 when tracing was asked for */
	uint64_t hold_until;         /* FUTURERELEASE, seconds since 1970; 0: none */
	struct codec_list recipients, reports;
};
struct message_result { uint64_t error; };
struct message_delivered { struct codec_list results; }; /* of the targets, then of the recipients, in order */
struct message_room { uint64_t account, bytes; };
struct message_etrn { struct view domain; };
struct message_etrn_answer { uint64_t error, messages; };

/* Each entry: size (8 bytes), email id (8), whether its body is binary (1), length of an imported UIDL (1), that UIDL. */
struct message_maildrop_list { struct view entries; };
struct message_maildrop_opened { uint64_t error, count; };
/* indexes: 4 bytes each, in the order of the list; of each message `length` bytes from `offset`. */
struct message_fetch { struct view indexes; uint64_t offset, length; };
struct message_fetch_data { uint64_t index, error, last; struct view bytes; }; /* last: of this message */
struct message_expunge { struct view indexes; uint64_t last; };

struct message_sign { uint64_t key, pss; struct view algorithm, tbs; };
struct message_signed { uint64_t error; struct view signature; };
struct message_ticket_key { struct view key, previous; }; /* previous: still opens tickets; empty: none */

enum srs_operation { SRS_REWRITE = 1, SRS_REVERSE = 2 };
struct message_srs { uint64_t operation; struct view address, domain; };
struct message_srs_answer { uint64_t error; struct view address; };

/* timeout_ms: after it a failure is answered; 0: the dns role's own limit. */
struct message_query { struct view name; uint64_t type, timeout_ms; };
/* canonical: behind the CNAMEs, empty without any; why: of a failure, for logs. */
struct message_answer { uint64_t status, secure, bogus, ttl; struct view canonical, why; struct codec_list records; };

struct message_command { struct codec_list words; uint64_t json; };
struct message_output { struct view text; uint64_t status, last; };

struct message_queue_ready { uint64_t destinations; };
struct message_queue_destination {
	uint64_t number;   /* names it until it rests; never used again within a link's life */
	struct view name;  /* a domain, an address literal, or "@notify": messages whose sender is to be told */
	struct view route; /* the administrator's own for this destination, or empty */
	uint64_t failures, failing_since; /* attempts in a row that reached no host */
};
struct message_queue_take { uint64_t number, messages, bytes; };

struct message_queue_recipient {
	uint64_t number; /* in the message's record */
	struct view address, orcpt, forwarder;
	uint64_t notify, attempts;
	/* "@notify" only: what is to be told, and what is known. */
	uint64_t action, last_attempt;
	uint64_t cause, over; /* as in the record (queue/record.h): without a cause the reply is the host's own */
	struct view status, reply, host, stage;
};
struct message_queue_message {
	uint64_t number; /* the destination's */
	struct view id, sender, envid;
	uint64_t arrived, expires, size, ret, body, utf8, require_tls, priority, by_time, by_mode;
	uint64_t priority_given;   /* as in message_deliver */
	uint64_t trailer;          /* bytes behind the body, to be had by MESSAGE_QUEUE_READ from offset `size` */
	struct codec_list recipients;
	struct view bytes; /* the body from its beginning: whole, when it is as long as `size` */
};
struct message_queue_taken { uint64_t number, error, count, more; };
struct message_queue_read { struct view id; uint64_t offset, length; };
struct message_queue_data { uint64_t error; struct view bytes; };

struct message_queue_result {
	uint64_t recipient, verdict; /* enum queue_verdict */
	uint64_t cause;     /* enum trouble (dsn/dsn_explain.h): what relay found or decided; 0: the reply is the host's own */
	struct view status; /* "5.1.1" */
	struct view reply;  /* the host's words as it said them, or ours */
	struct view stage;  /* what they answered: "RCPT", "end of data", "connect", ...; empty: no host was spoken to */
};
/*
 * Of "@notify" a message needs none when a delivery's `reports` told all: these end relay's turn with it. Else
 * QUEUE_DEFERRED: tell it later; QUEUE_FAILED: it cannot be told, give up; QUEUE_UNTRIED; any other: nothing
 * needs to be told any more.
 */
/*
 * With a request number it is answered (MESSAGE_QUEUE_KEPT) once it is on the disk. A relay that has outlived its store tells the next
 * one what the old one did not confirm, before it gives any credit: `number` then names nothing, and the outcome counts for the
 * message of this id all the same.
 */
struct message_queue_outcome {
	uint64_t number;
	struct view id, host, address, tls, verified; /* of the next host: name, "192.0.2.1:25", "TLSv1.3 CIPHER", "dane-ee" ... */
	struct codec_list results;
};
struct message_queue_more { uint64_t number; };
struct message_queue_rest {
	uint64_t number, how, seconds; /* how: enum queue_rest */
	uint64_t cause;                /* these as in message_queue_result */
	struct view status, text, host, stage;
};
/* clang-format on */

/* The name for logs and documents, or NULL. */
const char *ipc_name(unsigned type);

/* The schema of its struct, or NULL. */
const struct codec_schema *ipc_schema(unsigned type);

/* Whether `from` may send this type to `to`. */
bool ipc_allowed(unsigned type, unsigned from, unsigned to);

/* Sends; fd as channel_send. -EMSGSIZE when a field is past its limit, or channel_send's result. */
int ipc_send(struct channel *c, enum message_type type, uint32_t request, const void *message, int fd);
int ipc_send_blocking(int socket, enum message_type type, uint32_t request, const void *message, int fd);

/* Encodes alone, without sending: the payload of a frame of this type. The same results. */
int ipc_encode(struct buf *out, unsigned type, const void *message);

/*
 * Decodes a frame into the struct that `message` points to. -EBADMSG when it does not fit, or when that
 * struct is not the one of the frame's type: then the peer is broken, drop it. A union of several structs
 * takes each type that fits into it; which one it is, the frame's type tells.
 */
#define ipc_decode(frame, message, arena)                                                                    \
	ipc_decode_as(frame, IPC_SCHEMA_OF(message), sizeof *(message), message, arena)

/* The schema of a struct, from a pointer to it; NULL for a union. */
#define IPC_SCHEMA_OF(message) _Generic((message), IPC_STRUCTS(IPC_SCHEMA_ROW) default : NULL)
#define IPC_SCHEMA_ROW(name) struct name * : &name##_schema,

/* The same in a function's form; schema NULL: whatever type the frame has, up to `size` bytes. */
int ipc_decode_as(const struct channel_frame *frame, const struct codec_schema *schema, size_t size,
    void *message, struct arena *arena) __attribute__((warn_unused_result));

/* All structs that have a schema, elements of lists too. A macro, because types are no values: messages.c
 * checks that none is left out. */
/* clang-format off */
#define IPC_STRUCTS(X) X(message_settings) X(message_peer) X(message_listener) X(message_file) \
	X(message_empty) X(message_resolve) X(message_target) X(message_resolved) X(message_login) \
	X(message_login_more) X(message_challenge) X(message_logged_in) X(message_login_failed) \
	X(message_sender) X(message_verdict) X(message_grant) X(message_granted) X(message_revoke) \
	X(message_field) X(message_directory) X(message_directory_answer) X(message_upload) \
	X(message_upload_credit) X(message_upload_abort) X(message_delivery_target) \
	X(message_delivery_recipient) X(message_delivery_report) X(message_deliver) X(message_result) \
	X(message_delivered) X(message_room) X(message_etrn) X(message_etrn_answer) X(message_srs) \
	X(message_srs_answer) X(message_queue_ready) X(message_queue_destination) X(message_queue_take) \
	X(message_queue_recipient) X(message_queue_message) X(message_queue_taken) X(message_queue_read) \
	X(message_queue_data) X(message_queue_result) X(message_queue_outcome) X(message_queue_more) \
	X(message_queue_rest) X(message_maildrop_list) X(message_maildrop_opened) X(message_fetch) \
	X(message_fetch_data) X(message_expunge) X(message_sign) X(message_signed) X(message_ticket_key) \
	X(message_query) X(message_answer) X(message_command) X(message_output)
#define IPC_DECLARE(name) extern const struct codec_schema name##_schema;
IPC_STRUCTS(IPC_DECLARE)
/* clang-format on */

#endif
