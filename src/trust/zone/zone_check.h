/*
 * A domain's records as they are, held against the plan (trust/zone/zone_plan.h): what is missing or wrong,
 * what it costs, and how to mend it. Evaluation over trust/dns/answers.h; it says the same whoever answers: a
 * resolver, or the zone's own servers.
 *
 * A record that is written otherwise than planned, and does the same, is fine: SPF and DMARC are evaluated,
 * not compared. Only what a finding names as a change is ever changed by `postrider dns update`.
 */
#ifndef TRUST_ZONE_ZONE_CHECK_H
#define TRUST_ZONE_ZONE_CHECK_H

#include "trust/dns/answers.h"
#include "trust/zone/spf_chain.h"
#include "trust/zone/zone_plan.h"

enum {
	/* The plan's records have some 60 questions, ten MX hosts 30, an SPF record that goes too far 100. */
	ZONE_QUESTIONS_MAX = 400,
	ZONE_ANSWERS_MEMORY_MAX = 1024 * 1024,
	ZONE_CHECK_MEMORY_MAX =
	    2 * 1024 * 1024,     /* of the arena: findings, a chain, some evaluations of SPF */
	ZONE_FINDINGS_MAX = 100, /* more are not told apart by anybody */
	ZONE_CHANGES_MAX = 100   /* of all findings together */
};

enum zone_level {
	ZONE_FAULT,   /* mail is lost, refused or not believed */
	ZONE_WARNING, /* it will be, when something else happens; or a protection does not work */
	ZONE_HINT     /* better with it */
};

const char *zone_level_name(enum zone_level level);

struct zone_change {
	bool remove;
	struct zone_record record;
};

struct zone_finding {
	enum zone_level level;
	enum zone_part part;
	const char *name; /* of the record; NULL: none in particular */
	unsigned type;
	/* Sentences; parts of them may be a stranger's words. `mend` may be empty where changes say it all.
	 */
	struct view what, cost, mend;
	const struct zone_change *changes;
	size_t change_count;
};

/* What a web server said when the policy of MTA-STS was fetched. */
struct zone_policy {
	bool known;       /* somebody has tried */
	struct view body; /* empty: it could not be fetched, */
	struct view why;  /* for this reason */
};

struct zone_report {
	struct zone_finding findings[ZONE_FINDINGS_MAX]; /* as they were found, part for part */
	size_t count;
	struct zone_change changes[ZONE_CHANGES_MAX];
	size_t change_count;
	unsigned checked;     /* parts that were looked at, 1 << enum zone_part */
	bool wants_policy;    /* there is an MTA-STS record: the policy is worth fetching */
	struct spf_chain spf; /* of the domain */
	bool incomplete;      /* findings were left out, or memory ran short */
	bool unseen;          /* some answer could not be had: another look may find something else */
};

/* False: answers are missing. Texts live in the arena, or as long as the answers and the plan. */
bool zone_check(const struct zone_site *site, const struct zone_plan *plan, const struct zone_policy *policy,
    struct answers *answers, struct arena *arena, struct zone_report *out);

/* The worst level; -1: nothing was found. */
int zone_report_worst(const struct zone_report *report);

#endif
