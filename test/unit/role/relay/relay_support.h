/*
 * The relay role as its store and another host see it: the role runs in a process of its own, the test plays
 * both others, one step after the other.
 */
#ifndef TEST_RELAY_SUPPORT_H
#define TEST_RELAY_SUPPORT_H

#include "../../unit.h"

#include "process/role.h"

extern int control, store, listener, port, destinations;
extern int near_listener;     /* LMTP by a socket */
extern struct arena arena;    /* of the frame that was expected last */
extern uint32_t last_request; /* of that frame */
extern char rest_stage[40];   /* of the last expect_rest */

void tell(int fd, unsigned type, const void *message, int pass);
void expect(int fd, unsigned type, void *message);
int introduce(enum role_bit peer);
int start(void **state);
int stop(void **state);
void drain(void); /* the server stops */
uint64_t offer(const char *name);
void give(uint64_t destination, const char *id, const char *body, struct message_queue_recipient *recipients,
    size_t count);
void give_one(uint64_t destination, const char *id, const char *body);
void taken(uint64_t destination, uint64_t count);
void expect_take(uint64_t destination);
void keep(void);
struct message_queue_result expect_outcome(const char *id, size_t count, size_t index);
struct message_queue_rest expect_rest(uint64_t destination, enum queue_rest how);
int take_connection_of(int from);
int take_connection(void);
void say(int fd, const char *text);
void hear(int fd, const char *text);
const char *view_string(const char *data, size_t len);
void greet(int fd);
void expect_closed(int fd);

#endif
