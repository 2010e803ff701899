/* A parsed delivery status for people and for scripts: `postrider message show`. */
#ifndef DSN_DSN_SHOW_H
#define DSN_DSN_SHOW_H

#include "dsn/dsn_parse.h"

/*
 * For each recipient what happened, what it means, and the other side's words; LF line ends. Texts of the
 * status are free of control characters already. Or as the members of a JSON object:
 * "reportingMta":...,"recipients":[...]. The result of buf_append.
 */
int dsn_show(const struct dsn_status *status, struct buf *out);
int dsn_show_json(const struct dsn_status *status, struct buf *out);

#endif
