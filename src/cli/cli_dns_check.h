/* A whole check of a domain, for `dns check`, `dns update` and `doctor`. */
#ifndef CLI_CLI_DNS_CHECK_H
#define CLI_CLI_DNS_CHECK_H

#include "cli/cli_dns.h"
#include "cli/dns_survey.h"

struct dns_check {
	struct dns_plan plan;
	struct dns_survey survey;
	struct arena arena;
	struct zone_report report;
	struct buf policy, policy_failure; /* of MTA-STS, as it was fetched, and why it was not */
};

/* Takes --server, --address and the domain off the words. 0, or an exit code with the reason printed.
 * dns_check_done in any case. */
int dns_check_run(struct cli *cli, struct dns_check *out);
void dns_check_done(struct dns_check *c);

/* Prints findings, changes, what is fine, and the chain of SPF. */
void dns_check_print(const struct dns_check *c);
void dns_check_print_json(const struct dns_check *c);

/* "+ RECORD" or "- RECORD". */
void dns_check_print_change(const struct zone_change *change, int indent);

#endif
