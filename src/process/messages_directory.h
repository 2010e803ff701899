/*
 * Auth and store: accounts' channels, and the operations on the directory. The command line asks auth for the
 * same operations. Keys and store: the list of domains, and the operations on signing keys, under a type of
 * their own.
 */
#ifndef PROCESS_MESSAGES_DIRECTORY_H
#define PROCESS_MESSAGES_DIRECTORY_H

#include "format/signing_key.h"
#include "process/message.h"

enum messages_directory {
	MESSAGE_GRANT = MESSAGES_DIRECTORY, /* make a channel that is bound to an account */
	MESSAGE_GRANTED,
	MESSAGE_REVOKE,    /* close every channel of an account, or those of one of its sessions; to smtp: end
	                      every    session that it logged in to */
	MESSAGE_DIRECTORY, /* an operation on the directory */
	MESSAGE_DIRECTORY_ANSWER,
	MESSAGE_SIGNING, /* the same, but of DIRECTORY_SIGNING_* and DIRECTORY_DOMAIN_LIST alone; from keys
	                    and relay */
	MESSAGE_SIGNING_ANSWER,  /* a struct message_directory_answer */
	MESSAGE_SIGNING_CHANGED, /* store -> keys: there are other domains, or an administrator has a wish */
	MESSAGE_DIRECTORY_CHANGED, /* store -> auth: the auth beside it, in an upgrade, has changed the
	                              directory; with an account: it has taken a right away (`revoke`) */
	MESSAGE_GRANT_FILE,  /* make a channel that reads the file behind a link, for whoever has its URL */
	MESSAGE_FILE_GRANTED /* a struct message_granted. -ENOENT: there is no such file; -EBUSY: too many
	                        fetch files now */
};

/* clang-format off */
struct message_grant { uint64_t account; struct view service; uint64_t session; struct view who, client; }; /* session: of the web, which can be ended alone; 0: none. who: the account's address; client: where it logs in from */
struct message_granted { int64_t error; };
struct message_grant_file { uint64_t account, number; struct view secret; }; /* as mail/file_link.h reads them in a URL */
struct message_revoke { uint64_t account, session; }; /* account 0: of everybody (but not in directory-changed: of nobody); session 0: all */
struct message_directory { uint64_t operation, number; struct codec_list fields; struct view by; }; /* by: who changes it, for the log; or empty */
struct message_directory_answer { int64_t error; uint64_t number; struct codec_list fields; };

/* Fields of a question, in order; `number` beside them; and behind "->" what is answered. Numbers in fields have 8 bytes, big-endian. */
enum directory_operation {
	DIRECTORY_RESOLVE = 1,     /* address -> for each target: account (number; 0: remote), address, whether it has a quota of its own; number: 1 when it is not to be remembered, since users turn masked addresses on and off. -EXDEV: not our domain */
	DIRECTORY_LOOK_UP,         /* address; number: 1: also an alias that leads to one account alone -> address, credentials, "1" if administrator; number: account, 0 when disabled */
	DIRECTORY_CREDENTIALS_PUT, /* address, credentials, those before (or empty) -> ; account. -ESTALE: those before were others */
	DIRECTORY_SECRET,          /* 32 random octets -> those that were given the very first time */
	DIRECTORY_DOMAIN_PUT,      /* name, alias_of, catch_all, separator; number: 1 disabled */
	DIRECTORY_DOMAIN_DELETE,   /* name; number: enum directory_removal -> accounts (numbers) that went with this step; 1 while more are to go: ask again. -ENOTEMPTY */
	DIRECTORY_DOMAIN_LIST,     /* after -> name, alias_of, catch_all, separator, "1" if disabled */
	DIRECTORY_ACCOUNT_ADD,     /* address, credentials; number: quota -> ; account */
	DIRECTORY_ACCOUNT_SET,     /* address, what ("quota", "messages", "disabled", "administrator"), value -> ; account */
	DIRECTORY_ACCOUNT_DELETE,  /* address; number: enum directory_removal -> ; account */
	DIRECTORY_ACCOUNT_LIST,    /* domain, after -> DIRECTORY_ACCOUNT_FIELDS each: address, account, quota (numbers), "1" if disabled, "1" if administrator */
	DIRECTORY_ACCOUNT_STAT,    /* address -> messages, bytes, deleted bytes, quota, quota of messages, mailboxes, file links, bytes of their files (numbers); account */
	DIRECTORY_ALIAS_PUT,       /* address, targets. number 1: a new one. -EEXIST */
	DIRECTORY_ALIAS_DELETE,    /* address */
	DIRECTORY_ALIAS_LIST,      /* domain, after -> address, targets */
	DIRECTORY_ADMIN_PUT,       /* address */
	DIRECTORY_UNDELETE,        /* address; number: since -> ; how many messages */
	DIRECTORY_PURGE,           /* address -> ; how many messages */
	DIRECTORY_GROUP_ADD,       /* group, member: the first one makes the group. -ENXIO: no such account */
	DIRECTORY_GROUP_REMOVE,    /* group, member: the group goes with its last one */
	DIRECTORY_GROUP_LIST,      /* domain, after -> groups */
	DIRECTORY_GROUP_MEMBERS,   /* group, after -> members */
	DIRECTORY_SIGNING_LIST,    /* domain (empty: all), after: domain, selector -> for each what directory_signing_read reads; number: enum directory_signing */
	DIRECTORY_SIGNING_PUT,     /* as directory_signing_write writes them; number: enum directory_signing. Keys alone asks */
	DIRECTORY_SIGNING_DELETE,  /* domain, selector. Keys alone asks */
	DIRECTORY_SIGNING_ROTATE,  /* domain; number: enum signing_wish. -ENOENT: it has no key that signs */
	DIRECTORY_ADDRESS,         /* number: account, as a grant has it or as clients are told it -> address. -ENOENT: there is none */
	DIRECTORY_MASKED_LIST,     /* domain, after -> masked address, its account's address (empty: that is gone), "1" if on */
	DIRECTORY_ACCOUNT_RESTORE, /* address -> ; account. -ENOENT: no such account was removed; -EEXIST: an alias has the address; -EKEYEXPIRED: it is being erased */
	DIRECTORY_DOMAIN_RESTORE,  /* name -> accounts (numbers) that came back with this step; 1 while more are to come */
	DIRECTORY_REMOVED_LIST,    /* after (a place) -> DIRECTORY_REMOVED_FIELDS each: place, when (number), "account" or "domain", name */
	DIRECTORY_ERASE,           /* after (a place; empty: from the first one), number: a time -> ; 1: something that was removed until then was erased, a step of it: ask again; 0: nothing is left */
	DIRECTORY_GROUPS_OF,       /* address -> groups */
	DIRECTORY_ACCOUNT_RENAME,  /* address, new address; number: 1: the old one is given up, and what led to it leads to the new one -> how many aliases and catch-alls did; account. -EEXIST, -E2BIG */
	DIRECTORY_ADMIN_GET,       /* -> address. -ENOENT: nobody is set */
	DIRECTORY_EXPLAIN,         /* address -> 3 for each step of the way of its mail: which (directory_explain), from, to; number: -error of DIRECTORY_RESOLVE */
	DIRECTORY_KICK,            /* address -> ; account: all its sessions end */
	DIRECTORY_OPERATIONS
};

