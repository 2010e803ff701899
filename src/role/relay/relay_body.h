/*
 * A message's body on its way from store to a connection: what came along with the message, then piece after
 * piece, one asked ahead, as the client takes it.
 */
#ifndef ROLE_RELAY_RELAY_BODY_H
#define ROLE_RELAY_RELAY_BODY_H

#include "role/relay/relay_convert.h"
#include "smtp/smtp_client.h"

struct relay_body_functions {
	void (*wrote)(void *arg); /* the client has put octets into its output */
	void (*cut)(
	    void *arg); /* the body cannot be had: it is cut, never ended, and the message tried again */
};

struct relay_body;

/* For one transaction of the client. convert: NULL, or READY. All must live as long. */
struct relay_body *relay_body_new(struct smtp_client *client, const struct message_queue_message *m,
    struct relay_convert *convert, const struct relay_body_functions *functions, void *arg);
void relay_body_free(struct relay_body *b); /* NULL is allowed */
/* The client wants the body: writes what is there, and reads on. With the body's end the client may end the
 * transaction within. */
void relay_body_write(struct relay_body *b);

#endif
