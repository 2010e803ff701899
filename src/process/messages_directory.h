/* Auth and store: accounts' channels, and the operations on the directory. The command line asks auth for the
 * same operations. */
#ifndef PROCESS_MESSAGES_DIRECTORY_H
#define PROCESS_MESSAGES_DIRECTORY_H

#include "process/message.h"

enum messages_directory {
	MESSAGE_GRANT = MESSAGES_DIRECTORY, /* make a channel that is bound to an account */
	MESSAGE_GRANTED,
	MESSAGE_REVOKE, /* close every channel of an account; to smtp: end every session that it logged in to
	                 */
	MESSAGE_DIRECTORY, /* an operation on the directory */
	MESSAGE_DIRECTORY_ANSWER
};

/* clang-format off */
struct message_grant { uint64_t account; struct view service; };
struct message_granted { int64_t error; };
struct message_revoke { uint64_t account; };
struct message_directory { uint64_t operation, number; struct codec_list fields; };
struct message_directory_answer { int64_t error; uint64_t number; struct codec_list fields; };

/* Fields of a question, in order; `number` beside them; and behind "->" what is answered. Numbers in fields have 8 bytes, big-endian. */
enum directory_operation {
	DIRECTORY_RESOLVE = 1,     /* address -> for each target: account (number; 0: remote), address, whether it has a quota of its own. -EXDEV: not our domain */
	DIRECTORY_LOOK_UP,         /* address -> address, credentials; number: account, 0 when disabled */
	DIRECTORY_CREDENTIALS_PUT, /* address, credentials, those before (or empty) -> ; account. -ESTALE: those before were others */
	DIRECTORY_SECRET,          /* 32 random octets -> those that were given the very first time */
	DIRECTORY_DOMAIN_PUT,      /* name, alias_of, catch_all, separator; number: 1 disabled */
	DIRECTORY_DOMAIN_DELETE,   /* name */
	DIRECTORY_DOMAIN_LIST,     /* after -> name, alias_of, catch_all, separator, "1" if disabled */
	DIRECTORY_ACCOUNT_ADD,     /* address, credentials; number: quota -> ; account */
	DIRECTORY_ACCOUNT_SET,     /* address, what ("quota", "messages", "disabled"), value -> ; account */
	DIRECTORY_ACCOUNT_DELETE,  /* address -> ; account */
	DIRECTORY_ACCOUNT_LIST,    /* domain, after -> address, account, quota (numbers), "1" if disabled */
	DIRECTORY_ACCOUNT_STAT,    /* address -> messages, bytes, deleted bytes, quota, quota of messages (numbers); account */
	DIRECTORY_ALIAS_PUT,       /* address, targets */
	DIRECTORY_ALIAS_DELETE,    /* address */
	DIRECTORY_ALIAS_LIST,      /* domain, after -> address, targets */
	DIRECTORY_ADMIN_PUT,       /* address */
	DIRECTORY_UNDELETE,        /* address; number: since -> ; how many messages */
	DIRECTORY_PURGE,           /* address -> ; how many messages */
	DIRECTORY_GROUP_ADD,       /* group, member: the first one makes the group. -ENXIO: no such account */
	DIRECTORY_GROUP_REMOVE,    /* group, member: the group goes with its last one */
	DIRECTORY_GROUP_LIST,      /* domain, after -> groups */
	DIRECTORY_GROUP_MEMBERS,   /* group, after -> members */
	DIRECTORY_OPERATIONS
};

/* The number of DIRECTORY_CREDENTIALS_PUT: what was only added ends no session. */
enum directory_credentials { DIRECTORY_CREDENTIALS_REPLACED, DIRECTORY_CREDENTIALS_ADDED };

enum {
	DIRECTORY_FIELDS_MAX = 8,
	DIRECTORY_LIST_PART = 200 /* entries of one answer; the next part is asked for from behind the last name */
};
/* clang-format on */

/* How many fields the question has; -1 for an operation that does not exist. */
int directory_operation_fields(uint64_t operation);

/* Whether the operation changes anything: then auth forgets what it knows. */
bool directory_operation_changes(uint64_t operation);

/* The number in a field; 0 for one that has not 8 bytes. */
uint64_t directory_number(struct view field);

/* clang-format off */
#define MESSAGES_DIRECTORY_STRUCTS(X) X(message_grant) X(message_granted) X(message_revoke) \
	X(message_directory) X(message_directory_answer)
/* clang-format on */
MESSAGES_DIRECTORY_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_directory[MESSAGES_IN_GROUP];

#endif
