/* What the files of sieve_simple.h have among themselves. */
#ifndef SIEVE_SIEVE_SIMPLE_PRIVATE_H
#define SIEVE_SIEVE_SIMPLE_PRIVATE_H

#include "sieve/sieve_simple.h"

struct sieve_node;

/* The line before the require that we write. */
#define SIEVE_SIMPLE_REQUIRES "# What the rules in this script need; written anew whenever one is changed:"
/* What an attachment is by: the field of its part, and the disposition there. */
#define SIEVE_SIMPLE_DISPOSITION "Content-Disposition"
#define SIEVE_SIMPLE_ATTACHED "attachment"
#define SIEVE_SIMPLE_MARK "\xef\xbb\xbf"

/* Words for fields; with addresses: "is" compares an address. */
enum { SIEVE_SIMPLE_GROUPS = 6 };
struct sieve_simple_group {
	const char *word;
	bool addresses;
	struct view names[2];
	size_t count;
};
extern const struct sieve_simple_group sieve_simple_groups[SIEVE_SIMPLE_GROUPS];

/* What rules can need of a script's require. */
enum { SIEVE_SIMPLE_NEEDS = 15 };
extern const char *const sieve_simple_need_names[SIEVE_SIMPLE_NEEDS];

/* What a rule that is on needs, a bit for each name. The tests of one that is off stand in a
 * comment, and need nothing. */
uint32_t sieve_simple_needs(const struct sieve_simple_rule *rule);

/* Appends a rule as it stands in a script, with the comment that names it. */
int sieve_simple_put_rule(const struct sieve_simple_rule *rule, struct buf *out);

/*
 * An if with its block, whatever stands behind it; the commands from `node` up to `after`, as a rule for all
 * mail. False: a rule cannot say this, or there is no memory. The name stays empty, the rule is on.
 */
bool sieve_simple_from_node(
    const struct sieve_node *node, struct arena *arena, struct sieve_simple_rule *rule);
bool sieve_simple_from_actions(const struct sieve_node *node, const struct sieve_node *after,
    struct arena *arena, struct sieve_simple_rule *rule);

/*
 * Patterns that are a beginning or an end and nothing else become that; all values must be of one kind. For
 * conditions of SIEVE_SIMPLE_MATCHES; false: there is no memory.
 */
bool sieve_simple_settle_pattern(struct sieve_simple_condition *condition, struct arena *arena);

#endif
