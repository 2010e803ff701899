/* What is wrong with a script, as a person reads it, or as JSON. */
#ifndef CLI_RULE_COMPLAINTS_H
#define CLI_RULE_COMPLAINTS_H

#include "cli/cli.h"
#include "mail/script.h"

/* What is wrong with the script in `text`, which was read from `file`, one after the
 * other. */
struct rule_complaints {
	const char *file;
	struct view text;
	bool json;
	size_t errors, warnings;
};
void rule_complaint(struct rule_complaints *c, const struct script_complaint *m);
/* The list in JSON, behind its name: rule_complaint adds to it until the end. */
void rule_complaints_begin(struct rule_complaints *c);
void rule_complaints_end(struct rule_complaints *c);

#endif
