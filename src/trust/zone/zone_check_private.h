/* What the parts of the check share: looking, telling, and the lists of changes. */
#ifndef TRUST_ZONE_ZONE_CHECK_PRIVATE_H
#define TRUST_ZONE_ZONE_CHECK_PRIVATE_H

#include "trust/zone/zone_check.h"

struct zone_checker {
	const struct zone_site *site;
	const struct zone_plan *plan;
	const struct zone_policy *policy;
	struct answers *answers;
	struct arena *arena;
	struct zone_report *out;
	enum zone_part part; /* that is looked at */
	bool waits;
};

enum zone_seen {
	ZONE_SEEN,     /* *answer has records, or says that there are none */
	ZONE_UNKNOWN,  /* it is not known yet, */
	ZONE_UNSEEABLE /* or cannot be had, which is told once */
};
enum zone_seen zone_look(
    struct zone_checker *c, const char *name, unsigned type, const struct answer **answer);

/* The text records of a name that begin so (without case); several are joined, in the arena. */
enum { ZONE_TEXTS_MAX = 20 };
struct zone_texts {
	struct view texts[ZONE_TEXTS_MAX], data[ZONE_TEXTS_MAX]; /* data: as on the wire */
	size_t count;
	uint32_t ttl;
};
enum zone_seen zone_texts(
    struct zone_checker *c, const char *name, const char *prefix, struct zone_texts *out);

/* A sentence, in the arena. What comes from strangers may be in it: whoever shows it makes it safe. */
struct view zone_say(struct zone_checker *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A finding; NULL past the limit. The texts are from zone_say, or constants. */
struct zone_finding *zone_tell(struct zone_checker *c, enum zone_level level, const char *name, unsigned type,
    struct view what, struct view cost, struct view mend);

/* Changes of the finding (NULL: nothing happens): they follow one another without another finding between. */
void zone_change_add(struct zone_checker *c, struct zone_finding *f, const struct zone_record *record);
void zone_change_remove(struct zone_checker *c, struct zone_finding *f, const char *name, unsigned type,
    uint32_t ttl, struct view data);

/* The plan's record of the part with this name and type, from `from` on; NULL. */
const struct zone_wanted *zone_wanted(
    const struct zone_checker *c, enum zone_part part, const char *name, unsigned type);

/* SELECTOR and so on in front of a name, in the arena. NULL: too long, or no memory. */
const char *zone_below(struct zone_checker *c, const char *label, const char *name);

/* Whether an answer has this record. */
bool zone_answer_has(const struct answer *answer, struct view data);

/* An address as text, in the arena. */
struct view zone_address_text(struct zone_checker *c, unsigned type, struct view data);

void zone_check_hosts(struct zone_checker *c);    /* MX, addresses, PTR */
void zone_check_spf(struct zone_checker *c);      /* SPF of domain and host */
void zone_check_keys(struct zone_checker *c);     /* DKIM */
void zone_check_dmarc(struct zone_checker *c);    /* DMARC */
void zone_check_tls(struct zone_checker *c);      /* MTA-STS, TLS reports, TLSA */
void zone_check_services(struct zone_checker *c); /* SRV, CAA, BIMI */

#endif
