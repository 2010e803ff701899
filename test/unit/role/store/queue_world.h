/* A store role in this process, and smtp and relay at their channels to it, for the tests of deliveries and
 * of the queue. */
#ifndef TEST_ROLE_STORE_QUEUE_WORLD_H
#define TEST_ROLE_STORE_QUEUE_WORLD_H

#include "../../account/support.h"
#include "role/store/store_private.h"

/* What one of the peers was told. */
struct queue_peer {
	struct channel channel;
	bool up;
	unsigned frames[MESSAGE_TYPES];
	int results[500];
	size_t result_count;
	struct {
		uint64_t number, failures;
		char name[300];
	} offers[100];
	size_t offer_count;
	struct {
		uint64_t number, action, recipients, first, size;
		char id[13], address[100], body[100], reply[100], stage[33];
		uint64_t cause, over, causes[3];
		struct message_queue_message terms; /* its numbers alone are good */
		size_t body_len;
	} messages[100];
	size_t message_count;
	struct message_queue_taken taken;
	struct message_etrn_answer etrn;
	uint64_t credited;
	int data_error;
	struct buf data;
};
extern struct queue_peer smtp, relay;

/* What stands over the store in memory; NULL: nothing. Set before prepare. */
extern struct store *(*queue_world_store)(struct store *inner);

/* The role and its store do what is due. */
void turn(void);
/* The same, with the clock so many seconds ahead. */
void turn_clock(int64_t ahead);
/* A new channel for the peer, whose other end `open` gets. */
void join(struct queue_peer *p, void (*open)(int fd));
/* A store role with four accounts (the second and third with quotas of 50 and 20 bytes), smtp and relay. */
int prepare(void **state);
/* The peer goes away. */
void leave(struct queue_peer *p);
int clean_up(void **state);
void send_to_store(struct queue_peer *p, unsigned type, const void *m);
/* A recipient elsewhere. */
struct message_delivery remote(const char *address, const char *destination);
/* Into mailboxes at once, then what the queue has to do. */
struct message_deliver delivery(const char *id, struct message_delivery *targets, size_t target_count,
    struct message_delivery *recipients, size_t recipient_count);
uint64_t messages_in(unsigned account);
/* Waits for the destination of that name, and gives its number. */
uint64_t offered(const char *name);
void ready(uint64_t destinations);
void take(uint64_t number);
void outcome(
    uint64_t number, const char *id, uint64_t recipient, enum queue_verdict verdict, const char *reply);
void rest(uint64_t number, enum queue_rest how);

#endif