/* What a removal spares. What was removed can be brought back until the time for deleted mail is over. */
enum directory_removal {
	DIRECTORY_REMOVE_EMPTY, /* a domain only if nothing is in it; an account as with the next one */
	DIRECTORY_REMOVE_ALL,
	DIRECTORY_REMOVE_NOW /* it cannot be brought back, and DIRECTORY_ERASE takes it at once */
};

/* The number of DIRECTORY_CREDENTIALS_PUT: what was only added ends no session. */
/* The service of a grant that is of no account, but of administration (mail/administration.h). */
#define MESSAGE_ADMINISTRATION "administration"

enum directory_credentials { DIRECTORY_CREDENTIALS_REPLACED, DIRECTORY_CREDENTIALS_ADDED };

/*
 * With or without the private half, as keys has sealed it. A list has it only for keys; a put without it keeps the one that is there.
 * UNWISH: a put that says no more than that the key's wish, which it names, is met.
 */
enum directory_signing { DIRECTORY_SIGNING_PUBLIC, DIRECTORY_SIGNING_SEALED, DIRECTORY_SIGNING_UNWISH };

enum {
	DIRECTORY_SIGNING_FIELDS = 5, /* of each key: domain, selector, numbers, record, sealed */
	DIRECTORY_SIGNING_PART = 100, /* keys of one answer, of 2 KB each */
	DIRECTORY_SIGNING_NUMBERS = 9 * 8,
	DIRECTORY_BY_MAX = 64,        /* octets of a user's name */
	DIRECTORY_FIELDS_MAX = 8,
	DIRECTORY_ACCOUNT_FIELDS = 5, /* of each account of a list */
	DIRECTORY_ACCOUNT_NUMBERS = 8, /* of one account, by DIRECTORY_ACCOUNT_STAT */
	DIRECTORY_REMOVED_FIELDS = 4,
	DIRECTORY_DOMAIN_FIELDS = 5, /* of each domain of a list */
	DIRECTORY_LIST_PART = 200 /* entries of one answer; the next part is asked for from behind the last name */
};
/* clang-format on */

/* How many fields the question has; -1 for an operation that does not exist. */
int directory_operation_fields(uint64_t operation);

/* "alias-put": what logs call it. Never NULL. */
const char *directory_operation_name(uint64_t operation);

/* Whether the operation changes anything: then auth forgets what it knows. */
bool directory_operation_changes(uint64_t operation);

/*
 * Whether an operation that changes something and ended so may have changed it: 0, and every error but those
 * that say that nothing was written. A disk that does not write (-EROFS) may keep what it was given all the
 * same, and a removal goes in steps, of which the first may be done. The answer's number, and the accounts of
 * DIRECTORY_DOMAIN_DELETE, are then what it would have changed.
 */
bool directory_may_have_changed(uint64_t operation, int64_t error);

/* The number in a field; 0 for one that has not 8 bytes. */
uint64_t directory_number(struct view field);

/* A signing key from the fields of a list, or of a put. False: they are none. Views point into the fields. */
bool directory_signing_read(
    const struct view fields[DIRECTORY_SIGNING_FIELDS], struct signing_key *key, struct view *sealed);

/* Fills the fields of a put, or of a list; `numbers` must live as long. */
void directory_signing_write(const struct signing_key *key, struct view sealed,
    char numbers[DIRECTORY_SIGNING_NUMBERS], struct view fields[DIRECTORY_SIGNING_FIELDS]);

/* clang-format off */
#define MESSAGES_DIRECTORY_STRUCTS(X) X(message_grant) X(message_granted) X(message_grant_file) X(message_revoke) \
	X(message_directory) X(message_directory_answer)
/* clang-format on */
MESSAGES_DIRECTORY_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_directory[MESSAGES_IN_GROUP];

#endif
