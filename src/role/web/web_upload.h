/* Uploads (RFC 8620 section 6.1): the functions of their route. */
#ifndef ROLE_WEB_WEB_UPLOAD_H
#define ROLE_WEB_WEB_UPLOAD_H

#include "role/web/web_exchange.h"

void web_upload_begin(struct web_exchange *e);
size_t web_upload_body(struct web_exchange *e, struct view bytes, bool last);
void web_upload_over(struct web_exchange *e, bool whole);

#endif
