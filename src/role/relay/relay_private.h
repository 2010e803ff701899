/*
 * What the relay role's files share. The way of mail through them:
 *
 *   role_relay.c         store hands out a destination that is due, and credit for more is given back
 *   relay_destination.c  a destination: finds its hosts, takes its messages, gives it back
 *   relay_find.c         which hosts, and what TLS they must show (over lookup.c and relay_policy.c)
 *   relay_place.c        addresses and networks of hosts, and which took mail lately
 *   relay_host.c         a host, shared by all destinations that lead to it: connections, how many, and whose
 * turn it is relay_connection.c   one connection: socket, TLS, and the machine of smtp/smtp_client.h
 *   relay_turn.c         a connection's places, and when it gives them up
 *   relay_reason.c       why something went wrong, and who says so
 *   relay_message.c      a message: its recipients' results, told to store when the last one is known
 *   relay_outcome.c      what became of messages, kept until store has it
 *   relay_body.c         its body, from store to the connection, converted where the host takes less
 *   relay_convert.c      what must be changed in a message for a host that takes 7 bits only
 *   relay_notify.c       "@notify": telling senders
 *
 * Everything is in memory only: what a crash of this role interrupts is still in the queue. Nothing is freed
 * inside the functions of a stream or a client machine, but in tasks at the end of the loop's turn.
 */
#ifndef ROLE_RELAY_RELAY_PRIVATE_H
#define ROLE_RELAY_RELAY_PRIVATE_H

#include "base/clock.h"
#include "base/map.h"
#include "base/random.h"
#include "role/relay/lookup.h"
#include "process/role.h"
#include "config/route.h"
#include "base/share.h"
#include "dsn/dsn_explain.h"
#include "io/connect.h"
#include "io/network.h"
#include "io/stream.h"
#include "io/tls.h"
#include "smtp/smtp_client.h"
#include "trust/route/mta_sts.h"
#include "trust/route/next_hop.h"

enum {
	RELAY_DESTINATIONS_MAX = 2000, /* under way: what waits for dead hosts must not keep others out */
	RELAY_HOSTS_MAX =
	    NEXT_HOP_HOSTS_MAX * NEXT_HOP_ADDRESSES_MAX, /* of one destination, each address counted */
	RELAY_TAKE_MESSAGES = 64,                        /* of one destination at once, at most */
	RELAY_TAKE_BYTES = 256 * 1024,
	RELAY_BODIES_MAX = 8 * 1024 * 1024, /* in memory; above it messages are taken without their bodies,
	                                       which are read piece by piece */
	RELAY_PIECE = 64 * 1024,            /* of a body that is read */
	RELAY_CONNECT_MS = 30 * 1000,       /* for TCP: a host that is there answers within a few */
	RELAY_IDLE_MS = 5 * 1000,           /* that a connection without work is kept */
	RELAY_SPARE_MS =
	    500, /* that it is kept while others wait for its place: store may have more mail for it */
	/* Where others wait for its place, a host that is slow loses it, and comes back to the line: RFC 5321
	 * section 4.5.3.2 asks for five minutes for each reply, but thirty silent hosts would have all places
	 * for as long. */
	RELAY_HURRY_MS = 20 * 1000, /* from the beginning until the connection can be used; */
	RELAY_HURRIES_MAX = 2, /* twice as long the next times, so that a host which greets late is not passed
	                          over for ever */
	RELAY_SLOW_MS = 5 * 60 * 1000,   /* from MAIL to the body */
	RELAY_WATCH_MS = 5 * 1000,       /* so often it is looked at */
	RELAY_LINGER_MS = 2 * 1000,      /* that a destination without mail is kept */
	RELAY_FOUND_MS = 10 * 60 * 1000, /* after which a busy destination's hosts are looked up anew */
	RELAY_HOST_DEAD_MS =
	    20 * 1000, /* that a host which could not be reached is not tried again for another destination */
	RELAY_CLEAR_MS =
	    3600 * 1000, /* that a host whose TLS is broken is spoken to in clear, where that is allowed */
	RELAY_CONNECTIONS_FIRST = 4, /* to a host that is not known yet */
	/* A connection that others wait for is given up after so many messages, or so long: whoever waits is
	 * served within minutes, and a connection still pays. */
	RELAY_TURN_MESSAGES = 100,
	RELAY_TURN_MS = 10 * 1000,
	RELAY_TRIES_MAX =
	    3, /* connections that a message is put on in one turn, when they are lost before its end */
	RELAY_DNS_MS = 30 * 1000,
	RELAY_ROUTES_MAX = 256, /* lines of `routes` that can have a password */
	RELAY_DESCRIPTORS =
	    128, /* for everything but connections: 50 fetches of policies, channels, sockets' folders */
	RELAY_OWN_MAX = 128 /* addresses of ours, against loops */
};

