/*
 * What an administrator asks of the server by the web: of auth (who exists, and how they sign in), of store
 * (the queue, traces, reports, how full it is) and of the web role itself (settings). None of it is asked on
 * an account's channel: channels of their own are given to a session of an administrator who has just proved
 * who it is, and end with it, 15 minutes after the last question, and 12 hours after they were given.
 *
 * Answers come as frames and then MAIL_DONE: -EACCES: there is no such channel (any more).
 */
#ifndef MAIL_ADMINISTRATION_H
#define MAIL_ADMINISTRATION_H

#include "base/view.h"

enum administration_type {
	/* Questions. The numbers are the session's own: these never travel between processes as they are. */
	ADMIN_ASK = 890, /* struct admin_ask, of auth; ADMIN_FIELDS */
	ADMIN_COMMAND,   /* struct admin_command, of store; ADMIN_TEXT, in pieces; done.number: its status */
	ADMIN_SETTINGS,  /* struct admin_none; ADMIN_TEXT: a JSON array */
	ADMIN_CERTIFICATES, /* the same */
	ADMIN_ROLES,        /* the same: the processes, some seconds old at most */

	/* Answers. */
	ADMIN_FIELDS,
	ADMIN_TEXT,
	ADMIN_TYPES_END
};

enum {
	ADMIN_FIELDS_MAX = 8,      /* of a question */
	ADMIN_LIST_PART = 200,     /* entries of one answer, as of the directory's lists */
	ADMIN_WORDS_MAX = 64,      /* of a command */
	ADMIN_WORD_MAX = 4096,     /* octets of one */
	ADMIN_IDLE_SECONDS = 900,  /* a proof is as old at most: see trust/login/web_session.h */
	ADMIN_SECONDS = 12 * 3600, /* a page that asks by itself shall not keep it open for ever */
	ADMIN_HOURS = 48           /* of mail that are counted */
};

/* clang-format off */

/* Fields of a question, in order, `number` beside them; and behind "->" what is answered. Numbers in fields have 8 octets, big-endian. */
enum admin_operation {
	ADMIN_DOMAIN_LIST = 1, /* after -> 5 each: name, alias_of, catch_all, separator, "1" if disabled */
	ADMIN_DOMAIN_PUT,      /* name, alias_of, catch_all, separator; number: 1 disabled */
	ADMIN_DOMAIN_REMOVE,   /* name. -ENOTEMPTY */
	ADMIN_KEY_LIST,        /* domain, after: domain, selector -> 5 each: domain, selector, "rsa" or "ed25519", state, "1" if published */
	ADMIN_ACCOUNT_LIST,    /* domain, after -> 5 each: address, account, quota (numbers), "1" if disabled, "1" if administrator */
	ADMIN_ACCOUNT_NAME,    /* number -> address */
	ADMIN_ACCOUNT_STAT,    /* address -> messages, octets, deleted octets, quota, quota of messages, mailboxes, file links, octets of their files (numbers) */
	ADMIN_ACCOUNT_SECRETS, /* address -> JSON: how it can be opened, "1" if administrator, "1" if disabled, address; account */
	ADMIN_ACCOUNT_ADD,     /* address, password; number: quota -> ; account. -EKEYREJECTED: weak: a sentence */
	ADMIN_ACCOUNT_SET,     /* address, "quota" or "messages" or "disabled", value. -EPERM: an administrator's */
	ADMIN_ACCOUNT_REMOVE,  /* address. -EPERM */
	ADMIN_PASSWORD_SET,    /* address, password. -EPERM, -EKEYREJECTED */
	ADMIN_SESSIONS_END,    /* address. -EPERM */
	ADMIN_SECOND_OFF,      /* address. -EPERM */
	ADMIN_ALIAS_LIST,      /* domain, after -> 2 each: address, targets */
	ADMIN_ALIAS_PUT,       /* address, targets. number 1: a new one: -EEXIST. -ELOOP */
	ADMIN_ALIAS_REMOVE,    /* address */
	ADMIN_USED,            /* -> . The channel is in use */
	ADMIN_LOGINS,          /* -> 3 numbers for each of 24 hours: when it began, wrong logins, those held back by the brake */
	ADMIN_OPERATIONS
};
/* clang-format on */

struct admin_ask {
	uint64_t operation, number;
	const struct view *fields;
	size_t count;
};

/* Of `queue`, `trace`, `reports`, `stats`, `records`, `mail` and `used`. */
struct admin_command {
	const struct view *words;
	size_t count;
};

struct admin_none {
	uint64_t unused;
};

struct admin_fields {
	uint64_t number;
	const struct view *fields;
	size_t count;
};

struct admin_text {
	struct view text;
};

/* How many fields the question has; -1 for an operation that does not exist. */
int admin_operation_fields(uint64_t operation);

/* "alias-put": what logs call it. Never NULL. */
const char *admin_operation_name(uint64_t operation);

#endif
