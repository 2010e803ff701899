/*
 * The rest of the server as the telling of senders sees it: a store with messages to be told of, an auth that
 * knows some addresses, keys that rewrites; all in this process, at the other ends of the role's channels.
 */
#ifndef TEST_NOTIFY_SUPPORT_H
#define TEST_NOTIFY_SUPPORT_H

#include "../../../unit.h"

#include "role/relay/notify/relay_notify_private.h"
#include "dsn/dsn_parse.h"
#include "mime/summary.h"
#include "queue/record.h"

enum { ITEMS = 400, RECIPIENTS = QUEUE_RECIPIENTS_MAX, DELIVERIES = 150 };

/* A message in the store's queue, some of whose recipients the sender is to be told of. */
struct item {
	char id[RANDOM_ID_SIZE];
	const char *sender;
	struct buf body;
	struct message_queue_message m; /* what is not set here */
	struct message_queue_recipient recipients[RECIPIENTS];
	size_t count;
	bool leased, gone;
	bool told[RECIPIENTS];
	uint64_t verdict;
	size_t outcomes;
};

/* A delivery as it arrived; the texts lie in `arena`. */
struct delivery {
	struct message_deliver m;
	struct arena arena;
	struct buf text, frame;
	/* Read by delivery_read. */
	struct mime_parser *parser;
	const struct mime_tree *tree;
	struct dsn_status status;
};

struct server {
	struct item items[ITEMS];
	size_t count;
	struct delivery deliveries[DELIVERIES];
	size_t delivered; /* those that were taken */

	/* What store does. */
	size_t give;        /* octets of a body that come with the message */
	bool withhold_data; /* of a body */
	bool withhold;      /* credit */
	int error;          /* of a delivery */
	int read_error;
	size_t close_after; /* frames, counted from `frames`; 0: never */
	bool close_on_deliver;
	bool auth_away;
	bool faulty; /* memory fails */

	/* What happened. */
	size_t frames, takes, reads, aborts;
	uint64_t owed, most_owed;
	char last_id[RANDOM_ID_SIZE]; /* of the last delivery that was asked for */
	size_t rests, asked;
	uint64_t how, seconds;
	char rest_text[200];
	bool store_up;
};
extern struct server server;

int server_start(void **state); /* of a group */
int server_stop(void **state);

/* Everything anew: nothing in the queue, nothing remembered. */
int server_reset(void **state);
int server_forget(void **state);
void server_anew(void **state); /* both */

/* Carries everything on until nothing happens any more. */
void server_run(void);
/* Hands out "@notify", and runs. */
void server_offer(void);
/* More has come for it; and runs. */
void server_more(void);
/* The store that went away is there again. */
void server_return(void);
void server_send_credit(void);
void server_send_data(void);

/* Seconds that the wall clock goes forward. */
void server_pass(int64_t seconds);

/* A message from that sender with one recipient that failed: header "Subject: lunch", a short body. */
/* The account of an address of ours, with or without a sub-address. */
uint64_t account_of(struct view address);
struct item *add_item(const char *sender);
void item_set_body(struct item *i, const char *header, size_t body_octets);
void item_add_recipients(struct item *i, size_t count, enum queue_action action);

/* Parses it: parser, tree and status are set. All that any notice must fulfil is asserted. */
void delivery_read(struct delivery *d);
/* The body of a part; and the first part of that type, or -1. */
struct view delivery_part(const struct delivery *d, int part);
int delivery_find(const struct delivery *d, const char *type, const char *subtype);
/* What of the message it returns. */
enum returned { NOTHING, HEADER, WHOLE };
enum returned delivery_returned(const struct delivery *d);
bool delivery_says(const struct delivery *d, const char *words);

/* The one that was taken, read. */
struct delivery *only_delivery(void);
/* The destination has been given back once, and nothing is left. */
void assert_rested_empty(void);

/* Of all recipients of all messages. */
bool all_told(void);

/* Whether that was logged since the last reset. */
bool was_logged(const char *words);

#endif