struct relay_destination;
struct relay_host;
struct relay_connection;

/* ---- relay_reason.c ---- */

/*
 * Why something went wrong. What a host said and what this server says are never mixed: without a cause the
 * text is the host's reply, word for word; with one it is ours.
 */
struct relay_reason {
	enum trouble cause;
	char status[16];   /* "4.4.1" */
	const char *stage; /* what was under way, a constant: smtp_client_stage_name, "connect"; "": no host
	                      is concerned */
	const char *text;  /* NULL: there is no reason. Owned, of one that relay_reason_done is called for */
};

/* Another reason; the text is copied, and may be the old one. */
void relay_reason_set(
    struct relay_reason *r, enum trouble cause, const char *status, const char *stage, struct view text);
/* What a host replied; `status` NULL: its own enhanced code as one of class 4, or a general one. */
void relay_reason_reply(struct relay_reason *r, const char *status, const struct smtp_client_reply *reply);
/*
 * RFC 5321 section 4.5.3.1.10: what a host says about too many recipients is about this transaction, not the
 * recipient, and 552 is as temporary as 452 then. Without an enhanced code it means that, unless its words
 * say that the mailbox or the message is meant.
 */
bool relay_reply_is_too_many(const struct smtp_client_reply *r);
/* Why the client machine gave a connection up: what the host replied is its own, how it ends without a reply
 * is ours to say. */
void relay_reason_failure(
    struct relay_reason *r, enum smtp_client_failure failure, const struct smtp_client_reply *reply);
/* What the system says of an attempt to connect: a negative errno. */
enum trouble relay_trouble_of_connect(int error);
/* The cause in words; a host's reply has some too. For logs. */
const char *relay_reason_cause(const struct relay_reason *r);
void relay_reason_copy(struct relay_reason *to, const struct relay_reason *from);
void relay_reason_done(struct relay_reason *r);

/* ---- relay_policy.c: MTA-STS ---- */

struct relay_policy_request {
	struct view domain;
	/* policy: in mode testing or enforce, valid during the call; NULL when there is none (mode none says
	 * so too), or none can be had. */
	void (*found)(void *arg, const struct mta_sts_policy *policy);
	void *arg;
	struct relay_policy *policy; /* internal */
	struct relay_policy_request *next;
};

/* `found` is called later, never from within. The request stays put until then, or until relay_policy_forget.
 */
void relay_policy_find(struct relay_policy_request *r);
void relay_policy_forget(struct relay_policy_request *r); /* also when it was never asked, or is answered */
void relay_policies_init(struct loop *loop);
void relay_policies_done(void); /* forgets everything; nobody may wait for an answer */

/* ---- relay_find.c ---- */

/* One address of one host, with all that a connection to it must know. Owned by its relay_host. */
struct relay_endpoint {
	char *name;                       /* the host's, for TLS and logs */
	char text[NETWORK_TEXT_SIZE + 8]; /* "192.0.2.1:25" */
	struct sockaddr_storage address;
	socklen_t address_len;
	enum route_kind kind;
	enum smtp_client_tls tls;
	enum tls_proof proof;
	bool routed;       /* the administrator's route leads to it */
	bool named_safely; /* the name came from DNSSEC, MTA-STS or the configuration (RFC 8689 section 4.2.1)
	                    */
	char **names;      /* that a certificate may have */
	size_t name_count;
	struct tls_association *associations; /* with their data behind the array */
	size_t association_count;
	char *user, *password; /* of a route, or NULL */
	int folder; /* a socket's: the address is relative to it (relay_role.folders); -1 for all others */
};

/*
 * Whether a host may be at this address because names say so, which strangers write: a public one that is not
 * this machine's, or one in relay_networks. Routes need not ask.
 */
bool relay_may_reach(const struct sockaddr_storage *address);

void relay_endpoint_free(struct relay_endpoint *e); /* NULL is allowed */

