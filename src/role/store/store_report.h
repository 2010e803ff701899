/* What a check or a compaction found, in words: for the running server and for the command line alike. */
#ifndef ROLE_STORE_STORE_REPORT_H
#define ROLE_STORE_STORE_REPORT_H

#include "base/buf.h"
#include "store/store_admin.h"

void store_admin_report(const struct store_task *task, int result, bool json, struct buf *out);

#endif
