/*
 * The domains of this server and the keys that sign their mail, as the directory has them, with the private
 * halves opened. signing_work.c fills it and leads the keys through their life; signing_answer.c signs with
 * it.
 */
#ifndef ROLE_KEYS_SIGNING_TABLE_H
#define ROLE_KEYS_SIGNING_TABLE_H

#include <openssl/types.h>

#include "format/dns_record.h"
#include "format/signing_key.h"

struct signing_held {
	struct signing_key k; /* its texts are those below */
	char selector[SIGNING_SELECTOR_MAX + 1];
	char record[SIGNING_RECORD_MAX + 1];
	EVP_PKEY *private; /* NULL: retired, or it cannot be opened */
	bool unreadable;   /* its private half is there, and sealed with another secret */
	int64_t kept_look; /* k.looked as the directory has it */
	bool dirty;        /* the directory does not have all of it yet */
	bool seen;         /* by the list that is being read */
};

struct signing_domain {
	struct signing_domain *next;
	char name[DNS_NAME_SIZE];
	bool enabled; /* it is a domain of ours, and not disabled: its mail is signed */
	bool seen;
	int64_t not_before, wait_ms; /* after a step that failed: monotonic; 0: nothing did */
	struct signing_held *keys[SIGNING_KEYS_MAX];
	size_t count;
};

/* All, in the order in which they came. */
struct signing_domain *signing_domains(void);

/* NULL: there is none. */
struct signing_domain *signing_domain_find(struct view name);
/* Makes it if it is not there. NULL: the name is too long. */
struct signing_domain *signing_domain_make(struct view name);

struct signing_held *signing_held_find(const struct signing_domain *d, struct view selector);
/* A new one with these values, whose texts are copied; or the one that is there, with other values. NULL:
 * there are too many, or a text is too long. */
struct signing_held *signing_held_put(struct signing_domain *d, const struct signing_key *key);
void signing_held_drop(struct signing_domain *d, struct signing_held *held);

/* Before a list is read, and when it has been: forgets what it did not name. */
void signing_table_unsee(void);
void signing_table_sweep(void);

/* For tests: as in a new process. */
void signing_table_forget(void);

#endif