enum relay_found { RELAY_FOUND_HOSTS, RELAY_FOUND_LATER, RELAY_FOUND_NOTHING };

/*
 * The search of one destination's hosts. `done` is called later, with the endpoints in the order in which to
 * try them (the callee takes them), or with the reason: try later, or never.
 */
struct relay_search {
	struct view name, route; /* the destination's; they must live as long */
	void (*done)(struct relay_search *s, enum relay_found how, const struct relay_reason *why);
	void *arg;
	struct relay_endpoint **endpoints;
	size_t count;

	/* Internal. */
	struct lookup lookup; /* by relay_lookup_init */
	struct relay_policy_request policy;
	struct arena arena;
	struct route target;
	struct next_hop found;
	enum tls_level level;
	uint64_t seed;
	size_t line;   /* of the settings' routes; SIZE_MAX: none */
	size_t barred; /* addresses that names may not lead us to */
	bool routed, searching;
};

void relay_search_start(struct relay_search *s);
void relay_search_end(struct relay_search *s);

/* ---- relay_message.c ---- */

struct relay_recipient {
	uint64_t number;
	struct view address, orcpt, forwarder;
	unsigned notify; /* NOTIFY_* */
	bool has_result;
	uint64_t verdict;
	struct relay_reason words; /* also of a success */
};

/* A message that store has given us for one destination. Its texts lie in one piece of memory, `texts`. */
struct relay_message {
	struct relay_message *next;
	struct relay_destination *destination;
	struct relay_connection *connection; /* that it is on */
	struct message_queue_message
	    m; /* as it came, without its recipients; `bytes`: the body's beginning */
	char *texts;
	struct relay_recipient *recipients;
	size_t count;
	unsigned tries;
	uint64_t number;      /* under which store has given it out last: a new store gives it out again */
	uint32_t srs_request; /* keys is asked */
	char *rewritten;      /* the sender for those of `forwarder` */
	struct view forwarder;

	/* The transaction under way: a group of the recipients. */
	struct smtp_client_transaction transaction;
	struct smtp_client_recipient *group;
	size_t *group_numbers;
	size_t group_count;
	struct relay_body *reader;     /* relay_body.c */
	struct relay_convert *convert; /* relay_convert.c */
	struct loop_task convert_task;
};

/* Copies the message out of the frame. NULL without memory. */
struct relay_message *relay_message_new(struct relay_destination *d, const struct message_queue_message *m);
void relay_message_free(struct relay_message *m); /* NULL is allowed */

/*
 * Chooses the next recipients without a result that can be in one transaction, and fills m->transaction.
 * False when all have one. When their sender must be rewritten first, *wait is set: relay_message_ready
 * follows later.
 */
bool relay_message_group(struct relay_message *m, size_t max, bool *wait);
/* What the host answered for a recipient. */
void relay_message_answered(
    struct relay_message *m, size_t recipient, uint64_t verdict, const struct smtp_client_reply *reply);
void relay_message_result(
    struct relay_message *m, size_t recipient, uint64_t verdict, const struct relay_reason *why);
/* The same result for all that have none. */
void relay_message_fail(struct relay_message *m, uint64_t verdict, const struct relay_reason *why);
bool relay_message_is_complete(const struct relay_message *m);

/*
 * On a connection, and off it again. A store that came back gives out once more what is on a connection: true
 * when that is so; then the outcome will be told under the new number.
 */
void relay_message_takes_off(struct relay_message *m);
void relay_message_lands(struct relay_message *m);
bool relay_message_is_flying(const struct relay_destination *d, const struct message_queue_message *m);

/* Tells store, and the log; then frees the message. connection: NULL when none was used. */
void relay_message_finish(struct relay_message *m, struct relay_connection *connection);

/* ---- relay_outcome.c ---- */

/* Copied, and told to store until it has it. */
void relay_outcome_tell(const struct message_queue_outcome *m);
/* A new store: what the old one did not confirm is told again. True when there was nothing. */
bool relay_outcomes_tell_again(void);

/* ---- relay_destination.c ---- */

