/* A queue on a store, with a taker that remembers what it was given, for tests. */
#ifndef TEST_QUEUE_SUPPORT_H
#define TEST_QUEUE_SUPPORT_H

#include "../store/support.h"

#include "queue/queue.h"

enum { TEST_MAX = 4000 };

struct test_offer {
	uint64_t number;
	char name[300], route[300];
	uint32_t failures;
	bool asked;
};

struct test_message {
	uint64_t number;
	char id[13], body[64];
	size_t body_len, recipients;
	uint32_t first; /* number of its first recipient */
	enum queue_action action;
	uint32_t attempts;
};

/* What the handlers were told since test_forget. */
extern struct test_taker {
	struct test_offer offers[TEST_MAX];
	struct test_message messages[TEST_MAX];
	size_t offer_count, message_count, taken_count, more_count;
	int taken_error;
	bool taken_more;
	size_t notes[NOTE_DONE + 1];
	char last_reply[700];
	enum queue_action last_action;
	int data_error;
	char data[300];
	bool full;
} taker;

extern struct queue *queue;
extern struct queue_config test_config;

int test_queue_memory(void **state);
int test_queue_embedded(void **state);
int test_queue_failing(void **state); /* over the engine in memory: store_fail(queue_store(queue), ...) */
int test_queue_close(void **state);
/* As after the end of the process; on the memory engine the store stays. */
void test_queue_restart(void);
void test_forget(void);

/* Lets everything happen that can happen now. */
void test_settle(void);

/* The wall clock, in seconds ahead of the real one. */
void test_clock(int64_t ahead);

/* A recipient for tests, waiting. */
struct record_recipient test_recipient(const char *address, const char *destination);

/* Adds a message; its id is made from `number`. The commit's result. */
struct queue_id test_id(unsigned number);
int test_add(
    unsigned number, const char *sender, const char *body, struct record_recipient *recipients, size_t count);
int test_add_record(unsigned number, struct queue_record *r, const char *body);
/* The same in parts; the first has the message's id, the others the numbers behind it. */
int test_add_parts(unsigned number, struct queue_record *r, const char *body, size_t each);
/* One recipient. */
int test_add_to(unsigned number, const char *destination);
int test_tell(unsigned number, uint32_t recipient, enum queue_action action);

/* Takes up to so many messages of a destination; how many came. */
size_t test_take(uint64_t number, size_t messages);
void test_outcome(
    uint64_t number, const char *id, uint32_t recipient, enum queue_verdict verdict, const char *reply);
void test_rest(uint64_t number, enum queue_rest how, int64_t seconds);

/* Entries of a letter in all shards. */
size_t test_count(char letter);

/* Entries of the letter whose key has this in it get a value that nobody can read, though its sum is right;
 * how many. */
size_t test_damage(char letter, struct view in_key);

/* The record, in an arena that the next call reuses; false when it is gone. */
bool test_record(unsigned number, struct queue_record *r);

/* The number of the destination of that name, which the taker was offered last. */
uint64_t test_offered(const char *name);

#endif
