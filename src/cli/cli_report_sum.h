/* What `postrider report dmarc`, `tls` and `failures` say of the reports that others have sent about our
 * domains.
 */
#ifndef CLI_CLI_REPORT_SUM_H
#define CLI_CLI_REPORT_SUM_H

#include "cli/cli.h"
#include "report/failure.h"
#include "report/report_sum.h"

/* A report as store hands it out. Views are valid during the call. */
struct cli_report {
	enum report_kind kind;
	int64_t at;       /* when it came */
	struct view from; /* whom DMARC has proven as the mail's author; empty: nobody */
	union {
		struct report_dmarc dmarc;
		struct report_tls tls;
		struct report_failure failure;
	};
};

/* A channel to the running server's store, or -1 with the reason printed. */
int cli_report_connect(struct cli *cli);

/* All reports of store that fit; domain "" and since 0: all. An exit code, with the reason printed. */
struct cli_report_wanted {
	enum report_kind kind;
	struct view domain;
	int64_t since;    /* reports that end before are passed over */
	uint64_t seconds; /* to wait for the first one, if there is none */
};
int cli_report_each(struct cli *cli, const struct cli_report_wanted *wanted,
    void (*take)(void *arg, const struct cli_report *r), void *arg);

int cli_report_dmarc(struct cli *cli);
int cli_report_tls(struct cli *cli);
int cli_report_failures(struct cli *cli);

/* "2026-11-29" in UTC. */
void cli_report_day(uint64_t seconds, char out[16]);

/* --domain, --since and --wait, taken off the words; false with a message. */
bool cli_report_options(struct cli *cli, struct cli_report_wanted *wanted);

#endif