struct relay_destination {
	uint64_t number;
	char *name, *route;
	struct relay_search search;
	bool searching; /* for hosts */
	bool taking;    /* store is asked for messages */
	bool taken;     /* it has been, at least once */
	bool more;      /* store has, or may have, more */
	bool waiting;   /* in its host's list */
	bool failed;    /* no host is left */
	bool regular; /* some of its mail is no report (RFC 5321 section 4.5.5: those have the null sender) */
	bool ending;  /* given back */
	struct relay_host **hosts; /* each counted */
	size_t host_count, host_at;
	int64_t found_at;
	struct relay_message *first, **last; /* taken, not on a connection */
	size_t pending, sending;
	struct relay_destination *next_waiting; /* in the host's list */
	struct loop_timer timer;                /* lingers, or waits for the rate */
	struct loop_task task;
	struct relay_notify *notify; /* relay_notify.c; NULL of all others */
	/* The last failure of a host. */
	struct relay_reason why;
	char *failed_host;
	/* destination_rate: messages that may still go in this minute. */
	uint64_t allowance;
	int64_t allowance_at;
};

void relay_destination_open(const struct message_queue_destination *m);
struct relay_destination *relay_destination_by_number(uint64_t number);
void relay_destination_message(struct relay_destination *d, const struct message_queue_message *m);
void relay_destination_taken(struct relay_destination *d, const struct message_queue_taken *m);
void relay_destination_more(struct relay_destination *d);
/*
 * Gives it back to store, with d->why where `how` needs it, and frees it at the end of the turn; what was
 * taken and has no outcome is store's again. When store is gone, it is only freed.
 */
void relay_destination_rest(struct relay_destination *d, enum queue_rest how, uint64_t seconds);
/* Store is gone: everything it had given is forgotten. */
void relay_destinations_forget(void);
/* The server stops: what is on a connection may end, the rest goes back. */
void relay_destinations_drain(void);

/* For relay_host.c: takes messages before there is a connection, to know whether they are reports. */
void relay_destination_learn(struct relay_destination *d);
/* For relay_host.c: the next message, or NULL; then it may have asked store for more. */
struct relay_message *relay_destination_next(struct relay_destination *d);
/* A message is done with, one way or the other; it comes back to be tried again with `again`. */
void relay_destination_finished(struct relay_destination *d, struct relay_message *again);
/* The host that this destination waits for cannot be used: the next one, or the end. */
void relay_destination_host_failed(
    struct relay_destination *d, const struct relay_host *host, const struct relay_reason *why);
void relay_destination_note(
    struct relay_destination *d, const struct relay_host *host, const struct relay_reason *why);

/* ---- relay_place.c ---- */

enum relay_place_kind {
	RELAY_ADDRESS = 1,
	RELAY_NETWORK,
	RELAY_POLICY_HOST /* the same address, for fetches of policies */
};
enum { RELAY_PLACE_KEY = 1 + NETWORK_KEY_SIZE + 2 };

struct relay_place {
	struct share share;
	size_t users;      /* hosts */
	uint64_t taken;    /* messages */
	int64_t proven_at; /* monotonic: the last of them */
	unsigned hurried;  /* times that a connection was ended since others waited, and the host was slow to
	                      begin */
	char key[RELAY_PLACE_KEY];
	size_t key_len;
};

/* Policies that are fetched from one host at once: many domains share one, and get theirs in turn. A variable
 * for tests. */
extern size_t relay_policy_host_fetches;

/* NULL for what has no address (a socket). */
struct relay_place *relay_place_use(const struct sockaddr_storage *address, enum relay_place_kind kind);
void relay_place_release(struct relay_place *p);   /* NULL is allowed */
void relay_place_took_mail(struct relay_place *p); /* NULL is allowed */
bool relay_place_is_proven(const struct relay_place *p);
/* How long a connection to this host may take to begin while others wait, in milliseconds; and one took too
 * long. */
int64_t relay_place_hurry(const struct relay_place *p); /* NULL is allowed */
void relay_place_was_hurried(struct relay_place *p);    /* NULL is allowed */
/* The limits of all shares, from the settings. */
void relay_places_configure(void);

/* ---- relay_host.c ---- */

struct relay_host {
	char *key; /* in relay_role.hosts */
	size_t key_len;
	struct relay_endpoint *endpoint;
	size_t users; /* destinations that name it */
	struct relay_connection *connections, *idle;
	size_t connection_count, connecting_count;
	size_t limit, successes;
	int64_t dead_until, clear_until; /* monotonic */
	struct relay_reason why;         /* it is dead */
	struct relay_destination *waiting, **waiting_last;
	struct relay_place *address, *network; /* or NULL */
	struct share_claim claim;              /* for one more connection */
	bool granted; /* the claim has its places, the connection is not opened yet */
	struct loop_task task;
};

