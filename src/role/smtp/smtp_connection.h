/* What the SMTP driver's files share: a connection, and the role's own state. */
#ifndef ROLE_SMTP_SMTP_CONNECTION_H
#define ROLE_SMTP_SMTP_CONNECTION_H

#include "config/local_users.h"
#include "edge/data_rate.h"
#include "edge/edge_connection.h"
#include "edge/login.h"
#include "process/upload.h"
#include "smtp/smtp_session.h"

/* The targets of one message, aliases followed. */
enum {
	SMTP_TARGETS_MAX = 1000,
	SMTP_TARGETS_AT_ONCE =
	    100, /* more go into the queue first: what one commit delivers (ACCOUNT_TARGETS_MAX) */
	/*
	 * Of what is said of them to store, in one frame with TRAILER_MAX: a thousand addresses of
	 * 100 octets behind a list of as many, from a sender of 254, come to 640 KB.
	 */
	SMTP_TARGETS_BYTES_MAX = 800 * 1024
};

struct smtp_connection {
	struct edge_connection edge; /* the first member */
	struct smtp_session *session;
	struct loop_timer greeting;
	struct buf literal; /* the client's address as SMTP writes it */
	uint64_t account;   /* after the login; 0: none */
	struct {            /* a user of this machine, at the local socket: smtp_local.c */
		char name[LOCAL_USER_NAME_SIZE]; /* "": the client came by the network */
		bool may_send;
	} local;
	bool greeting_delayed;
	bool renamed;               /* XCLIENT has said who the client is, or that this is not known */
	uint64_t messages, refused; /* refused: recipients, of those that store was told of */
	struct data_rate rate;      /* of the message that arrives now */

	/* The verdict that is being found: smtp_hooks.c. */
	struct {
		enum smtp_stage stage;
		const struct smtp_recipient *recipient;
		size_t next;         /* the hook that comes next */
		struct calls *calls; /* of the question under way; of an ETRN too */
		uint32_t request;
		struct codec_list targets; /* of the recipient, in `arena` */
		struct arena arena;
		bool for_postmaster; /* it is asked again, as the postmaster: smtp_local_is_here */
		bool direct;         /* the target is the recipient itself, not where an alias leads */
		enum resolve_verdict resolved; /* what the directory said of it */
		size_t room_next;
		size_t author_next; /* of the From field */
		bool own_author;
	} check;

	/* What verdicts have to do with the message under way: smtp_hooks.c. */
	struct {
		bool begun;                 /* the taps see it */
		bool store_full;            /* the upload waits for credit */
		uint32_t full;              /* bits of the rows whose taps wait */
		struct buf headers;         /* smtp_hooks_add_header */
		struct buf results;         /* who sent it: sender_results_encode; may be empty */
		struct smtp_verdict *each;  /* of the recipients, or NULL */
		struct buf author;          /* whom DMARC has proven; smtp_report.c */
		struct smtp_sender *sender; /* who sent it, while it is checked; or NULL: smtp_sender.c */
		uint64_t list;              /* the mailing list by which it came (sender_list.h); 0: none */
		bool list_counts;           /* it is proven, so that its readers' list gains by it */
		bool *junk; /* for each recipient, whether it goes into the mailbox for junk; or NULL */
		struct smtp_seal *seal;   /* what is forwarded is sealed, or NULL: smtp_seal.c */
		struct smtp_sign *sign;   /* whom it is signed by, or NULL: smtp_sign.c */
		struct view head, signer; /* as in message_deliver; of `sign` */
	} message;

	/* Where the transaction's mail goes and the body on its way: smtp_upload.c. */
	struct {
		struct smtp_target *targets;
		size_t bytes; /* that they take in the message to store */
		size_t count, room;
		struct upload body;
		uint32_t request; /* MESSAGE_DELIVER under way */
		int64_t asked;    /* when, clock_monotonic_ms */
		char message_id[RANDOM_ID_SIZE];
	} upload;
};

/* A mailbox, or an address at another host, that the message goes to, for the recipient of that number in the
 * envelope. */
struct smtp_target {
	size_t recipient;
	uint64_t account; /* 0: another host's */
	char *mailbox, *address;
	char *forwarder; /* the address that led to it, when that was an alias; else NULL */
};

/* A domain that we take mail for and carry to its better hosts. */
enum { SMTP_RELAY_DOMAINS_MAX = 256 };
struct smtp_relay_domain {
	char *domain;
	bool listed;           /* only these recipients exist */
	struct map recipients; /* address keys */
};

struct smtp_role {
	struct edge edge;
	struct calls store, dns;
	struct smtp_relay_domain relay_domains[SMTP_RELAY_DOMAINS_MAX];
	size_t relay_domain_count;
};
extern struct smtp_role smtp_role;

/* smtp_connection.c */

/* An answer has been handed to the session: flush, set the deadline, read on if it wants input. */
void smtp_connection_continue(struct smtp_connection *c);
void smtp_connection_deadline(struct smtp_connection *c);
void smtp_connection_name_client(struct smtp_connection *c);

/* smtp_hooks.c */
void smtp_hooks_check(void *arg, enum smtp_stage stage, const struct smtp_envelope *envelope,
    const struct smtp_recipient *recipient);
void smtp_hooks_greet(void *arg);
void smtp_hooks_early_talker(struct smtp_connection *c);
void smtp_hooks_init(struct smtp_connection *c);
/* The session is over: the answer that is awaited would find nothing of what it was asked for. */
void smtp_hooks_forget_question(struct smtp_connection *c);
void smtp_hooks_forget(struct smtp_connection *c);
/* The session's `body` and `abandon`, for taps and store alike; and its `came`, for taps. */
bool smtp_hooks_body(void *arg, struct view bytes);
void smtp_hooks_came(void *arg, struct view bytes);
void smtp_hooks_abandon(void *arg);
/* Store takes more of the body, or is gone. */
void smtp_hooks_store_ready(struct smtp_connection *c);

/* smtp_recipient.c */
void smtp_relay_domains_configure(struct role_process *p);
void smtp_recipient_etrn(void *arg, struct view domain);

/* smtp_local.c: takes the list of those who may send; finds out who is at the local socket. Whether an
 * address is one of this machine itself, where its users have no mailboxes. */
void smtp_local_configure(struct role_process *p);
void smtp_local_know(struct smtp_connection *c);
bool smtp_local_is_here(const struct smtp_connection *c, struct view domain);

/* smtp_refused.c: tells store of a refusal, for the trace. recipient: empty when none is concerned. */
void smtp_refused_tell(struct smtp_connection *c, const struct smtp_verdict *verdict, struct view recipient);

/* smtp_show.c */
void smtp_show(void *arg, struct view url, uint64_t offset);

/* smtp_upload.c */
void smtp_upload_init(struct smtp_connection *c);
/* Bytes that what a recipient leads to takes in the message to store, as one of many. forwarder: as in struct
 * smtp_target. */
size_t smtp_upload_bytes(const struct smtp_connection *c, const struct smtp_recipient *recipient,
    const struct codec_list *targets, struct view forwarder);
/* For the recipient of that number in the envelope. */
void smtp_upload_add(struct smtp_connection *c, size_t number, const struct smtp_recipient *recipient,
    const struct codec_list *targets, struct view forwarder);
bool smtp_upload_body(struct smtp_connection *c, struct view bytes);
void smtp_upload_deliver(
    void *arg, const struct smtp_envelope *envelope, const struct message_digest *digest);
void smtp_upload_abandon(struct smtp_connection *c);

#endif
