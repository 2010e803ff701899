/*
 * Reports to other domains, daily: what smtp and relay have counted (ledger/tally.h) is fetched from store
 * subject by subject, made into reports, and sent to those who ask for them. What could not be sent now is
 * tried again with the next round, for TALLY_DAYS.
 */
#ifndef ROLE_RELAY_REPORT_RELAY_REPORT_H
#define ROLE_RELAY_REPORT_RELAY_REPORT_H

#include "process/link.h"

void relay_report_start(void);
/* Store is there. */
void relay_report_link(void);
/* The process is about to end. */
void relay_report_stop(void);

/* Store's verb: somebody asked for a round now, over all that has been counted until now. */
void relay_report_now(struct link *link, struct channel_frame *frame, const void *message);

#endif
