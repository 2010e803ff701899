/*
 * What the dns role knows of zones: how many questions of one may be under way, and how long they are waited
 * for. A name server that was silent is given fewer places and less time, until it answers again; so one that
 * is silent for ever costs others little, however many questions strangers bring about. Times are
 * milliseconds of the monotonic clock.
 */
#ifndef ROLE_DNS_DNS_ZONE_H
#define ROLE_DNS_DNS_ZONE_H

#include "base/view.h"
#include "base/share.h"

enum {
	DNS_ZONES_MAX = 10000,    /* remembered, some 120 bytes each */
	DNS_ZONE_PROVEN = 200,    /* questions under way for a zone that answered lately */
	DNS_ZONE_UNPROVEN = 8,    /* the records of one domain's mail hosts, asked at once */
	DNS_ZONE_SILENT = 2,      /* one may be lost */
	DNS_ZONE_QUESTIONS = 500, /* that wait or are under way */
	DNS_ZONE_PROVEN_MS = 3600 * 1000,
	DNS_ZONE_SILENT_MS = 60 * 1000, /* after which a silent server gets more time again */
	DNS_ZONE_PATIENCE_MS = 2000     /* the least: three tries of the resolver */
};

struct dns_zone {
	struct share share;
	size_t questions; /* that wait or are under way: as long as there is one it is not forgotten */
	unsigned silent;  /* questions in a row that brought no answer */
	int64_t answered_at, silent_at; /* 0: never */
	char key[64];
	size_t key_len;
};

/*
 * The zone that a name is counted under: its last two labels, or three below a country's second level
 * (co.uk). Where the true cut lies is not known before it is asked; what a domain's owner can multiply lies
 * below that.
 */
struct view dns_zone_of(struct view name);

/* The zone of a name, for one more question; NULL when it has too many. */
struct dns_zone *dns_zone_use(struct view name, int64_t now);
void dns_zone_release(struct dns_zone *z);

void dns_zone_answered(struct dns_zone *z, int64_t now);
void dns_zone_was_silent(struct dns_zone *z, int64_t now);
bool dns_zone_is_proven(const struct dns_zone *z, int64_t now);

/* How long a question is waited for whose asker would wait for `ms`. */
uint64_t dns_zone_patience(const struct dns_zone *z, uint64_t ms, int64_t now);

/* Questions that wait or are under way, all of them, and those for zones that were not proven when they were
 * asked. */
struct dns_load {
	unsigned all, unproven;
};

void dns_load_add(struct dns_load *l, bool proven);
void dns_load_remove(struct dns_load *l, bool proven);
/* For one more of at most `max`: zones that are not proven have half of that together, so that whoever makes
 * us ask silent name servers keeps nobody from asking those that answer. */
bool dns_load_has_room(const struct dns_load *l, unsigned max, bool proven);

/* For tests: forgets everything; nothing may be in use. */
void dns_zones_forget(void);

#endif
