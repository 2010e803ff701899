/* What scripts do with messages, gathered and told: for `postrider rule try`. */
#ifndef CLI_RULE_DEEDS_H
#define CLI_RULE_DEEDS_H

#include "base/arena.h"
#include "mail/script.h"

struct rule_deeds {
	struct script_deed *items; /* in the order of their messages; texts in the arena */
	size_t count, room;
	size_t more; /* that had no room */
	uint64_t kinds[SCRIPT_DEED_KINDS];
	uint64_t failed;  /* messages over which the script failed */
	uint64_t touched; /* messages with which something is done */
	uint64_t last;    /* UID of the last one of these */
	bool every;       /* those too that stay as they are */
	struct arena arena;
};

/* memory: octets of texts that are kept; what comes beyond is only counted. */
void rule_deeds_init(struct rule_deeds *deeds, size_t memory, bool every);
void rule_deeds_add(struct rule_deeds *deeds, const struct script_deed *deed);
void rule_deeds_done(struct rule_deeds *deeds);

/* "    filed into "Work": rule 3, Invoices; line 12: subject contains 'invoice'". */
void rule_deed_line(const struct script_deed *deed);
void rule_deed_json(const struct script_deed *deed, const char *before);

/* All of them in one sentence. */
void rule_deeds_sum(const struct rule_deeds *deeds, uint64_t messages);

#endif
