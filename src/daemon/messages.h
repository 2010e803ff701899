/*
 * What the roles say to each other: every message, its fields and their limits, who may send it and who gets
 * it. This page and the table in messages.c are the trust map's second half (the first is roles.c). A request
 * has a number, chosen by the asker; its answers carry the same number.
 */
#ifndef DAEMON_MESSAGES_H
#define DAEMON_MESSAGES_H

#include "base/arena.h"
#include "io/channel.h"
#include "io/codec.h"

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
	ROLE_ADMIN = 1 << 8 /* the command line, through the administrator's socket */
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

	/* smtp, pop3 -> auth */
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

	/* smtp -> store */
	MESSAGE_UPLOAD = 60, /* a piece of a body */
	MESSAGE_UPLOAD_CREDIT,
	MESSAGE_UPLOAD_ABORT,
	MESSAGE_DELIVER, /* the last piece and the envelope */
	MESSAGE_DELIVERED,
	MESSAGE_ROOM, /* has this account room for so many bytes? */
	MESSAGE_ROOM_ANSWER,

	/* pop3 -> store, on an account's channel */
	MESSAGE_MAILDROP_OPEN = 80,
	MESSAGE_MAILDROP_LIST,   /* part of the list; many */
	MESSAGE_MAILDROP_OPENED, /* the end of the list, or why it cannot be had */
	MESSAGE_FETCH,           /* these messages, streamed one after the other */
	MESSAGE_FETCH_DATA,
	MESSAGE_EXPUNGE, /* a part of the list of what to delete; `last` carries it out, all or none */
	MESSAGE_EXPUNGED,

	/* edges -> keys */
	MESSAGE_SIGN = 100,
	MESSAGE_SIGNED,
	MESSAGE_TICKET_KEY,
	MESSAGE_TICKET_KEY_ANSWER,

	/* smtp -> dns */
	MESSAGE_QUERY = 120,
	MESSAGE_ANSWER,

	/* command line -> auth, store */
	MESSAGE_COMMAND = 140,
	MESSAGE_OUTPUT,

	MESSAGE_TYPES
};

/* clang-format off */
struct message_settings { struct view encoded; };
struct message_peer { uint64_t role; };
struct message_listener { uint64_t service; struct view address; };
struct message_file { uint64_t kind, number; struct view name, content; };
struct message_empty { uint64_t unused; };

enum { FILE_CHAIN = 1, FILE_KEY = 2 };

struct message_resolve { struct view address; };
enum resolve_verdict { RESOLVE_LOCAL, RESOLVE_UNKNOWN_USER, RESOLVE_NOT_OURS, RESOLVE_DISABLED, RESOLVE_TEMPORARY };
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
struct message_verdict { uint64_t allowed; };

struct message_grant { uint64_t account; struct view service; };
struct message_granted { uint64_t error; };
struct message_revoke { uint64_t account; };
struct message_field { struct view value; };
struct message_directory { uint64_t operation, number; struct codec_list fields; };
struct message_directory_answer { uint64_t error, number; struct codec_list fields; };

struct message_upload { uint64_t upload; struct view bytes; };
struct message_upload_credit { uint64_t upload, bytes; };
struct message_upload_abort { uint64_t upload; };
struct message_delivery_target { uint64_t account; struct view mailbox, prefix; };
struct message_deliver {
	struct view session;
	uint64_t upload; /* pieces sent before with this number; 0: none */
	struct view bytes, summary, trailer;
	uint64_t received_at, thread_hash, all_or_none;
	uint64_t enforce_quota; /* a target over its quota refuses the message: its sender can be told */
	struct codec_list targets;
};
struct message_result { uint64_t error; };
struct message_delivered { struct codec_list results; };
struct message_room { uint64_t account, bytes; };

/* Each entry: size (8 bytes), email id (8), length of an imported UIDL (1), that UIDL. */
struct message_maildrop_list { struct view entries; };
struct message_maildrop_opened { uint64_t error, count; };
/* indexes: 4 bytes each, in the order of the list; of each message `length` bytes from `offset`. */
struct message_fetch { struct view indexes; uint64_t offset, length; };
struct message_fetch_data { uint64_t index, error, last; struct view bytes; }; /* last: of this message */
struct message_expunge { struct view indexes; uint64_t last; };

struct message_sign { uint64_t key, pss; struct view algorithm, tbs; };
struct message_signed { uint64_t error; struct view signature; };
struct message_ticket_key { struct view key; };

struct message_query { struct view name; uint64_t type; };
struct message_answer { uint64_t status, secure; struct codec_list records; };

struct message_command { struct codec_list words; uint64_t json; };
struct message_output { struct view text; uint64_t status, last; };
/* clang-format on */

/* The name for logs and documents, or NULL. */
const char *ipc_name(unsigned type);

/* Whether `from` may send this type to `to`. */
bool ipc_allowed(unsigned type, unsigned from, unsigned to);

/* Sends; fd as channel_send. -EMSGSIZE when a field is past its limit, or channel_send's result. */
int ipc_send(struct channel *c, enum message_type type, uint32_t request, const void *message, int fd);
int ipc_send_blocking(int socket, enum message_type type, uint32_t request, const void *message, int fd);

/* Encodes alone, without sending: the payload of a frame of this type. The same results. */
int ipc_encode(struct buf *out, unsigned type, const void *message);

/* Decodes a frame into the struct of its type. -EBADMSG when it does not fit: then the peer is broken, drop
 * it. */
int ipc_decode(const struct channel_frame *frame, void *message, struct arena *arena)
    __attribute__((warn_unused_result));

#endif
