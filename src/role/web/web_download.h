/* Downloads (RFC 8620 section 6.2): the functions of their route. */
#ifndef ROLE_WEB_WEB_DOWNLOAD_H
#define ROLE_WEB_WEB_DOWNLOAD_H

#include "role/web/web_exchange.h"

void web_download_begin(struct web_exchange *e);
void web_download_room(struct web_exchange *e);
void web_download_over(struct web_exchange *e, bool whole);

#endif
