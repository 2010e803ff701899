/*
 * Parts of relay on a loop of their own in this process: store at the other end of its channel, which notes
 * what it is told, and another host behind a listener on loopback, which says what a test lets it say.
 */
#ifndef TEST_RELAY_WORLD_H
#define TEST_RELAY_WORLD_H

#include "../../unit.h"

#include "role/relay/relay_endpoint.h"
#include "role/relay/relay_message.h"
#include "role/relay/relay_queue.h"
#include "role/relay/relay_state.h"

struct relay_world {
	struct role_process process;
	int listener, port;
	int holder; /* keeps the port for the listener while that is closed: who connects is refused */
	/* What store was told. */
	unsigned outcomes, takes, rests;
	struct message_queue_result
	    result; /* of the last outcome's first recipient; its texts are in `words` */
	char words[400], host[100];
	uint64_t rest_number, rest_how, rest_seconds;
};
extern struct relay_world relay_world;

int relay_world_start(void **state);
int relay_world_stop(void **state);

/* One round of the loop, and a moment's rest. */
void relay_world_turn(void);
/* Until it is so many. */
void relay_world_until(const unsigned *counter, unsigned n);

/* The listener's, to be freed or taken over. */
struct relay_endpoint *relay_world_endpoint(void);
/* A message for bob@example.net, from nobody if `sender` is empty; body "x". */
struct message_queue_message relay_world_message(uint64_t number, const char *id, const char *sender);
void relay_world_tell(enum messages_queue type, const void *m); /* store says so */

/* The other host. */
int relay_world_accept(void);
bool relay_world_is_called(void); /* a connection waits to be accepted */
void relay_world_say(int fd, const char *text);
void relay_world_hear(int fd, const char *text);
void relay_world_greet(int fd);
/* Takes one message. */
void relay_world_receive(int fd, const char *sender, const char *last_reply);
void relay_world_refuse(void); /* nobody listens any more */
void relay_world_return(void); /* after that: somebody listens again */

#endif
