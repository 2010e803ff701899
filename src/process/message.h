/*
 * What a message between processes is: a number in the group of its pair of roles, a struct with a schema,
 * and a row that says who may send it to whom. Each pair has a header and a source of its own
 * (messages_login.h ...); messages.h includes them all and has the functions that send and read. A request
 * has a number, chosen by the asker; its answers carry the same number.
 */
#ifndef PROCESS_MESSAGE_H
#define PROCESS_MESSAGE_H

#include <stdint.h>

#include "base/view.h"
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
	ROLE_ADMIN = 1 << 8, /* the command line, through the administrator's socket */
	ROLE_RELAY = 1 << 9
};

/* Roles that strangers connect to, and whoever is a role. */
enum { EDGES = ROLE_SMTP | ROLE_POP3, EVERYBODY = 0xffff };

/* The first number of each pair. */
enum {
	MESSAGES_IN_GROUP = 100,
	MESSAGES_CONTROL = 0,
	MESSAGES_LOGIN = 100,
	MESSAGES_DIRECTORY = 200,
	MESSAGES_DELIVERY = 300,
	MESSAGES_MAILBOX = 400,
	MESSAGES_KEYS = 500,
	MESSAGES_DNS = 600,
	MESSAGES_QUEUE = 700,
	MESSAGES_ADMIN = 800,
	MESSAGE_TYPES = 900 /* above all numbers */
};

struct message_row {
	const char *name;  /* for logs and documents; NULL: no message has this number */
	unsigned from, to; /* bits of the roles */
	const struct codec_schema *schema;
	unsigned answers; /* the message that it answers, under the same request number; 0: none */
};

/* What several pairs use. */
struct message_empty {
	uint64_t unused;
};
struct message_field {
	struct view value;
};
struct message_result {
	uint64_t error;
};

#define MESSAGES_SHARED_STRUCTS(X) X(message_empty) X(message_field) X(message_result)
#define MESSAGE_DECLARE_SCHEMA(name) extern const struct codec_schema name##_schema;
MESSAGES_SHARED_STRUCTS(MESSAGE_DECLARE_SCHEMA)

#endif
