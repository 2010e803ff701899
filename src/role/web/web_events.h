/* Event streams: the functions of their route. */
#ifndef ROLE_WEB_WEB_EVENTS_H
#define ROLE_WEB_WEB_EVENTS_H

#include "role/web/web_exchange.h"

void web_events_begin(struct web_exchange *e);
void web_events_room(struct web_exchange *e);
void web_events_over(struct web_exchange *e, bool whole);

#endif