/* The host for this endpoint, which is taken over. */
struct relay_host *relay_host_use(struct relay_endpoint *endpoint);
void relay_host_release(struct relay_host *h);
/* A connection of it is gone: so is the host, if nobody needs it and nothing is to be remembered. */
void relay_host_settle(struct relay_host *h);
/* The destination has mail, or wants to know whether the host is there. */
void relay_host_want(struct relay_host *h, struct relay_destination *d);
void relay_host_forget(struct relay_host *h, struct relay_destination *d);
bool relay_host_is_dead(const struct relay_host *h);

/* From its connections. */
struct relay_message *relay_host_work(struct relay_host *h);
void relay_host_succeeded(struct relay_host *h);
/* A connection could not be made, or not be used. */
void relay_host_failed(struct relay_host *h, const struct relay_reason *why);
void relay_host_dispatch_later(struct relay_host *h);

/* ---- relay_connection.c ---- */

struct relay_connection {
	struct relay_connection *next, *previous; /* of the host */
	struct relay_connection *next_idle;
	struct relay_connection *idle_after, *idle_before; /* of all that are idle */
	struct share *shares[SHARES_MAX];                  /* in which it has a place */
	size_t share_count;
	int64_t turn_since; /* when it began to work for its host, or nobody waited */
	unsigned turn_messages;
	int64_t idle_since;
	bool spared;           /* idle, and its place is wanted: it goes when RELAY_SPARE_MS are over */
	int64_t message_since; /* the message under way began */
	struct relay_host *host;
	struct connecting connecting;
	struct loop_timer timer; /* of an idle one; of others, whether they hold others up */
	int64_t began;
	struct loop_task task;
	struct stream stream;
	struct smtp_client *client;
	struct smtp_client_config config;
	struct relay_message *message;
	char id[RANDOM_ID_SIZE];
	char nonce[2 * RANDOM_ID_SIZE];
	char tls[64], verified[16]; /* empty in clear */
	struct relay_reason why;    /* of the first trouble */
	struct relay_reason crowd;  /* what the host said to the first recipient that was too many */
	bool streaming;             /* `stream` is there */
	bool ready;                 /* has been of use: greeted, secured and logged in as demanded */
	bool used;                  /* a message went out on it */
	bool idle;                  /* in the host's list */
	bool free_for_work;         /* the client is ready; at the end of the turn it gets work */
	bool tls_wanted, securing;
	bool retry_clear; /* TLS failed, and need not be */
	bool quitting, failed, ended;
	size_t accepted,
	    crowded; /* recipients of the group under way that were taken, and those that were too many */
	/* What the deadline was set for. */
	bool timed;
	enum smtp_client_waiting waiting;
	uint64_t progress, bytes_out;
	bool sending;
	int64_t timed_at;
};

/* Opens one, with the places of its host's claim; what becomes of it the host learns. */
void relay_connection_open(struct relay_host *h);
/* An idle connection, or one that has just become ready: looks for work at its host. */
void relay_connection_work(struct relay_connection *c);
/* The message's sender has been rewritten. */
void relay_connection_go_on(struct relay_connection *c);
/* The server stops: whoever has nothing to do says goodbye. */
void relay_connections_quit(void);

/* ---- relay_turn.c ---- */

/* Its host has taken mail: it is one of those that are served whatever becomes of the others. */
void relay_connection_prove(struct relay_connection *c);
/* It carries what is no report. */
void relay_connection_carry_regular(struct relay_connection *c);
/* Others wait for its place, and it has had its turn. */
bool relay_connection_turn_is_over(struct relay_connection *c);
/* Some of a body waits to be taken, behind DATA or within a BDAT. */
bool relay_connection_is_sending(const struct relay_connection *c);
/* Since the deadline was set the host took nothing, or fewer octets a second than a client of ours must bring
 * (data_rate_min). */
bool relay_connection_takes_too_slowly(const struct relay_connection *c);
/* Others wait for its place, and its host is slow: there is nothing worse to say of it. */
bool relay_connection_holds_others_up(const struct relay_connection *c);
/* Somebody waits for a place in this share: an idle connection that has one goes soon. */
void relay_connection_spare(const struct share *share);

