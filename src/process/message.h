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

/*
 * Who speaks: one bit each, for the sender and receiver columns, and the name that logs, users and the
 * command line know it by. A new role is a line here, a row in master/roles.c and a folder below role/.
 */
/* clang-format off */
#define MESSAGE_ROLES(X) \
	X(ROLE_MASTER, 0, "master") \
	X(ROLE_LOG, 1, "log") \
	X(ROLE_STORE, 2, "store") \
	X(ROLE_AUTH, 3, "auth") \
	X(ROLE_KEYS, 4, "keys") \
	X(ROLE_DNS, 5, "dns") \
	X(ROLE_SMTP, 6, "smtp") \
	X(ROLE_POP3, 7, "pop3") \
	X(ROLE_ADMIN, 8, "admin") /* the command line, through the administrator's socket */ \
	X(ROLE_RELAY, 9, "relay") \
	X(ROLE_IMAP, 10, "imap") \
	X(ROLE_CONTENT, 11, "content") \
	X(ROLE_RULES, 12, "rules") \
	X(ROLE_MANAGESIEVE, 13, "managesieve") \
	X(ROLE_WEB, 14, "web")
#define MESSAGE_ROLE_BIT(bit, number, name) bit = 1 << number,
enum role_bit { MESSAGE_ROLES(MESSAGE_ROLE_BIT) };
/* clang-format on */

/* "smtp"; NULL for what is not one role's bit. And back: 0 for a name that no role has. */
const char *role_bit_name(unsigned bit);
unsigned role_bit_by_name(const char *name);

/* Roles that strangers connect to, and whoever is a role. */
enum { EDGES = ROLE_SMTP | ROLE_POP3 | ROLE_IMAP | ROLE_MANAGESIEVE | ROLE_WEB, EVERYBODY = 0xffff };

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
	MESSAGES_CONTENT = 900,
	MESSAGES_LEDGER = 1000,
	MESSAGES_RULES = 1100,
	MESSAGES_SCRIPT = 1200,
	MESSAGES_EMAIL = 1300,
	MESSAGES_SUBMISSION = 1400,
	MESSAGES_SIGN_IN = 1500,
	MESSAGES_PUSH = 1600,
	MESSAGES_ERRAND = 1700,
	MESSAGES_SHARING = 1800,
	MESSAGES_HANDOVER = 1900,
	MESSAGES_FILE_LINK = 2000,
	MESSAGE_TYPES = 2100 /* above all numbers */
};

/* No message's struct is larger: whoever decodes one that it does not know has so much room. */
enum { MESSAGE_STRUCT_MAX = 1024 };

struct message_row {
	const char *name;  /* for logs and documents; NULL: no message has this number */
	unsigned from, to; /* bits of the roles: each of these may say it to each of those */
	const struct codec_schema *schema;
	unsigned answers; /* the message that it answers, under the same request number; 0: none */
	struct {
		unsigned from, to;
	} also; /* a second way, for what an administrator may ask as well */
};

/* What several pairs use. */
struct message_empty {
	uint64_t unused;
};
struct message_field {
	struct view value;
};
struct message_result {
	int64_t error;
};

#define MESSAGES_SHARED_STRUCTS(X) X(message_empty) X(message_field) X(message_result)
#define MESSAGE_DECLARE_SCHEMA(name) extern const struct codec_schema name##_schema;
MESSAGES_SHARED_STRUCTS(MESSAGE_DECLARE_SCHEMA)

#endif
