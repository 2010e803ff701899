/*
 * Sieve scripts of an account: named texts with their compiled forms, of which one may be active. What they
 * mean is not known here; whoever puts one down has had it compiled. Used as account.h is; mail/script.h has
 * the limits.
 *
 * The server's own scripts are those of an account that has nothing else, ACCOUNT_SERVER. So they are in
 * every backup, and wherever the accounts are.
 */
#ifndef ACCOUNT_SCRIPTS_H
#define ACCOUNT_SCRIPTS_H

#include "account/log_gone.h"

/* The directory gives no account this number. It is there from its first script on. */
#define ACCOUNT_SERVER ((uint64_t)STORE_ACCOUNT << 56)

enum {
	ACCOUNT_SCRIPT_FORM_MAX = 4 << 20, /* octets of a compiled form: a script of 1 MB has less */
	/* Scripts that a shard has: of the server, those of three places. */
	ACCOUNT_SCRIPTS_ALL_MAX = SCRIPT_COUNT_MAX * SCRIPT_PLACE_LAST
};

/* All scripts but that of SCRIPT_AWAY, in the order of their places and names. -ENOENT: no such account. */
struct account_scripts {
	uint64_t shard;
	void (*done)(struct account_scripts *s, int result);
	void *arg;

	/* Results, valid until account_scripts_free when the result is 0. */
	struct account_script *scripts;
	size_t count;
	uint64_t active, bytes; /* without those of SCRIPT_AWAY */
	uint64_t state;         /* head.rules_modseq */

	/* Internal. */
	struct store_read read;
	struct buf *names;
	struct accounts *accounts;
};

void account_scripts(struct accounts *a, struct account_scripts *s);
void account_scripts_free(struct account_scripts *s);

/*
 * What has changed since a state: the scripts that were made, or whose name, text or being active changed
 * (`created` tells which), and the numbers of those that are gone. -ESTALE: it is not known so far back. Not
 * of the server's.
 */
struct account_script_changes {
	uint64_t shard, since;
	void (*done)(struct account_script_changes *c, int result);
	void *arg;

	/* Results, valid until account_script_changes_free when the result is 0. scripts.state: up to which
	 * this is all. */
	struct account_scripts scripts;
	uint64_t *gone;
	size_t gone_count;

	/* Internal. */
	struct accounts *accounts;
	struct account_log_gone log;
};

void account_script_changes(struct accounts *a, struct account_script_changes *c);
void account_script_changes_free(struct account_script_changes *c);

/* Which script is meant. */
struct account_script_name {
	uint64_t number; /* 0: the one of ... */
	uint8_t place;
	struct view name; /* the caller's until done */
};

enum account_script_part { SCRIPT_PART_NONE, SCRIPT_PART_TEXT, SCRIPT_PART_FORM };

/* One script, and its text or its form. -ENOENT: no such script. */
struct account_script_read {
	uint64_t shard;
	struct account_script_name which;
	uint8_t part; /* enum account_script_part */
	void (*done)(struct account_script_read *r, int result);
	void *arg;

	/* Results, valid until account_script_free when the result is 0. */
	struct account_script script;
	bool active;
	struct view bytes;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	struct store_blob_read blobs;
	struct store_blob_part blob;
	unsigned tries;
	char name[SCRIPT_NAME_MAX];
};

void account_script_read(struct accounts *a, struct account_script_read *r);
void account_script_free(struct account_script_read *r);

/* What runs for the account's mail. -ENOENT: no such account. */
struct account_rules {
	uint64_t shard;
	void (*done)(struct account_rules *r, int result);
	void *arg;

	/* Results. */
	uint64_t state; /* head.rules_modseq */
	bool active;    /* there is an active script: */
	struct account_script script;
	bool away; /* and a setting for out of office: */
	struct account_script away_script;

	/* Internal. */
	struct store_read read;
	char name[SCRIPT_NAME_MAX], away_name[SCRIPT_NAME_MAX];
};

void account_rules(struct accounts *a, struct account_rules *r);

/*
 * Puts a script down. -EINVAL: no name for one, or a place that this shard does not have; -EFBIG: text or
 * form is too long; -EEXIST: SCRIPT_NEW, and there is one; -ENOENT: SCRIPT_CHANGE, and there is none;
 * -EMLINK: SCRIPT_COUNT_MAX; -EDQUOT: SCRIPT_BYTES_MAX.
 */
struct account_script_put {
	uint64_t shard;
	struct account_script_name which;
	uint8_t how;            /* enum script_put_how */
	bool activate;          /* in the same step; of SCRIPT_AWAY: else it is not active any more */
	uint64_t version;       /* of the text that is there, else -ESTALE; 0: any */
	struct view text, form; /* the caller's until done */
	uint32_t warnings;
	void (*done)(struct account_script_put *p, int result);
	void *arg;

	uint64_t number, state; /* results */

	/* Internal. */
	struct store_commit commit;
	int64_t now;
	int error;
};

void account_script_put(struct accounts *a, struct account_script_put *p);

/* Whether it would find room: the same errors. which.number is 0; only the size counts. */
struct account_script_room {
	uint64_t shard;
	struct account_script_name which;
	uint64_t size;
	void (*done)(struct account_script_room *r, int result);
	void *arg;

	struct store_read read; /* internal */
};

void account_script_room(struct accounts *a, struct account_script_room *r);

enum account_script_change {
	SCRIPT_CHANGE_ACTIVE, /* which: number 0 and no name: none of this place is active any more */
	SCRIPT_CHANGE_REMOVE, /* -EBUSY: it is active */
	SCRIPT_CHANGE_NAME,   /* -EEXIST, -EINVAL */
	SCRIPT_CHANGE_FORM    /* another form of the text, by another version of the compiler; -ESTALE: the
	                         text is not of this `version` any more. Nothing else changes */
};

struct account_script_edit {
	uint64_t shard;
	uint8_t what; /* enum account_script_change */
	struct account_script_name which;
	struct view to;   /* SCRIPT_CHANGE_NAME; the caller's until done, as the next */
	struct view form; /* SCRIPT_CHANGE_FORM */
	uint64_t version;
	void (*done)(struct account_script_edit *e, int result);
	void *arg;

	uint64_t before, state; /* results: before: what was active */

	/* Internal. */
	struct store_commit commit;
	int64_t now;
	int error;
};

void account_script_edit(struct accounts *a, struct account_script_edit *e);

#endif