/* ---- relay_body.c ---- */

/* For one transaction; converted if relay_convert.c found it necessary. */
struct relay_body *relay_body_begin(struct relay_connection *c, struct relay_message *m);
void relay_body_end(struct relay_body *b); /* NULL is allowed */
/* The client wants the body: writes what is there, and reads on. */
void relay_body_write(struct relay_body *b);

/* ---- relay_convert.c ---- */

enum relay_convert_state {
	RELAY_CONVERT_NONE,     /* nobody has looked */
	RELAY_CONVERT_BUSY,     /* relay_connection_go_on follows */
	RELAY_CONVERT_READY,    /* the body must be converted on its way, once */
	RELAY_CONVERT_UNNEEDED, /* it can go as it is */
	RELAY_CONVERT_REFUSED,  /* it cannot be converted without harm: *why says why */
	RELAY_CONVERT_FAILED    /* it could not be looked at now */
};

/* Looks through the message. */
void relay_convert_begin(struct relay_message *m);
enum relay_convert_state relay_convert_state(const struct relay_message *m, const char **why);
/* READY: appends the next piece, converted. 0 or -ENOBUFS. */
int relay_convert_piece(struct relay_message *m, struct view bytes, bool last, struct buf *out);
/* Forgets; allowed at any time. What was converted must be looked through again before the next time. */
void relay_convert_end(struct relay_message *m);

/* ---- relay_notify.c ---- */

/*
 * The destination "@notify": its messages go to no host, the news of them go to their senders. Takes them
 * from store by itself, and ends with relay_destination_rest, never within relay_notify_open; soon, when the
 * server stops.
 */
void relay_notify_open(struct relay_destination *d);
/* Store has more of them. */
void relay_notify_more(struct relay_destination *d);
/* The server stops: what is under way is finished. */
void relay_notify_drain(struct relay_destination *d);
/* Store is gone, and the destination with it: forgets everything. Allowed when it was never opened, or has
 * ended. */
void relay_notify_close(struct relay_destination *d);

/* ---- role_relay.c ---- */

struct relay_role {
	struct role_process *process;
	struct calls store, dns, keys, auth;
	struct map destinations; /* number -> struct relay_destination */
	struct map hosts;        /* key -> struct relay_host */
	struct map places;       /* key -> struct relay_place */
	struct share all;        /* connections */
	struct share reports;    /* those that carry reports only: other mail has the rest */
	struct share unproven;   /* those to hosts that took no mail lately: the others have the rest */
	struct share unknown;    /* both */
	struct relay_connection *idle_first, *idle_last; /* in the order in which they became idle */
	struct map flights; /* id and destination -> struct relay_message on a connection */
	struct tls_context *tls;
	struct buf authorities;            /* as it was when tls was made */
	char *passwords[RELAY_ROUTES_MAX]; /* of the routes' lines */
	/* Of the routes that lead to a socket: its folder, opened before the confinement, which has no other
	 * files; 0: none. */
	int folders[RELAY_ROUTES_MAX];
	struct sockaddr_storage own_addresses[RELAY_OWN_MAX];
	size_t own_address_count; /* where we listen */
	struct sockaddr_storage machine_addresses[RELAY_OWN_MAX];
	size_t machine_address_count; /* all that this machine has */
	size_t connections, bodies;   /* how many, how many bytes */
	size_t descriptors;           /* that this process may have */
	bool catching_up;             /* a new store learns first what the old one did not confirm */
	struct sockaddr_storage source4, source6; /* family 0: any */
	bool draining;
};
extern struct relay_role relay_role;

/* ---- lookup.h, with this role's loop, its channel to dns and its patience ---- */

static inline void relay_lookup_init(struct lookup *l, void (*ready)(void *arg), void *arg)
{
	lookup_init(l, &relay_role.process->loop, &relay_role.dns, RELAY_DNS_MS, ready, arg);
}

static inline void relay_lookup_run(struct lookup *l)
{
	lookup_ask(l);
}

static inline void relay_lookup_done(struct lookup *l)
{
	lookup_done(l);
}

void relay_give_credit(uint64_t destinations);
/* An outcome is store's now. */
void relay_outcomes_told(void);
void relay_check_drained(void);

/* Whether a message from this domain may go now (sender_domain_rate). */
bool relay_sender_may(struct view sender);

#endif
