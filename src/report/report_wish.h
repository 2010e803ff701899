/* What a domain asked for when a message of it was counted: its policy, and where reports are to go. */
#ifndef REPORT_REPORT_WISH_H
#define REPORT_REPORT_WISH_H

#include "report/report.h"

enum { REPORT_RUA_MAX = 600 /* octets: a policy in all fits TALLY_ROW_MAX (ledger/tally.h) */ };

struct report_wish {
	struct report_policy policy;
	struct view rua;
};
extern const struct codec_schema report_wish_schema;

/* So many of the URIs as are kept, whole ones. */
struct view report_wish_cut(struct view rua);

#endif
