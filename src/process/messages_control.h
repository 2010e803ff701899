/* The master and each role, on the role's control channel: start-up, reload, end. */
#ifndef PROCESS_MESSAGES_CONTROL_H
#define PROCESS_MESSAGES_CONTROL_H

#include "process/message.h"

enum messages_control {
	/* master -> role: start-up and reload */
	MESSAGE_SETTINGS = MESSAGES_CONTROL + 1, /* bytes: the settings, encoded by settings.c */
	MESSAGE_PEER,                            /* a channel to another role, made anew after its restart */
	MESSAGE_LISTENER,                        /* a listening socket */
	MESSAGE_FILE,   /* a certificate chain; a private key comes as a descriptor */
	MESSAGE_FOLDER, /* store's data folder, as a descriptor */
	MESSAGE_START,  /* all is there: confine yourself and serve; again after a reload */
	MESSAGE_DRAIN,  /* accept no more connections, finish what runs, exit */
	/* role -> master */
	MESSAGE_READY,
	MESSAGE_PEER_LOST, /* a channel to another role has closed, though not by us: both need a new one */
	MESSAGE_METRICS,   /* what the role counts (base/metrics.h), every METRICS_MS */
	/* master -> web */
	MESSAGE_METRICS_TEXT, /* of all roles, as OpenMetrics */
	MESSAGE_ROLES_TEXT,   /* the processes of all roles: a JSON array */
	/* An upgrade, master -> role: a successor is there; take nothing new, and finish in your own time */
	MESSAGE_RETIRE,
	/* store -> master: nothing is half told to it now; it has closed the store, its successor may open it
	 */
	MESSAGE_MAY_YIELD,
	MESSAGE_YIELDED
};

enum {
	ROLES_TEXT_MAX = 16 * 1024, /* some 150 octets of each */
	METRICS_MS =
	    5000 /* a figure is so old at most when it is seen: a scrape comes each 15 s or less often */
};

/* clang-format off */
struct message_settings { struct view encoded; };
struct message_peer { uint64_t role, number; }; /* number: of the channel, for MESSAGE_PEER_LOST */
struct message_listener { uint64_t service; struct view address; };
struct message_metrics { struct view values; }; /* 8 octets each, in the order of base/metrics.c */
struct message_metrics_text { struct view text; };
struct message_roles_text { struct view text; };
struct message_file { uint64_t kind, number; struct view name, content; };
enum {
	FILE_CHAIN = 1,       /* a certificate chain, for edges, and for relay's look at TLSA records */
	FILE_KEY = 2,         /* a private key, as a descriptor, for keys */
	FILE_AUTHORITIES = 3, /* the certificates that relay believes */
	FILE_SECRET = 4,      /* for keys, by enum secret_number */
	FILE_PASSWORD = 5,    /* of the route of this number, for relay */
	FILE_RECIPIENTS = 6,  /* of the relay domain of this number, for smtp */
	FILE_ANCHORS = 7,     /* DNSSEC trust anchors, for dns */
	FILE_USERS = 8,       /* this machine's users that may send: local_users.h; for smtp, which sees no passwd */
	FILE_SIGNERS = 9      /* certificates that vouch for signers of mail, for content */
};

/* Secrets that the master makes at the first start: of rewritten senders (SRS), and of the keys that sign mail. */
enum secret_number { SECRET_SRS, SECRET_SIGNING };

#define MESSAGES_CONTROL_STRUCTS(X) X(message_settings) X(message_peer) X(message_listener) \
	X(message_file) X(message_metrics) X(message_metrics_text) X(message_roles_text)
/* clang-format on */
MESSAGES_CONTROL_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_control[MESSAGES_IN_GROUP];

#endif
