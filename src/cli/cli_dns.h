/* What the verbs of `postrider dns` share. */
#ifndef CLI_CLI_DNS_H
#define CLI_CLI_DNS_H

#include "cli/cli.h"
#include "trust/zone/zone_plan.h"

/* A domain, what this server knows of itself, and the records that follow. */
struct dns_plan {
	struct arena arena;
	struct zone_site site;
	struct zone_plan plan;
	bool foreign;   /* it is none of this server's domains */
	bool unsettled; /* the directory could not be asked */
};

/*
 * Takes --address off the words, and the domain. 0, or an exit code with the reason printed. Freed by
 * dns_plan_done in any case.
 */
int dns_plan_make(struct cli *cli, struct dns_plan *out);
void dns_plan_done(struct dns_plan *p);

int cli_dns_check(struct cli *cli);
int cli_dns_update(struct cli *cli);

/* Prints a sentence in lines of some 100 columns, each behind so many blanks. */
void dns_print_wrapped(const char *text, int indent);

#endif
