/* GET /metrics at metrics_listen: what the master has gathered of all roles. Nothing else is served there. */
#ifndef ROLE_WEB_WEB_METRICS_H
#define ROLE_WEB_WEB_METRICS_H

#include "role/web/web_exchange.h"

void web_metrics_answer(struct web_exchange *e);

#endif
