/*
 * A key that signs a domain's mail (RFC 6376), as the directory keeps it and others are told of it: its
 * selector, what is published of it, and where it stands in its life. The private half is not here.
 */
#ifndef FORMAT_SIGNING_KEY_H
#define FORMAT_SIGNING_KEY_H

#include "base/view.h"

enum {
	SIGNING_SELECTOR_MAX = 63, /* one label (RFC 6376 section 3.1) */
	/* Keys of one domain: two that sign, two to come, and those whose mail is still under way. */
	SIGNING_KEYS_MAX = 40,
	SIGNING_RECORD_MAX = 500 /* the text of its TXT record: RSA-2048 has 410 octets */
};

enum signing_state {
	SIGNING_NEW = 1,  /* made, and to be published; it does not sign yet */
	SIGNING_ACTIVE,   /* it signs */
	SIGNING_REPLACED, /* it signs no more; its record must stay as long as its mail may be under way */
	SIGNING_RETIRED,  /* its private half is gone, and its record may be taken out of the DNS */
	SIGNING_STATES
};

enum signing_algorithm { SIGNING_RSA, SIGNING_ED25519, SIGNING_ALGORITHMS };

/* What an administrator has asked for, of a key that is active. */
enum signing_wish {
	SIGNING_NO_WISH,
	SIGNING_ROTATE,    /* a new key takes its place when the name servers show that one's record */
	SIGNING_ROTATE_NOW /* at once: the key may be known to others */
};

/* Times are seconds since 1970; 0: not yet. */
struct signing_key {
	struct view domain; /* as the directory has it: domain_normalize's form */
	struct view selector;
	enum signing_state state;
	enum signing_algorithm algorithm;
	enum signing_wish wish;
	int64_t made;
	int64_t shown;    /* when the name servers showed its record, at the last look; 0: they did not */
	int64_t looked;   /* when they were asked last */
	int64_t active;   /* since when it signs */
	int64_t replaced; /* since when it does not any more */
	int64_t retired;
	struct view record; /* the text that belongs at SELECTOR._domainkey.DOMAIN */
};

/* "new", "active", "replaced", "retired"; "rsa", "ed25519". Never NULL. */
const char *signing_state_name(enum signing_state state);
const char *signing_algorithm_name(enum signing_algorithm algorithm);

#endif
